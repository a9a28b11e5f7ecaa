"""What medicine calls its own things, of which dictionaries of everyday English have few: findings, tests, drugs."""

from __future__ import annotations

from interlock.sensitivity.names.wording import words_of

WORDS = words_of(
    """
    abiraterone acamprosate acanthosis acarbose achalasia acidemia acidosis actinomycosis acyclovir addr
    adenocarcinoma adenomyosis ageusia agoraphobia akathisia albumin albuterol aldosterone alexithymia alkalosis
    alopecia amlodipine amniocentesis amylase analyte analytes anaplasmosis anasarca anastrozole anencephaly
    angioedema anhedonia anisocoria ankyloglossia anosmia anosognosia anthrax anuria apixaban apolipoprotein
    aripiprazole arthrocentesis ascites aspergillosis asterixis asthenia astrocytoma ataxia atelectasis
    attributeerror azathioprine aztreonam babesiosis baclofen baricitinib basophil bempedoic benztropine
    bictegravir bilirubin blastomycosis bradykinesia brexpiprazole bronchiectasis brucellosis budesonide
    bumetanide buprenorphine bupropion bursitis buspirone cachexia canagliflozin candidiasis capsulitis
    carbamazepine carbuncle cardiomegaly cariprazine carisoprodol cataplexy catatonia ceftaroline cellulitis
    ceruloplasmin cervicitis chalazion chlorpromazine choledocholithiasis cholelithiasis chondromalacia chordoma
    chorioamnionitis chylothorax citalopram clinodactyly clobazam clonidine clonus clopidogrel cobalamin
    coccidioidomycosis cortisol costochondritis craniopharyngioma craniosynostosis creatinine cribriform
    cryptococcosis cryptorchidism cyclobenzaprine cyclosporine cyclothymia cystocele dabigatran daptomycin
    ddimer decedent desmoplastic desvenlafaxine dexamethasone diaphoresis diltiazem diplopia disulfiram
    diverticulosis dolutegravir doxazosin duloxetine dysarthria dyslipidemia dysmetria dyspareunia dyspepsia
    dysphagia dysphonia dyspnea dysthymia dystonia dysuria eclampsia ectropion eczema edoxaban ehrlichiosis
    empagliflozin empyema emtricitabine encephalocele endometriosis enterocele entropion enuresis enzalutamide
    eosinophil eosinophilia ependymoma epicondylitis epispadias epistaxis eplerenone ertapenem ertugliflozin
    erysipelas escitalopram esomeprazole exemestane exenatide exophthalmos ezetimibe famotidine fasciculations
    fenfluramine ferritin fibrinogen fibroma finerenone floaters fludrocortisone fluoxetine fluticasone
    follicular folliculitis formoterol fosfomycin fulvestrant furuncle gabapentin ganciclovir gastrinoma
    gastroparesis gastroschisis glimepiride glioblastoma glipizide globulin glomerulonephritis glyburide
    gynecomastia hallux haloperidol hematemesis hematochezia hematocrit hematoma hematuria hemianopia hemolysis
    hemoptysis hemothorax hepatomegaly hepatosplenomegaly hirsutism histoplasmosis homocysteine hordeolum
    hydralazine hydrocele hydrocephalus hydrocodone hydrocortisone hydromorphone hydronephrosis hydrothorax
    hydroxychloroquine hydroxyzine hypercalcemia hypercapnia hyperglycemia hyperkalemia hyperlipidemia
    hypernatremia hyperreflexia hypertelorism hypocalcemia hypoglycemia hypokalemia hypomagnesemia hypomania
    hyponatremia hypophosphatemia hyposmia hypospadias hypoxemia impetigo inclisiran insulinoma intussusception
    ioexception ipratropium ivabradine kerlix ketoacidosis keyerror kyphosis lacosamide lamotrigine lansoprazole
    leflunomide leiomyoma leishmaniasis leptospirosis letrozole leukocytosis leukopenia leuprolide levalbuterol
    levetiracetam levothyroxine linagliptin liothyronine lipase lipoma listeriosis lordosis lurasidone
    lymphadenopathy lymphedema macrocephaly macroglossia mavacamten medullary medulloblastoma melena meningioma
    meningocele menorrhagia meropenem mesalamine metformin methimazole methocarbamol methotrexate methyldopa
    methylprednisolone metoclopramide metolazone microcephaly micrognathia mirtazapine mometasone montelukast
    mycetoma mycophenolate myelomeningocele myelopathy myoclonus myoma naltrexone natriuretic nefazodone
    nephrolithiasis neuroblastoma neutropenia neutrophil nifedipine nigricans nirmatrelvir nitrofurantoin
    nocardiosis nocturia nonseminomatous nullpointer nystagmus odynophagia olanzapine oligodendroglioma
    oligohydramnios oliguria omalizumab omphalocele ondansetron onychomycosis orthopnea oseltamivir osmolality
    osteomyelitis osteonecrosis osteopenia osteoporosis ostomy oxcarbazepine oxycodone oxymorphone paliperidone
    pancytopenia pantoprazole papillary papilledema paracentesis paraganglioma paraphimosis paresthesia
    paroxetine pediculosis perampanel perphenazine petechiae phenobarbital phenytoin pheochromocytoma phimosis
    photopsia pinguecula pioglitazone plagiocephaly plasmacytoma pleurodynia pneumothorax polycythemia
    polydactyly polydipsia polyhydramnios polyuria pramlintide prasugrel prazosin prealbumin prednisolone
    prednisone preeclampsia pregabalin presyncope priapism primidone procalcitonin prochlorperazine prolactin
    promethazine propylthiouracil prosopagnosia proteinuria prothrombin pruritus psoriasis pterygium purpura
    pyelonephritis quetiapine radiculopathy rectocele remdesivir renin retinoblastoma retrognathia
    rhabdomyolysis rickettsiosis ritonavir rivaroxaban roflumilast rufinamide runtimeerror sacubitril salicylate
    salmeterol salpingitis saxagliptin scabies schistosomiasis schwannoma scoliosis scotoma seminoma seroma
    sertraline sitagliptin spirometry spironolactone splenomegaly spondylolisthesis spondylolysis sporotrichosis
    stacktrace stiripentol strongyloidiasis sucralfate sulfamethoxazole sulfasalazine syncope syndactyly
    syringomyelia tamoxifen tapentadol tendinopathy tenesmus tenofovir teratoma thoracentesis thrombocytopenia
    thrombocytosis thymoma thyroxine ticagrelor tigecycline tinea tinnitus tiotropium tirzepatide tizanidine
    tofacitinib topiramate torsemide torticollis toxoplasmosis traceback tramadol transferrin trazodone
    trichotillomania triglyceride triiodothyronine trimethoprim trismus troponin trypanosomiasis tularemia
    typeerror upadacitinib urolithiasis urticaria valacyclovir valgus valproate valueerror varenicline
    varicocele varus venlafaxine verapamil vericiguat vertigo vigabatrin vilazodone vitiligo volvulus
    vortioxetine warfarin xanthelasma xanthoma xerostomia ziprasidone zonisamide
    """
)
"""Symptoms, diseases, what laboratories measure, and drugs by the names that nobody owns."""

SOLD_AS = words_of(
    """
    abecma abraxane abrysvo absorica accutane aciphex actemra actonel aczone adbry adcirca adempas admelog
    aduhelm afrezza aggrastat airduo alecensa alimta alphagan alvesco amerge amitiza amoxil ampyra amvuttra
    anafranil anaprox androgel angiomax antabuse apidra apokyn apretude apriso arexvy arixtra arnuity asmanex
    astelin atacand atripla attruby aubagio auvelity avycaz azilect azopt baclofen banzel baraclude bavencio
    belbuca benlysta bentyl beovu betapace bevespi bexsero bidil blenrep bosulif braftovi brexafemme breyanzi
    breztri briumvi briviact brukinsa butrans cabenuva cabometyx calquence campral camptosar camzyos caplyta
    carvykti ceftin cequa cerebyx cinqair cipralex cipramil citrucel claravis climara clobex co-codamol colcrys
    combigan comirnaty complera comtan concerta conzip cordarone cosopt cotellic cresemba cycloset cyramza
    darzalex dayquil daytrana dayvigo demadex descovy dexedrine diamox diastat differin dificid dihydrocodeine
    divigel doptelet duavee dulera dymista efexor effient elevidys elidel eligard eloxatin empaveli empliciti
    emsam enablex enhertu epidiolex epiduo epzicom erleada esbriet eucrisa evekeo evrysdi excedrin ezetimibe
    famvir fanapt fasenra faslodex felbatol fetroja fetzima fiasp finacea firdapse firmagon flublok fycompa
    gablofen gavreto gemtesa gemzar gengraf genvoya gilenya gilotrif gocovri gralise heplisav horizant ibrance
    iclusig ilaris imbruvica imfinzi incruse indocin inflectra ingrezza inlyta inpefa intrarosa iressa jalyn
    jantoven jatenzo jemperli jevtana kadcyla kaletra kalydeco kapvay kengreal kevzara kineret kisqali kisunla
    kloxxado krazati krystexxa kyleena kymriah kyprolis lagevrio lemtrada lenvima leqembi leqvio letairis
    levoxyl levsin lialda libtayo lidex livtencity lonsurf lorbrena lucemyra lumakras lupkynis lustral lyumjev
    mavenclad mavyret mayzent mekinist mektovi metadate metamucil methadose miacalcin miebo minocin mitigare
    monurol motegrity movantik multaq myfortic mysoline nayzilam neoral neupro nexavar nexlizet nicoderm
    nicorette ninlaro nitrostat nolvadex norpace norvir nourianz noxafil nubeqa nuplazid nurtec nuvigil nuzyra
    nyquil odefsey ohtuvayre onfi ongentys onpattro opana opsumit opzelura orgovyx orkambi ortho-tricyclen
    osphena pacerone paragard pentasa perjeta plegridy pluvicto polivy pomalyst ponvory prandin prempro prevymis
    prezcobix prezista priadel proair promacta protopic pulmozyme qalsody quillivant qulipta quviviq radicava
    rapaflo razadyne recarbrio reclast remodulin renflexis retacrit retevmo revatio reyataz rhinocort rhopressa
    rilutek rocklatan roxicodone rubraca rukobia rytary sanctura saphnelo sarclisa savaysa scemblix semglee
    seroxat sertraline simulect sivextro soliqua soltamox soolantra spikevax spinraza spravato stalevo steglatro
    stendra stiolto stivarga sublocade sunlenca sunosi sutent symdeko symlin symtuza tabrecta tafinlar talzenna
    tambocor tamoxifen taxol taxotere tecartus tecentriq teflaro temovate tepmetko tezspire thalomid tikosyn
    timoptic tirosint toviaz travatan trijardy trikafta trodelvy trulance trumenba truxima tudorza twynsta
    tymlos tyrvaya tyvaso ubrelvy ultomiris unithroid uroxatral vabysmo vagifem valtoco vectibix veklury velcade
    vemlidy venclexta veozah verzenio vfend viberzi vivelle voquezna votrient vumerity vyepti vyndaqel vyvgart
    vyzulta wakix winrevair wixela xadago xalatan xalkori xcopri xenleta xifaxan xigduo xiidra xofigo xopenex
    xtandi xultophy xyosted xyrem yescarta yupelri yuvafem zapain zaroxolyn zarxio zejula zelboraf zenpep
    zenzedi zepatier zeposia zerbaxa zilbrysq zolgensma zortress zubsolv zykadia
    """
)
"""Drugs by the names that they are sold under, beside the brands of `vetoes`."""

OF_PROGRAMS = words_of(
    """
    attributeerror backtrace coredump indexerror ioexception keyerror nameerror nullpointerexception oserror
    runtimeerror segfault stacktrace traceback typeerror valueerror
    """
)
"""What programs raise and print."""

RARE_EPONYMS = words_of(
    """
    aldrete aquacel aschoff askin bachmann batson bentall bernoulli betke beuren bezold bickerstaff bignami birt
    blackfan blalock bova braunwald brenner breuer bricker browder brugada cajal cantlie casoni centor chopart
    clichy couinaud denonvilliers dequervain dieker dieulafoy digeorge doose dorfman dravet dubowitz durkan
    ellison erdheim farnsworth felson feverpain fick fleischner fontan fridericia friedewald frykman fujimoto
    fukuda furhman ganong gastaut gault gerota gierke glisson gomori gorham grocott grynfelt gubler hakki
    hallpike halmagyi hamman hasson hertel herxheimer hirschhorn jacobsen jatene kallmann kienbock kiesselbach
    kikuchi kleffner kleihauer konno kuster labbe ladach lafora langenbeck lansky ledderhose lemierre letterer
    liebowitz lindau loeys loffler lofgren luftsichel lundborg magenis malgaigne maroteaux masaoka maylard meige
    merzbacher misgav mitrofanoff moersch morisky muehrcke musset mustard najjar neelsen nyhan ohtahara okuda
    olszewski pacini padss panayiotopoulos pecarn pelizaeus queyrat ramstedt rastelli rendu rosai rosenmuller
    roussy ruffini samter sarnat savary schilder schlatter schwabach schwarz seidel sellick senning sequard
    sgarbossa sinding sipple siwe soulier spetzler straussler studer susac taussig tawil thebesius toldt
    trenaunay trolard waldeyer wellens westermark willebrand winquist woltman yacoub yergason zavanelli
    """
)
"""Eponyms beside those of `eponyms`."""

"""Eponyms: what is named after people and names no person. A list, and the nouns that make one of any surname."""

from __future__ import annotations

from interlock.sensitivity.names.medicine import RARE_EPONYMS
from interlock.sensitivity.names.wording import words_of

EPONYMS = RARE_EPONYMS | words_of(
    """
    braden sutton occam brackmann house-brackmann stanley-brown creutzfeldt-jakob schatzki cameron lisfranc
    abbe abrikossoff achard addison adie adson aicardi alagille albright alexander allen alpers alport alström
    alvarado alzheimer ambu amsler andersen anderson angelman apert apgar apley argyll arlet arnold asberg asherman
    ashworth asperger astler auer auerbach auspitz avellis ayerza babinski bacelli bainbridge baker balfour balint
    ballance ballard balser balthazar bankart bannwarth barcelona bard barkan barlow barr barret barrett barré barthel
    bartholin barton bartter basedow bassen bassini batten battle bayley bazett bazin beath beau bechterew beck becker
    beckwith beers beery beger behcet behçet beighton bell bence bennett berg berger bergmeister bernard bernstein
    bichat bielschowsky billroth binet biot bishop bismuth bitot bivona blackburne blakemore bland blatchford bloom
    blumberg blumensaat blumer bochdalek boerhaave bogros bohler bookwalter borg born borrmann bosniak bouchard
    bourneville bovie bowen bowman boyd bozeman bracht braden bragard bragg branham braxton breslow bright bristol
    bristol-stool broca brodie brodmann brown-sequard brown-séquard bruce brudzinski brugada brugia brunnstrom bruns
    bryant buck bucks budd buerger bulbring burkitt burton buschke byler bürger caffey calot campbell canale canavan
    caplan caprini carabelli carney caroli carpenter carrel carvallo castleman castroviejo caton cattell catterall
    chaddock chadwick chagas charcot charlson chediak cheyne chiari chilaiditi child-pugh childress chopart christian
    christmas churg chvostek clark clarke claude clavien cloquet coats cobb cochrane cockayne cockcroft codman cogan
    coller colles collet collis conners coombs cooper cori corlette cormack cormack-lehane cornelia cornell corrigan
    corti costen cotard cotrel cottle cotton councilman courvoisier couvelaire cowden cowper coxsackie creutzfeldt
    crigler crohn cronkhite crouzon cruveilhier cullen curling cushing czerny dacosta dalrymple dandy danis danlos
    darier daroff dawson deaver debakey debré degos dejerine denham denis denys dercum desarda desault devic dindo dix
    dix-hallpike dobhoff doege dohle donath donders doppler dor douglas dowager down downs dressler drummond dubin
    dubousset duchenne duckett duhamel duke dukes dupuytren durie duroziez dwyer döhle eagle eales ebola ebstein
    edinburgh edwards effendi ehlers ehrlich einthoven eisenmenger elixhauser ellis elschnig epley epstein epworth erb
    essex-lopresti eustachian evans ewing faber fabry fagerstrom fagerström fahr fallopian fallot fanconi farber
    fazekas feil felty ferguson ficat finkelstein fisher fitz fitzpatrick flack flexner flynn foley fontaine fontan
    forbes fordyce forrest foster fothergill fournier foville framingham frank frankel fredrickson freiberg freud frey
    friedländer friedreich frohlich froin froment fuchs fuhrman gaenslen galant galeazzi galen gallavardin gamna
    gardner garland gartland gartner gaucher gell genant geneva gerlach gerstmann gesell ghon giemsa gigli gilbert
    gilles gissane gitelman glanzmann glasgow gleason goldman goldmann golgi goodell goodpasture goodsall gordon
    gorlin gottron gower gowers grace gradenigo graefe graham gram grave graves grawitz greene grey grocco groshong
    guedel guillain gunn gustilo guthrie guttmann guyon günther haab hachinski haggitt haglund hallervorden halstead
    halsted ham hamilton hampton hanger hangman hansen harlequin harris harrison hartmann hartnup hartofilakidis
    hasford hashimoto hasse haversian hawkins heaf heberden heerfordt hegar heimlich heinz heller hemovac hendrich
    henle henoch henry hering hering-breuer herndon hertwig heschl hesselbach hestia heubner hickman hicks
    hilgenreiner hill hill-sachs hinchey hippel hirschberg hirschsprung hodgkin hodgkins hoehn hoffa hoffman hoffmann
    hofmeister holmes holter homans homer hoover horner horton howell howship hufeland hughes hughston hunt hunter
    huntington hurler hutchinson hürthle ideberg ilizarov imrie insall isaacs ishak ishihara jaccoud jackson
    jacksonian jacobson jadassohn jakob janeway jansky jarisch jefferson jeghers jendrassik jervell jewett jobe
    jod-basedow johnson jones joubert judet kanavel kanner kaplan kaposi karnofsky karnovsky kartagener karydakis
    kasabach kasai katz kawasaki kay kayser kdigo kearns kegel kehr kellgren kelly kennedy kerley kernig kernohan kerr
    kerrison kessler khorana kienböck killian killip kimmelstiel kings kinsbourne kirschner klatskin klein klinefelter
    klippel klumpke kocher koebner koenig koplik kopp korotkoff korsakoff korsakov krabbe krebs krukenberg kubler
    kupffer kussmaul kveim köbner köhler lachman ladd lambert lance lancefield landau landouzy langer langerhans
    langhans lasegue laseque lassa lasègue lauge laurin lawrence leber leclercq lefort leforte legg legionnaire lehane
    leigh leiner leksell lemann lembert lenke lennert lennox leopold lequesne leri leriche lermoyez lesch letournel
    lev lewis lewy leydig lhermitte libman lichtenberg lichtenstein liddle lieberkühn liebermann liga lille linton
    lippman lisch lisfranc lister little littre loder loeb loeffler lopresti lou louis lown ludloff ludwig lugol lund
    luque luschka lutembacher lyell lyme lynch löffler machado mackay maddox maddrey madelung madrs maffucci magill
    mahaim maisonneuve malecot mallampati mallory malpighi mantoux marburg marchiafava marcus marfan marie marjolin
    marshall martin mason mayo mazzotti mcardle mcbride mcburney mccune mcdonald mcgill mcgrath mcintosh mcisaac
    mckenzie mcmurray mcroberts mcvay meckel medin mees meibomian meigs meissner meld melkersson mendel mendelian
    mendelson menetrier menghini meniere menkes merkel merseburg metavir metzenbaum meyer meyerding michaelis mikulicz
    milch millard miller milligan milroy minkowski mirizzi mobitz moca modic moebius mohs moll monckeberg mondor monro
    monteggia montesano montgomery montreal morel morgagni morison moro morquio morrey morse morton morvan moschcowitz
    mowat muir munchausen munro murphy myerson ménière ménétrier möbius müller naegele naffziger nagel nashold neer
    nelson neri nernst newcastle nezelof nicoladoni niemann nightingale nikolsky nissen nissl noonan norton norwood
    nottingham novy nurick nylander ober oddi ogilvie oliver ollier ombredanne ommaya oppenheim ortner ortolani osgood
    osler osserman ostrum oswestry ottawa outerbridge padua paget pagets palmer pancoast paneth panner papanicolaou
    papez parinaud parkes parkinson parkinsons parkland parks parona parry passy patau patrick pauwels pavlik pavlov
    payr pel pelger pellegrini penfield penrose perc perkin perthes peutz peyer peyronie pezzer pfannenstiel pfeiffer
    pfirrmann phalen phillips pick pickering pickwick pierre pinard pirquet pittsburgh plummer poiseuille poland
    politzer pompe poncet poppel porro pott potter potts prader pratt prausnitz prehn pringle prinzmetal profichet
    puestow purkinje putnam queckenstedt quervain quincke quinquaud rademacher raji ramsay ranchos randall rankin
    ranson ranvier rapoport rasmussen rathke raven raynaud raynauds reed refsum reichert reid reinke reis reitan
    reiter reiters renshaw rett rey reye reynolds rhese rhesus richter riedel rieger riley ringer rinne risser ritchie
    ritter robin robinson rockall rockwood rocky roemheld roger rokitansky rolando romberg romhilt rorschach rosenbach
    rosenthal ross rossolimo roth rothmund rotor roux rovsing rubinstein russell rutgeerts rutherford ryle sabin sachs
    saint salk salter saltzman salvati sandhoff sandifer sanfilippo santorini satinsky scarpa schamberg schanz
    schatzker scheie scheuermann schick schilling schirmer schistosoma schizas schlemm schmidt schmorl schober
    schuffner schuller schwann schwartz schönlein schüffner segond seldinger semmelweis semont sengstaken sertoli
    sever sezary sharp sharpey sheehan shenton sherren shiga shigella shiley shirodkar shone shouldice shprintzen
    shwachman shy siewert simmonds simmons sims sjogren sjögren skene smith snellen snyder sokal sokol sokolow southey
    spalding spearman spens spitz sprengel spurling stanford stanford-binet stargardt stark starling steele stein
    steinberg steinert steinmann stellwag stensen stenvers sternberg stevens stewart stickler still stinchfield stokes
    stoppa strachan strasberg straus stroop strümpell sturge sturm sudeck swan sweet swyer sydenham syme sézary
    takayasu takotsubo talwin tanner tardieu tarui tay taylor tenckhoff tessier thayer thiersch thomas thompson
    thomsen thomson thorn throckmorton tietz tietze tillaux tillaux-chaput timi tinel tinetti titmus todani todd
    tolosa tonnis torg torsades toupet tourette towne trail traube traverso treacher treitz trendelenburg treves
    trimble troisier trousseau truelove trömner tscherne tukey turcot turner turners tzanck uhthoff unna unterberger
    unverricht valsalva vancouver vanderbilt vater vaughan velpeau venn veress verner vernet verneuil vidian vincent
    vineland virchow vogt volhard volkmann von-willebrand waardenburg wackenheim wagner waldenstrom waldenström
    wallenberg waller waltman wartenberg warthin wassermann waterhouse waterlow waters weaver weber wechsler wegener
    weil weiss weitlaner wells werdnig wermer werner wernicke wertheim westphal wharton whipple whitaker wiberg
    wickham widal wiener wilcoxon wildervanck williams willis wilms wilson wiltse winslow winter wirsung wiskott witts
    wolff wolfram wolman wong-baker wood wright yale-brown yankauer yersinia yesavage young zeis zellweger zenker
    ziehl zieve zinn zollinger zuckerkandl zung
    """
)
"""Lower case, without a possessive. Alone, or before one of the nouns below, none of these is a patient."""

HEADS = words_of(
    """
    disease diseases syndrome syndromes sign signs test tests testing score scores scoring criteria criterion scale
    scales index indices procedure procedures catheter catheters maneuver maneuvers manoeuvre reflex reflexes study
    trial trials cohort palsy chorea ataxia dystrophy lymphoma lymphomas sarcoma sarcomas carcinoma tumor tumors tumour
    tumour tumors anemia anaemia disorder phenomenon phenomena triad tetrad pentad law rule rules classification
    classifications class staging stage grade grading system formula equation method operation repair resection
    approach incision technique line lines node nodes nodule nodules spots spot body bodies cell cells stain stains
    fracture fractures contracture deformity hernia ulcer ulcers esophagus oesophagus thyroiditis arteritis
    razor granulomatosis purpura nephropathy neuropathy encephalopathy cardiomyopathy myopathy dementia psychosis
    aphasia
    area areas gyrus fissure canal duct ducts gland glands tube tubes loop capsule space pouch ligament tendon foramen
    ganglion plexus fascia membrane layer muscle point angle triangle ring rings murmur breathing respiration
    respirations pulse wave waves interval forceps retractor clamp drain tube needle probe bag splint brace collar tray
    lamp chart unit units inventory questionnaire assessment protocol protocols guideline guidelines model nomogram
    tool calculator risk heart monitor monitoring virus fever encephalitis meningitis coefficient correction plot curve
    curves analysis diagram distribution regression model models solution diet regimen position exercises exercise
    precautions pain bypass shunt stent valve filter graft flap anomaly malformation cyst cysts neuroma nevus melanoma
    hemangioma osteotomy arthroplasty fusion tumor's complex variant mutation gene antigen antibody factor bacillus
    parasite agar reaction effect hypothesis theory theorem number stool disease's esophagitis enteropathy tic tics
    spondylitis uveitis keratitis gangrene sinus apparatus corpuscle corpuscles fibers fibres membrane crisis lesion
    lesions erythema pattern patterns abscess block arthritis angina grid ruler septum ostium tubercle recess valves
    island islets crest notch eminence trigone cistern nucleus tract fibres shelf ampulla stratum choana chamber
    flexure raphe dislocation amputation dressing bandage suture knot prosthesis brace scissors hook pins wire screw
    nail rod plate pump stocking stockings chair table bed frame traction cast swab smear broth medium
    tumour's coma stone stones hump hook hooks hole holes cramp facies nose hand foot knee palsies aphasia agnosia
    apraxia epilepsy epilepsies seizure seizures spasm spasms disease/syndrome anastomosis bundle cord
    """
)
"""After any surname, with or without a possessive, they make it an eponym."""

JOINED = frozenset({"and", "or", "&"})

RESULTS = words_of(
    """
    positive negative pos neg absent present normal abnormal equivocal low high mild moderate severe excluded suspected
    done planned grade level type class stage group criteria intact elicited tender reducible downgoing upgoing
    unremarkable reactive nonreactive possible probable likely unlikely points
    """
)
"""What a sign, test or class is: beside an eponym, what is meant is no person."""

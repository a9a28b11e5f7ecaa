"""Eponyms: what is named after people and names no person. A list, and the nouns that make one of any surname."""

from __future__ import annotations

from interlock.sensitivity.names.wording import words_of

EPONYMS = words_of(
    """
    abbe abrikossoff achard addison adie adson aicardi alagille albright alexander allen alpers alport alström
    alzheimer amsler andersen angelman apert apgar apley argyll arnold asherman asperger auer auerbach auspitz avellis
    ayerza babinski bacelli bainbridge baker balint ballance balser balthazar bankart bannwarth barcelona bard barkan
    barlow barr barret barrett barré barthel bartholin barton bartter basedow bassen batten battle bayley bazett bazin
    beau bechterew beck becker beckwith behcet behçet beighton bell bence bennett berg berger bergmeister bernard
    bernstein bichat bielschowsky billroth binet biot bishop bitot bland blatchford bloom blumberg blumer bochdalek
    bogros borg born bosniak bouchard bourneville bowen bowman boyd bozeman bracht braden bragard bragg branham braxton
    breslow bright bristol bristol-stool broca brodie brodmann brown-sequard brown-séquard bruce brudzinski brugada
    brugia brunnstrom bryant buck budd buerger bulbring burkitt burton buschke byler bürger caffey calot campbell
    canavan caplan caprini carabelli carney caroli carpenter carrel carvallo castleman cattell chaddock chadwick chagas
    charcot charlson chediak cheyne chiari chilaiditi childress christian christmas churg chvostek clarke claude
    cloquet coats cobb cockayne cockcroft codman cogan colles collet conners coombs cooper cori cornelia cornell
    corrigan corti costen cotard cotton councilman courvoisier couvelaire cowden cowper coxsackie creutzfeldt crigler
    crohn cronkhite crouzon cruveilhier cullen curling cushing czerny dacosta dalrymple dandy danlos darier dawson
    debakey debré degos dejerine denis denys dercum devic dix doege dohle donath donders doppler douglas dowager down
    downs dressler drummond dubin duchenne duckett duhamel duke dukes dupuytren duroziez dwyer döhle eagle eales ebola
    ebstein edinburgh edwards ehlers ehrlich einthoven eisenmenger elixhauser ellis elschnig epstein epworth erb
    eustachian evans ewing fabry fagerstrom fagerström fahr fallopian fallot fanconi farber fazekas felty ferguson
    finkelstein fisher fitz flack flexner flynn foley fontaine fontan forbes fordyce forrest foster fothergill fournier
    foville framingham frank fredrickson freiberg freud frey friedländer friedreich frohlich froin froment fuchs
    fuhrman galant galeazzi galen gallavardin gamna gardner garland gartner gaucher gell genant geneva gerlach
    gerstmann gesell ghon giemsa gilbert gilles gitelman glanzmann glasgow gleason goldman goldmann golgi goodell
    goodpasture gordon gorlin gottron gower gowers grace gradenigo graefe graham gram grave graves grawitz greene grey
    grocco groshong guedel guillain gunn guthrie guttmann guyon günther haab hachinski haglund hallervorden halstead
    halsted ham hamilton hampton hanger hansen harlequin harris harrison hartmann hartnup hashimoto hasse haversian
    hawkins heaf heberden heerfordt hegar heimlich heinz heller henle henoch henry hering hering-breuer herndon hertwig
    heschl hesselbach hestia heubner hickman hill hinchey hippel hirschberg hirschsprung hodgkin hodgkins hoehn hoffa
    hoffman hoffmann hofmeister holmes holter homans homer hoover horner horton howell howship hufeland hughes hunt
    hunter huntington hurler hutchinson hürthle ilizarov isaacs ishak jaccoud jackson jacksonian jacobson jadassohn
    jakob janeway jansky jarisch jefferson jeghers jendrassik jervell jobe jod-basedow johnson jones joubert kanavel
    kanner kaplan kaposi karnofsky karnovsky kartagener karydakis kasabach katz kawasaki kay kayser kdigo kearns kegel
    kehr kellgren kennedy kerley kernig kernohan kerr kessler khorana kienböck killian killip kimmelstiel kings
    kinsbourne kirschner klatskin klinefelter klippel klumpke kocher koebner koenig koplik kopp korotkoff korsakoff
    korsakov krabbe krebs krukenberg kubler kupffer kussmaul kveim köbner köhler lachman ladd lambert lance lancefield
    landau landouzy langer langerhans langhans laseque lassa lasègue lauge leber leclercq lefort leforte legg
    legionnaire leigh leiner lembert lennert lennox leopold leri leriche lermoyez lesch lev levine lewis lewy leydig
    lhermitte libman lichtenberg liddle lieberkühn liebermann liga lille linton lippman lisch lisfranc lister little
    littre loeb loeffler lou louis lown ludloff ludwig lugol lund luschka lutembacher lyell lyme lynch löffler machado
    mackay maddox maddrey madelung madrs maffucci magill mahaim maisonneuve mallampati mallory malpighi mantoux marburg
    marchiafava marcus marfan marie marjolin marshall martin mayo mazzotti mcardle mcbride mcburney mccune mcdonald
    mcgill mcgrath mcintosh mcisaac mckenzie mcmurray mcroberts meckel medin mees meibomian meigs meissner meld
    melkersson mendel mendelian mendelson menetrier menghini meniere menkes merkel merseburg metavir meyer michaelis
    mikulicz millard miller milroy minkowski mirizzi mobitz moca moebius mohs moll monckeberg mondor monro monteggia
    montgomery montreal morel morgagni morison moro morquio morse morton morvan moschcowitz mowat munchausen munro
    murphy myerson ménière ménétrier möbius müller naegele naffziger nagel nashold neer nelson neri nernst newcastle
    nezelof nicoladoni niemann nightingale nikolsky nissen nissl noonan norton norwood nottingham novy nylander ober
    oddi ogilvie oliver ollier ombredanne ommaya oppenheim ortner ortolani osgood osler osserman ostrum oswestry ottawa
    padua paget pagets palmer pancoast paneth panner papanicolaou papez parinaud parkes parkinson parkinsons parkland
    parks parona parry patau patrick pavlik pavlov payr pel pelger pellegrini penrose perc perthes peutz peyer peyronie
    pfannenstiel pfeiffer phalen phillips pick pickering pickwick pierre pinard pirquet pittsburgh plummer poiseuille
    poland politzer pompe poncet poppel porro pott potter potts prader prausnitz prehn pringle prinzmetal profichet
    purkinje putnam queckenstedt quervain quincke quinquaud rademacher raji ramsay ranchos randall ranson ranvier
    rapoport rasmussen rathke raven raynaud raynauds reed refsum reichert reid reinke reis reiter reiters renshaw rett
    rey reye reynolds rhesus richter riedel rieger riley ringer rinne ritchie ritter robin robinson rockall rocky
    roemheld roger rokitansky rolando romberg romhilt rorschach rosenbach rosenthal ross rossolimo roth rothmund rotor
    roux rovsing rubinstein russell rutherford ryle sabin sachs saint salk salter sandhoff sandifer sanfilippo
    santorini scarpa schamberg scheie scheuermann schick schilling schirmer schistosoma schlemm schmidt schmorl schober
    schuffner schwann schwartz schönlein schüffner segond seldinger semmelweis sengstaken sertoli sever sezary sharpey
    sheehan sherren shiga shigella shirodkar shone shprintzen shwachman shy simmonds simmons sims sjogren sjögren skene
    smith snellen snyder sokolow southey spalding spearman spens spitz sprengel spurling stanford stanford-binet
    stargardt stark starling steele stein steinberg steinert stellwag stensen stevens stewart stickler still stokes
    strachan straus strümpell sturge sturm sudeck swan sweet swyer sydenham syme sézary takayasu takotsubo talwin
    tanner tarui tay tenckhoff tessier thayer thiersch thomas thompson thomsen thomson thorn throckmorton tietz tietze
    timi tinel tinetti todd tolosa torsades tourette towne trail traube treacher treitz trendelenburg treves trimble
    troisier trousseau trömner tukey turcot turner turners tzanck uhthoff unna unverricht valsalva vancouver vanderbilt
    vater vaughan venn verner vernet verneuil vidian vincent virchow vogt volhard volkmann von-willebrand waardenburg
    wagner waldenstrom waldenström wallenberg waller waltman wartenberg warthin wassermann waterhouse waterlow waters
    weaver weber wechsler wegener weil weiss wells werdnig wermer werner wernicke wertheim westphal wharton whipple
    whitaker wickham widal wiener wilcoxon wildervanck williams willis wilms wilson winslow winter wirsung wiskott
    wolff wolfram wolman wong-baker wood wright yale-brown yersinia young zeis zellweger zenker ziehl zieve zinn
    zollinger zuckerkandl zung
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
    granulomatosis purpura nephropathy neuropathy encephalopathy cardiomyopathy myopathy dementia psychosis aphasia
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
    lesions erythema pattern patterns abscess block arthritis
    """
)
"""After any surname, with or without a possessive, they make it an eponym."""

JOINED = frozenset({"and", "or", "&"})

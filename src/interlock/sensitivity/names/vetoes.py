"""Words and phrases that are no names, whatever their capitals: drugs, studies, calendars, institutions, headings."""

from __future__ import annotations

import re

from interlock.sensitivity.names import medicine, things
from interlock.sensitivity.names.wording import words_of

BRANDS = words_of(
    """
    abilify actos acthar advair adderall afinitor aggrenox aimovig ajovy aldactone aleve allegra altace amaryl ambien
    anoro aptiom aranesp aricept arimidex armour aromasin asacol ativan atrovent augmentin austedo avandia avapro
    avastin avelox avodart avonex azor bactrim basaglar belsomra benadryl benicar betaseron biktarvy biaxin boniva
    botox breo brilinta bumex buspar bydureon byetta bystolic caduet calan cardizem cardura catapres celebrex celexa
    cellcept chantix cialis cimzia cipro clarinex claritin cleocin clinoril clozaril cogentin colace combivent combivir
    copaxone coreg corlanor cosentyx coumadin cozaar creon crestor cymbalta cytomel cytoxan darvocet daypro decadron
    demerol depakote depo-provera desyrel detrol dexilant diabeta diflucan dilantin dilaudid diovan ditropan diuril
    dovato doxil dulcolax duoneb dupixent dyazide edarbi effexor elavil eliquis emgality enbrel entresto entyvio
    epclusa epipen epogen erbitux ery-tab estrace evista evenity exelon exforge eylea farxiga feldene femara fentora
    flagyl flexeril flomax flonase flovent focalin foradil forteo fosamax gabitril galvus gardasil geodon gleevec
    glipizide glucophage glucotrol glucovance glyxambi halcion haldol harvoni hemlibra herceptin hizentra humalog
    humira humulin hytrin hyzaar imdur imitrex imodium imuran inderal inspra intuniv invega invokana isentress isordil
    jakafi janumet januvia jardiance jentadueto juluca kadian keflex kenalog keppra kerendia kesimpta keytruda klonopin
    klor-con lamictal lamisil lanoxin lantus lasix latuda lescol levaquin levemir levitra levothroid lexapro librium
    linzess lioresal lipitor livalo lodine lomotil lopid lopressor lotensin lotrel lovaza lovenox lucentis lumigan
    lunesta lupron luvox lynparza lyrica macrobid maxalt maxzide medrol mevacor micardis micronase minipress mirapex
    mirena mobic motrin mounjaro mucinex mucomyst myrbetriq nabumetone namenda naprosyn nardil nasacort nasonex
    neulasta neupogen neurontin nexium nexletol nexplanon niaspan nizoral norco normodyne norvasc novolin novolog
    nucala nucynta nulojix ocrevus ofev olumiant opdivo orencia otezla oxycontin ozempic pamelor parlodel parnate paxil
    paxlovid pepcid percocet periactin plaquenil plavix pletal pradaxa praluent pravachol precose premarin prevacid
    prilosec prinivil pristiq procardia procrit prograf prolia prolixin propecia proscar protonix proventil provigil
    prozac pulmicort qvar ranexa rapamune rebif reglan relafen relpax remeron remicade reminyl renvela repatha requip
    restasis restoril retin-a revlimid rexulti reyvow rinvoq risperdal ritalin rituxan robaxin rocephin rozerem
    rybelsus rythmol sabril salagen sandimmune saphris savella saxenda selzentry senokot sensipar septra serevent
    seroquel simponi sinemet sinequan singulair skelaxin skyrizi soliris soma sovaldi spiriva sprycel stelara strattera
    stribild suboxone subutex sudafed symbicort symbyax synjardy synthroid tagrisso taltz tamiflu tarceva tasigna
    tecfidera tegretol temodar tenormin tessalon thorazine tiazac tivicay tofranil topamax toprol toradol toujeo
    tracleer tradjenta trandate tremfya trelegy tresiba tribenzor tricor trileptal trintellix triumeq trulicity truvada
    tums tygacil tylenol tysabri uceris uloric ultram unasyn uptravi urecholine valium valtrex vancocin vascepa
    vaseretic vasotec ventolin verquvo versed vesicare viagra vibramycin vicodin victoza viibryd vimpat viread vistaril
    vivitrol voltaren vraylar vytorin vyvanse wegovy welchol wellbutrin xanax xarelto xeljanz xeloda xolair xyzal
    yervoy zanaflex zantac zarontin zebeta zepbound zestoretic zestril zetia ziac zithromax zocor zofran zoloft zomig
    zonegran zosyn zovirax zyban zyloprim zyprexa zyrtec zytiga zyvox insulin metformin aspirin ibuprofen acetaminophen
    heparin digoxin lithium prednisone warfarin morphine fentanyl oxycodone hydrocodone naloxone methadone tramadol
    gabapentin furosemide albuterol levothyroxine montelukast
    """
)

# Generic names by their stems (USAN and INN), then words of medicine by their endings.
_STEMS = (
    "pril|prilat|sartan|statin|mab|nib|olol|alol|azole|cillin|mycin|micin|gliptin|gliflozin|glutide|glitazone|glinide|"
    "parin|xaban|gatran|dipine|floxacin|cycline|oxetine|triptyline|pramine|azepam|zolam|barbital|caine|curium|curonium|"
    "dronate|fibrate|gliclazide|ifene|lukast|mustine|navir|tegravir|buvir|asvir|vudine|ciclovir|cyclovir|nazole|nidazole|"
    "onide|asone|olone|orphan|oxacin|penem|phylline|platin|poetin|grastim|prazole|profen|quine|rubicin|semide|setron|"
    "sone|sulfa|tadine|taxel|terol|thiazide|tidine|tinib|trexate|triptan|tropium|ridone|zepam|zosin|zumab|ximab|"
    "pnea|pnoea|phagia|ptysis|rrhagia|reflexia|kinesia|arthria|esthesia|aesthesia|centesis|edema|oedema|staxis|opsia|anopia|"
    "clonus|uresis|phoresis|blastoma|cytoma|thrombin|protein|calcitonin|sterone|kinase|pathic|plastic|trophic|tropic|"
    "afil|degib|sentan|ersen|siran|gepant|orexant|vaptan|zomib|uretic|thiazole|conazole|fungin|bendazole|mectin|flurane|"
    "fentanil|morphone|codone|estrant|rozole|lutamide|bazam|carbamol|glutide|grelor|citabine|fovir|buprofen|"
    "tocin|relin|relix|steride|stigmine|bactam|peridol|apine|piprazole|racetam|trigine|bamate|gabalin|"
    "calcet|cept|cumab|kinra|ciclib|parib|rafenib|lisib|limus|tecan|bicin|zolid|mide|zide|thiazine|azine|amine|idine|"
    "itis|osis|emia|aemia|uria|ectomy|otomy|ostomy|oscopy|opathy|pathies|plasty|graphy|gram|ology|ologist|iatric|iatry|oma|omas|algia|"
    "plegia|paresis|penia|philia|phobia|rrhea|rrhage|rrhoea|sclerosis|stenosis|trophy|itides|cocci|coccus|bacter|cytes|cyte|"
    "virus|viral|bacterium|ase|globin|globulin|phage|lysis|dermal|venous|cardial|vascular|renal|hepatic|thyroid|enteral|aneous"
)
_BEGINNINGS = (
    "cef(?!erin)|ceph|hydroxy|methyl|dextro|levof|levot|levet|levod|chloro|fluoro|bupre|immuno|cardio|gastro|hepato|nephro|neuro|"
    "osteo|pneumo|thrombo"
)
MEDICAL = re.compile(rf"[a-z\-]{{2,}}(?:{_STEMS})s?|(?:{_BEGINNINGS})[a-z]{{4,}}")
"""Matches, as a whole, a lower-case word that is a drug's or medicine's own."""

CALENDAR = words_of(
    """
    january february march april may june july august september october november december jan feb mar apr jun jul aug
    sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri
    sat sun christmas easter thanksgiving halloween ramadan hanukkah diwali passover labor memorial independence today
    tomorrow yesterday spring summer autumn fall winter
    """
)

NATIONS = words_of(
    """
    american african asian european hispanic latino latina caucasian english british scottish irish welsh french german
    italian spanish portuguese dutch belgian swiss austrian swedish norwegian danish finnish icelandic polish czech
    slovak hungarian romanian bulgarian greek turkish russian ukrainian serbian croatian bosnian albanian arab arabic
    persian iranian iraqi israeli jewish muslim christian catholic protestant hindu buddhist sikh orthodox mormon
    baptist methodist indian pakistani bangladeshi chinese japanese korean vietnamese thai indonesian filipino
    malaysian mexican canadian brazilian cuban colombian peruvian chilean argentine dominican haitian jamaican nigerian
    kenyan ethiopian egyptian moroccan australian latin roman ashkenazi native pacific islander alaskan hawaiian
    californian texan
    """
)

ORGANISATIONS = words_of(
    """
    hospital hospitals clinic clinics center centre centers medical health healthcare healthcenter university college
    school institute institution foundation association society academy department dept ministry bureau agency office
    inc ltd llc llp plc corp corporation company co gmbh ag sa nv bv ab oy srl spa kg pty group holdings partners bank
    insurance pharmacy laboratory laboratories labs lab church cathedral temple mosque synagogue museum library hotel
    inn resort restaurant cafe airport station stadium arena theater theatre park court courthouse prison jail army
    navy force police fire council committee commission court senate congress parliament government services service
    systems solutions technologies technology industries international enterprises associates consulting media studios
    records press news times magazine journal post review radio tv television club league team band orchestra festival
    hospice rehab rehabilitation infirmary sanatorium memorial presbyterian methodist adventist baptist baptist's
    general regional community children's childrens women's veterans va surgery surgical cancer eye heart kidney
    dialysis urgent nursing manor lodge campus tower plaza mall building hall house square country club
    """
)
"""What makes the words before it the name of an institution."""

STREETS = words_of(
    """
    street st avenue ave road rd drive dr lane ln boulevard blvd court ct circle cir place pl terrace ter way highway
    hwy parkway pkwy square sq trail trl alley plaza route rte turnpike crescent close mews grove row heights hills
    park bridge river lake beach valley island bay creek mountain mount canyon county parish township city town village
    borough district province state harbor port forest desert ocean sea falls springs junction station platz strasse
    straße gasse weg allee rue via calle avenida plein laan dreef straat vej gade gatan vägen katu tie utca ulica ulice
    """
)

HEADINGS = words_of(
    """
    glu hco3 ldh bili rdw phos pap senna vanc gtt tele hgb plt afebrile dispo
    addr tel attn decedent analyte explique veuillez pouvez bitte por merci
    chief complaint complaints history hpi pmh psh allergies allergy medications meds plan assessment impression
    findings exam examination vitals vital signs physical social family review systems labs lab imaging diagnosis
    diagnoses dx rx hx tx sx procedure procedures disposition discharge admission summary progress note notes
    subjective objective reason indication indications technique comparison recommendation recommendations follow
    followup follow-up signed date time subject re fwd sent received page continued instructions course hospital past
    present illness surgical current home problem list active resolved status code condition consult consultation
    report result results specimen gross microscopic comment comments addendum attestation electronically dictated
    transcribed confidential disclaimer dear sincerely regards thanks thank hello hi hey best yours kind warm cheers ok
    okay yes no yeah yep nope yup perfect sure great alright absolutely exactly correct uh um bye goodbye please
    sorry question answer q a user bot assistant system human agent customer support admin tel phone
    fax email e-mail web url mobile cell address street city state zip zipcode country name patient mrn dob ssn sex age
    gender race ethnicity id number no account provider insurance policy group member plan claim invoice order item
    total amount balance type value unit units description category level error warning info debug trace fatal critical
    exception warn null none true false todo default unknown select insert update delete from where table column row
    index key primary foreign api http https json xml html csv pdf sql get put head options patch host server client
    request response version tylenol iv im po bid tid qid prn qhs qd sc sq pe ct mri pet ekg ecg echo cxr us cbc bmp
    cmp ros heent neuro cardiac resp abd ext msk psych gi gu cv pulm lungs abdomen extremities skin neck chest back
    general constitutional eyes ears nose throat god lord jesus bible internet google facebook twitter microsoft amazon
    apple windows linux android iphone youtube instagram netflix oracle ibm intel nvidia adobe cisco uber tesla boeing
    airbus zoom slack github paypal visa mastercard amex wikipedia excel powerpoint outlook teams salesforce medicare
    medicaid hipaa nhs fda cdc who nih epic cerner covid covid-19 coronavirus sars delta omicron vitamin omega
    """
)

STUDIES = words_of(
    """
    accord allhat aristotle ascot atlas bari beautiful capricorn care charisma compass courage credence dapa dapa-hf
    dash declare dream elixa emperor emphasis empa-reg epic everest fourier grace hope horizon hps ideal improve-it
    interheart invest ischemia jupiter keynote leader life mesa miracle odyssey onTarget ontarget orbita paradigm
    paradigm-hf partner plato platinum precise prevail proact prove-it re-ly recovery reduce-it rocket sprint stich
    sustain syntax topcat transform ukpds valiant value whi women's checkmate destiny monaleesa paloma
    """
)
"""Studies are written in capitals; these are words or names too."""

SPECIES = words_of("coli pylori difficile diff aureus pneumoniae influenzae albicans trachomatis gonorrhoeae cruzi")
"""What follows an initial in a species' name."""

FACILITIES = words_of(
    """
    kaiser permanente sinai cedars cedars-sinai mayo johns hopkins cleveland mount stanford ucla ucsf nyu langone
    baylor geisinger sloan kettering dana-farber anderson brigham massachusetts scripps sutter sharp banner ascension
    dignity intermountain providence swedish emory vanderbilt northwestern rush columbia cornell weill montefiore duke
    yale harvard roche abbott beckman coulter baxter
    """
)
"""Parts of well-known institutions' names; alone they are no person's."""

WORDS_TOO = words_of(
    """
    mark grant bill rose pat sue frank gene ray grace jack rob dick art guy dean chase drew hope faith joy dawn summer
    autumn pearl ruby ivy lily daisy amber violet heather olive ginger holly hazel iris melody harmony destiny trinity
    angel crystal misty sandy rocky rusty buck buddy chance chuck cliff clay cash colt dale earnest earl forest glen
    hunter lance major marina max miles nick peg penny pierce randy reed rich robin rod royal sage skip star sterling
    sunny van victor wade ward duke king prince kit lane mac mason page parker patience piper poppy porter reef scout
    shepherd sierra sonny stew stone tanner tucker alma candy china coral dolly eve fern florence georgia gay happy
    jade jasmine jewel laurel liberty lotus mercy myrtle nova precious rain raven rosemary saffron shell sherry sienna
    temple verity viola virginia vista willow carolina dakota madison austin jordan israel
    """
)
"""Given names that are ordinary words as well: in small letters, and at a sentence's beginning, they need a cue."""

PILLS = words_of(
    """
    yasmin yasminelle camila natazia heather errin jolivette aviane alesse kariva lutera apri cryselle marlissa larissia
    julie mirena kyleena skyla liletta lo cilest marvelon juliet microgynon rigevidon yaz diane dianette gedarel
    """
)
"""Contraceptives that are called as people are: beside a word for pills they are such."""

PLAIN_INSTITUTIONS = words_of(
    """
    hospital hospitals clinic clinics university college institute pharmacy laboratory hospice infirmary inc ltd llc
    corp street avenue road boulevard highway county parish center centre
    """
)
"""Those that make an institution or a street of the words before them in small letters too."""

NEVER = (
    BRANDS
    | CALENDAR
    | NATIONS
    | HEADINGS
    | ORGANISATIONS
    | STREETS
    | things.WARD
    | things.PROGRAMS
    | things.COMPANIES
    | things.JOURNALS
    | medicine.WORDS
    | medicine.SOLD_AS
    | medicine.OF_PROGRAMS
)

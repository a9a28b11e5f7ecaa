"""The words that names of facilities are made of: heads, generic modifiers, names known without a head."""

from __future__ import annotations

import re

from interlock.sensitivity.names.wording import words_of

STRONG_HEADS = words_of(
    "hospital hospitals hosp clinic clinics clinique klinik klinikum krankenhaus spital ziekenhuis sygehus sjukhus"
    " sykehus infirmary hospice sanatorium sanitarium pharmacy polyclinic penitentiary prison jail university"
    " college school academy church synagogue mosque dialysis healthcare hôpital szpital ospedale dispensary"
    " preschool kindergarten daycare seminary monastery convent detention"
)
"""With one name before them they are a facility wherever they stand."""
WEAK_HEADS = words_of(
    "center centre ctr cntr health medical med medicine institute group associates rehab rehabilitation care"
    " foundation facility healthcenter healthcentre medcenter campus physicians practice laboratory laboratories"
    " lab labs hosp. system network partners surgery living manor home homes residence lodge house shelter ward er"
    " ed branch pavilion tower annex unit orthopedics pediatrics oncology cardiology dermatology neurology"
    " radiology imaging diagnostics urgicare walk-in mall"
)
"""These need a word for being there before them, a known place, or two names."""
INNER = words_of(
    "medical med general memorial regional community university children's childrens women's womens veterans va"
    " naval army county city state downtown central district royal national cancer heart eye surgical health care"
    " nursing urgent family rehab rehabilitation behavioral mental psychiatric teaching presbyterian methodist"
    " baptist lutheran adventist catholic episcopal jewish christian mercy sacred good our lady trinity providence"
    " hope grace north south east west northern southern eastern western upper lower new old clinic hospital"
    " healthcare center centre outpatient specialty orthopedic pediatric cardiac vascular neurology dental vision"
)
"""Modifiers that say nothing by themselves, but make a name together with another, or before a strong head."""
ENDS = words_of("memorial regional general infirmary va vamc")
"""What ends a facility's name without a head: Nelson Memorial, Port Ellery Regional, Hollister VA."""
NAMING = words_of(
    "general memorial regional community university children's childrens women's womens veterans naval army county"
    " city downtown central district royal presbyterian methodist baptist lutheran adventist catholic episcopal"
    " jewish christian mercy sacred trinity providence hope grace north south east west northern southern eastern"
    " western va state national"
)
"""Those that do name a hospital or clinic when both are capitalised: City Hospital, General Hospital."""
GENERIC = words_of(
    "cath a an the this that our my your his her their its any some each every no local nearby outside another other"
    " same main new primary urgent emergency intensive critical pain mental public world global behavioral maternal"
    " reproductive sexual oral bone gut home bedside men's acute chronic outpatient inpatient ambulatory surgical"
    " medical cancer heart failure stroke diabetes diabetic wound sleep memory fertility cardiology oncology"
    " hematology neurology dermatology urology gastroenterology endocrinology rheumatology pulmonary pulm nephrology"
    " psychiatry psychiatric orthopedic orthopedics ortho pediatric pediatrics ob obgyn gyn gi ent eye dental vision"
    " allergy asthma copd infectious disease travel vaccine anticoagulation warfarin coumadin inr lipid hypertension"
    " renal kidney liver hepatology transplant infusion dialysis rehab rehabilitation physical occupational speech"
    " therapy women's men's family internal nuclear sports occupational tertiary trauma burn icu hospital clinic"
    " care health center centre nursing skilled assisted long-term term long walk-in referral specialty specialist"
    " teaching academic private high middle elementary grade primary secondary nursery sunday graduate law business"
    " medical school prior previous last next first second third preventive digital population environmental"
    " national american european international federal department division office ministry institute institutes unit"
    " joint dr mr mrs ms miss patient patients pt admitted seen discharged monday tuesday wednesday thursday friday"
    " saturday january february march april may june july august september october november december former current"
    " follow up followup electronic personal improve improving good poor better"
)
"""Modifiers that name a department or a kind, never a place; alone before a head they make nothing of it."""
KNOWN = re.compile(
    r"(?<![\w'’-])(?:johns?['’]?s?[ \t]hopkins|mayo(?:[ \t]clinic)|cedars?[ \-]sinai|(?:mount|mt\.?)[ \t]sinai"
    r"|mass(?:achusetts)?\.?[ \t]gen(?:eral|\.)?"
    r"|brigham(?:[ \t](?:and|&|n)[ \t]women['’]?s)?|beth[ \t]israel(?:[ \t]deaconess)?|(?:new[ \t]?york"
    r"|ny)[ \-]?presbyterian|columbia[ \t]presbyterian"
    r"|nyu[ \t]langone|kaiser(?:[ \t]permanente)?|md[ \t]anderson|(?:memorial[ \t])?sloan[ \-]kettering|mskcc"
    r"|dana[ \-]farber|penn[ \t]medicine"
    r"|upmc|geisinger|intermountain|ochsner|barnes[ \-]jewish|st\.?[ \t]jude(?:['’]s)?|walter[ \t]reed|harborview"
    r"|bellevue|lenox[ \t]hill|montefiore"
    r"|maimonides|hackensack|wellspan|lehigh[ \t]valley|northwell|advocate[ \t]aurora|atrium[ \t]health"
    r"|banner[ \t]health|dignity[ \t]health"
    r"|sutter[ \t]health|sharp[ \t]memorial|scripps|swedish[ \t]medical|virginia[ \t]mason|texas[ \t]health"
    r"|baylor[ \t]scott|houston[ \t]methodist"
    r"|great[ \t]ormond[ \t]street|addenbrooke['’]?s|charit[ée]|ucla|ucsf|ucsd|uchealth|cedars|sickkids"
    r"|toronto[ \t]general|royal[ \t]marsden|nyp|mgh|bidmc|cvs|walgreens|davita|fresenius)(?![\w-])",
    re.IGNORECASE,
)
KNOWN_STARTS = words_of(
    "john john's john’s johns mayo cedar cedars cedar-sinai cedars-sinai mount mt mass massachusetts brigham beth"
    " new newyork newyork-presbyterian york-presbyterian ny ny-presbyterian columbia nyu kaiser md memorial sloan"
    " sloan-kettering mskcc dana dana-farber penn upmc geisinger intermountain ochsner barnes barnes-jewish st"
    " walter harborview bellevue lenox montefiore maimonides hackensack wellspan lehigh northwell advocate atrium"
    " banner dignity sutter sharp scripps swedish virginia texas baylor houston great addenbrooke's addenbrooke’s"
    " addenbrookes charité charite ucla ucsf ucsd uchealth sickkids toronto royal nyp mgh bidmc cvs walgreens davita"
    " fresenius"
)
"""Names of well-known facilities that people write without a head."""
NOT_A_NAME = words_of(
    "icu micu sicu ccu nicu picu cvicu ed er or pacu opd pcp gi ob ir pt ot snf ltc ltac ip op ems hospital clinic"
    " home ob/gyn obgyn ent cardiology neurology medicine surgery oncology radiology rehab hospice triage admission"
    " discharge baseline bedside birth christmas easter night noon midnight time rest times risk least most present"
    " i he she we they it you his her my our monday tuesday wednesday thursday friday saturday sunday january"
    " february march april may june july august september october november december dr mr mrs ms miss prof aa na mri"
    " ct us ekg ecg xr pet emg eeg bmi bp hr rr egfr gfr ldl hdl a1c hba1c inr wbc hgb plt po iv im sq sc bid tid"
    " qid prn room bed floor unit building suite apt street page line step stage phase day week month year age"
    " emergency urgent inpatient outpatient telemetry tele stepdown labor delivery endoscopy cath psych psychiatry"
    " pediatrics nursery preop postop"
)
STUDY_AFTER = re.compile(
    r"(?:['’]s)?[\s\-]{1,2}(?:pain )?(?:stud(?:y|ies)|trials?|scores?|criteria|scale|index|guidelines?"
    r"|recommendations?|classification|type|protocol|coma|sign|reflex|virus"
    r"|fever|flu|measles|pox|disease|syndrome|tubes?|registry|cohort|consensus|statement|protein|stain|equation|formula"
    r"|questionnaire|rules?|variant|strain|staging|stage|grade|definition|criterion|cohorts|viruses|nomogram"
    r"|knee rules?"
    r"|calculator|model|data|researchers?|investigators?|group|publications?|research"
    r"|approach|technique|procedure|method|incision|forceps|catheter|hemorrhagic|encephalitis|belt|process|agreement"
    r"|tv|news|post|times|heart study)\b",
    re.IGNORECASE,
)
"""What makes a score, a study or a disease of a place's name."""
SCALE_AFTER = re.compile(
    r"(?:[ ](?:(?-i:[A-Z][a-z]+)|knee|hip|ankle|shoulder|bowel|prep(?:aration)?|sleepiness|sleep|quality|coma"
    r"|postnatal|pain"
    r"|depression|anxiety|cognitive|disability|naming|stroke|handicap|health|risk|life|activity|function(?:al)?|syncope)){1,3}"
    r"[ ](?:scales?|scores?|index|assessment|criteria|classification|questionnaire|inventory|examination|rules?"
    r"|test)\b",
    re.IGNORECASE,
)
"""What makes a scale of a place's name, with what it measures between."""
SCALES = words_of(
    "deauville hamilton denver lugano glasgow ottawa oswestry bethesda rome milan montreal edinburgh bristol rotterdam"
    " sydney marburg nottingham vancouver lille lausanne atlanta tokyo balthazar toronto sokal epworth barcelona geneva"
) | {"van nuys", "los angeles"}
"""Places whose names scales and classes bear: with a number behind they are such."""

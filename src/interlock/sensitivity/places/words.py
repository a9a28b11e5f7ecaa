"""The words that addresses are made of, in the tongues in which the Latin world writes them."""

from __future__ import annotations

import re

from interlock.sensitivity.names.wording import words_of

STREET_TYPES = (
    "street|str|avenue|ave|av|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl|way|terrace|ter|circle|cir"
    "|parkway|pkwy|highway|hwy|trail|trl|square|sq|plaza|plz|alley|aly|close|crescent|cres|grove|gardens?|mews|row"
    "|walk|loop|run|path|pike|turnpike|tpke|expressway|expy|freeway|fwy|causeway|bend|cove|crossing|xing|point|pt"
    "|ridge|heights|hts|hill|hills|landing|manor|meadows?|mill|park|pass|view|vista|wharf|quay|rise|gate|green|parade"
    "|esplanade|chase|link|spur|track|route|rte|glen|hollow|creek|bypass|crest|extension|ext|promenade|drove|villas"
    "|estate|broadway|st"
)
STRONG_TYPES = words_of(
    "street avenue ave road rd boulevard blvd lane ln drive parkway pkwy highway hwy terrace crescent"
)
"""Those that are a street without a number too, after a capitalised name."""
PREFIX_TYPES = (
    r"rue|av\.|av|avenue|boulevard|bd|bld|chemin|all[ée]e|impasse|quai|route|ruelle|passage|cours|faubourg|esplanade"
    r"|villa|square|sentier|mont[ée]e|place|pl\.|via|viale|v\.le|piazza|p\.za|piazzale|corso|vicolo|largo|strada"
    r"|contrada|borgo|salita"
    r"|calle|c/|c\.|cl\.|avda\.?|avenida|avinguda|paseo|p[ºo]\.?|plaza|plza\.?|pza\.?|carrer|cami[nñ]o?|cam[ií]"
    r"|carretera|ctra\.?|ronda|traves[íi]a"
    r"|urbanizaci[óo]n|pasaje|callej[óo]n|glorieta|alameda|cuesta|r[úu]a|r\.|r|travessa|tv\.|pra[çc]a|estrada|quinta"
    r"|beco"
    r"|rodovia|ladeira|ul\.|ulica|aleja|aleje|al\.|pl|plac|osiedle|os\.|n[áa]m[ěe]st[íi]|t[řr][íi]da|ul|jalan|jl\.?"
    r"|jln\.?"
    r"|am|an der|an den|auf der|auf dem|im|in der|zum|zur|unter den|alte|alter|neue|kleine|gro(?:ß|ss)e|lieu-dit"
    r"|partida|poligono|pol[íi]gono|zona|bulevar(?:d|dul)?|strada|str\.|calea|soseaua|șoseaua|bul\.|trg|cesta"
    r"|avenija|rakpart"
)
PREFIX_STARTS = words_of(
    "rue av avenue boulevard bd bld chemin allée allee impasse quai route ruelle passage cours faubourg esplanade"
    " villa square sentier montée"
    " montee place pl via viale v piazza p piazzale corso vicolo largo strada contrada borgo salita calle c cl avda"
    " avenida avinguda paseo po pº"
    " plaza plza pza carrer cami camino camiño camin camí carretera ctra ronda travesía travesia urbanización"
    " urbanizacion pasaje callejón callejon glorieta"
    " alameda cuesta rúa rua r travessa tv praça praca estrada quinta beco rodovia ladeira ul ulica aleja aleje al"
    " plac osiedle os náměstí namesti námestí nameští"
    " třída trida tříd třidí jalan jl jln am an auf im in zum zur unter alte alter neue kleine große grosse lieu-dit"
    " partida poligono polígono zona bulevar"
    " bulevard bulevardul str calea soseaua șoseaua bul trg cesta avenija rakpart"
)
"""The first word of each of `PREFIX_TYPES`, small."""
WEAK_PREFIXES = frozenset(
    {
        "am",
        "an der",
        "an den",
        "auf der",
        "auf dem",
        "im",
        "in der",
        "zum",
        "zur",
        "unter den",
        "alte",
        "alter",
        "neue",
        "kleine",
        "grosse",
        "große",
        "r",
        "av",
        "pl",
        "c.",
        "ul",
        "passage",
        "route",
        "square",
        "villa",
        "place",
        "via",
        "zona",
        "cours",
        "largo",
        "pl.",
        "al.",
        "os.",
        "str.",
        "r.",
        "quinta",
        "plaza",
        "cl.",
        "bd",
        "borgo",
        "strada",
        "po",
        "pº",
        "po.",
    }
)
"""Words of everyday text as well: these need a number after the name, and a capital."""
SUFFIXES = (
    "straße",
    "strasse",
    "str",
    "gasse",
    "weg",
    "platz",
    "allee",
    "ring",
    "damm",
    "ufer",
    "steig",
    "graben",
    "markt",
    "hof",
    "chaussee",
    "promenade",
    "kamp",
    "stieg",
    "twiete",
    "gata",
    "gatan",
    "gate",
    "gaten",
    "gatu",
    "vei",
    "veien",
    "veg",
    "vegen",
    "vej",
    "vejen",
    "vägen",
    "väg",
    "vaegen",
    "vagen",
    "gade",
    "gaden",
    "stræde",
    "allé",
    "allén",
    "alleen",
    "alléen",
    "plads",
    "torv",
    "torg",
    "torget",
    "gränd",
    "stigen",
    "backen",
    "bakken",
    "straat",
    "laan",
    "plein",
    "kade",
    "gracht",
    "dijk",
    "dreef",
    "singel",
    "steenweg",
    "baan",
    "hof",
    "pad",
    "plantsoen",
    "lei",
    "katu",
    "tie",
    "kuja",
    "polku",
    "kaari",
    "raitti",
    "utca",
    "út",
    "útja",
    "tér",
    "tere",
    "körút",
    "krt",
    "sétány",
    "köz",
    "sor",
    "tänav",
    "tn",
    "tee",
    "pst",
    "mnt",
    "puiestee",
    "iela",
    "gatvė",
    "vegur",
    "stígur",
    "hóli",
    "holt",
    "braut",
    "ova",
    "eva",
    "ická",
    "ská",
    "cesta",
    "trg",
    "ulica",
    "brücke",
    "wijk",
    "hove",
    "markt",
    "hamn",
    "havn",
    "haugen",
    "løkka",
    "lia",
    "åsen",
    "gården",
    "gård",
    "gården",
    "parken",
    "park",
    "berg",
)
"""What compounds, or the word before the number, end with."""
UNIT = (
    r"(?:apt\.?|apartment|apto\.?|appt\.?|suite|ste\.?|unit|room|rm\.?|floor|flr?\.?|flat|bldg\.?|building|lot|trlr"
    r"|trailer"
    r"|space|dept\.?|penthouse|ph|level|piso|puerta|étage|bte\.?|lejlighed|wohnung|whg\.?|no\.?|nr\.?|n[º°]|#)"
    r"[ \t]?(?:#[ \t]?)?(?:[A-Za-z]?[\-]?[0-9]{1,5}[A-Za-z]?(?![0-9A-Za-z])|[A-Za-z](?![\w'’]))"
)
SAFE_UNIT = (
    r"(?:apt\.?|apartment|suite|ste\.)[ \t]?(?:#[ \t]?)?(?:[0-9]{1,5}[A-Za-z]?|[A-Z]-?[0-9]{1,4}|[A-Z])(?![\w%/])"
)
PO_BOX = (
    r"(?:p\.?[ \t]?o\.?[ \t]?box|post(?:al)? (?:office )?box|postfach|apartado(?: de correos)?|bo[îi]te postale"
    r"|b\.?p\.|postbus|casella postale"
    r"|gpo box|locked bag|private bag|caixa postal|pmb|psc[ \t][0-9]{1,5},?[ \t]{1,2}box"
    r"|unit[ \t][0-9]{1,5},?[ \t]{1,2}box|cmr[ \t][0-9]{1,5},?[ \t]{1,2}box"
    r"|rr[ \t]?[0-9]{1,3},?[ \t]box|hc[ \t]?[0-9]{1,3},?[ \t]box)[ \t]{0,2}(?:no\.?[ \t]|#[ \t]?)?[A-Z]?[0-9]{1,8}"
)
CONNECTORS = words_of(
    "de del della delle dello dei degli di da do dos das du des d la le les los las el al a u nad pod pri na ob v"
    " der den dem die das am an im in zu zur zum bei ob von van het 't ten ter op aan of the and & y e og och i upon"
    " sur sous near en saint sainte st o sub s près les-"
)
"""Small words inside names of places."""
NOT_STREET = words_of(
    "january february march april may june july august september october november december jan feb mar apr jun jul"
    " aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday day week month year room bed"
    " page table figure fig type stage grade level phase class step chapter section version part line question item"
    " number no mg ml dose score covid vitamin hba1c age aged bp hr rr temp pulse spo2 wbc hgb plt na k cl group grp"
    " order visit cycle case patient pt ext extension fax tel phone mobile cell office mrn ssn id account card"
    " invoice ticket ref reference policy member insurance dob plan protocol study trial site arm cohort model"
    " gleason apache gcs nyha asa ecog bmi weight height pain the a an and or of is was at on in for with to from by"
    " since until about over under than at least most per every q between around approximately total only just last"
    " next first old years hours minutes weeks months days times tablets mg/dl x medicare medicaid windows iso icd"
    " cpt hcpcs ndc loinc dsm phq gad chapter verse psalm title rule article form schedule box gate channel highway"
    " i we he she they it you my our his her their this that these those am pm has had have been were are be will"
    " please call see"
)
"""Words before a number that make no street of it."""
CUE = re.compile(
    r"(?:\baddress(?:es)?\b[^.\n]{0,40}|\b(?:lives?|lived|living|resid(?:es?|ed|ing)|located|situated|based|office"
    r"|offices|home|house|store|shop|clinic|property|apartment"
    r"|stays?|staying|meet(?:ing)?|be|moved|moving|live)\b[^.\n]{0,24}\b(?:at|in|on|is|to)\s|\b(?:sent?|ship(?:ped)?"
    r"|mail(?:ed)?|deliver(?:ed)?|return(?:ed)?|taxi|cab|uber|ride"
    r"|drive|go|going|come|coming|invite|arrived?|forward(?:ed)?|send|directions|bill(?:ed)?|enter|entrance|where"
    r"|it['’]?s in)\b[^.\n]{0,32}\b(?:at|to|on|in|is|:)\s"
    r"|\brefers to\s|\bwhere:\s|\bcorner of\s|\badd?ress?:?\s|\bdom(?:icile|icilio|icilié)\b[^.\n]{0,12}\s"
    r"|\b(?:adresse|dirección|direccion|indirizzo|endereço|adres|anschrift)\b\W{1,3})$",
    re.IGNORECASE,
)
"""What says, just before, that an address follows."""

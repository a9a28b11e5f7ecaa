"""The words that addresses are made of, in the tongues in which the Latin world writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from interlock.sensitivity.names.wording import words_of

_PREFIXES = """
    rue|av|avenue|boulevard|bd|bld|chemin|allée|allee|impasse|rang|quai|route|ruelle|passage|cours|faubourg|esplanade|villa
    |square|sentier|montée|montee|place|pl|via|viale|v.le|piazza|piazzetta|p.za|piazzale|corso|vicolo|largo|strada
    |contrada|borgo|salita|stretto|incrocio|canale|rotonda|lungomare|lungotevere|traversa|località|frazione
    |calle|c/|c|cl|avda|avenida|avinguda|paseo|pº|pso|plaza|plza|pza|carrer|cam|camino|camiño|camí|cami|carretera|ctra
    |ronda|rambla|travesía|travesia|urbanización|urbanizacion|pasaje|callejón|callejon|glorieta|alameda|cuesta|acceso
    |andador|calzada|cañada|carrera|cerrada|circuito|corredor|diagonal|eje vial|periférico|peatonal|privada|prolongación
    |retorno|vial|viaducto|jirón|jiron|jr|pasadizo|rinconada|cañada|campo|barrio|bulevar|bulevard|bulevardul|boulevardul
    |rúa|rua|r|travessa|tv|praça|praca|estrada|quinta|beco|rodovia|ladeira|viela|vereda|chácara|chacara|fazenda|sítio
    |condomínio|residencial|recanto|loteamento|conjunto|setor|trecho|núcleo|passarela|parque|jardim|vila|lagoa|morro
    |esplanada|pátio|favela|feira|colônia|distrito
    |ul|ulica|aleja|aleje|al|plac|osiedle|os|rynek|skwer|bulwar|rondo|ulice|náměstí|namesti|třída|trida|nábřeží
    |jalan|jl|jln|gang|gg|barangay|brgy|purok|sitio
    |am|an der|an den|auf der|auf dem|im|in der|zum|zur|unter den|alte|alter|neue|kleine|große|grosse|lieu-dit
    |partida|poligono|polígono|zona|str|calea|soseaua|șoseaua|bul|trg|cesta|avenija|rakpart|aleea|drumul|intrarea|piața
    |splaiul|stradela|fundătura|perivoj|prilaz|prolaz|put|šetalište|obala|odvojak|vijenac
    |bulevar kralja|bld|k|u|pod|nad|za|na
"""
PREFIX_TYPES = frozenset(" ".join(each.split()) for each in _PREFIXES.split("|"))
"""What stands before a street's name in most tongues."""
PREFIX_STARTS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        first: tuple(each for each in PREFIX_TYPES if each == first or re.match(rf"{first}[\W]", each))
        for first in {re.findall(r"[^\W\d_]+", each)[0] for each in PREFIX_TYPES}
    }
)
"""The first letters of each in a row -> those that begin so."""
WEAK_PREFIXES = frozenset(
    each.strip()
    for each in [
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
        "c",
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
        "al",
        "os",
        "str",
        "quinta",
        "plaza",
        "cl",
        "bd",
        "borgo",
        "strada",
        "avenue",
        "boulevard",
        "campo",
        "gang",
        "put",
        "obala",
        "diagonal",
        "circuito",
        "corredor",
        "privada",
        "barrio",
        "parque",
        "vila",
        "jardim",
        "distrito",
        "acceso",
        "rondo",
        "canale",
        "sitio",
        "carrera",
        "conjunto",
        "residencial",
        "trecho",
        "feira",
        "setor",
        "recanto",
        "stretto",
        "partida",
        "vial",
        "cam",
        "k",
        "u",
        "pod",
        "nad",
        "za",
        "na",
        "jr",
        "gg",
        "retorno",
        "trg",
        "calea",
        "colônia",
        "esplanada",
        "esplanade",
        "traversa",
        "tv",
        "rotonda",
        "cuesta",
        "bul",
        "put",
        "prolaz",
        "plac",
    ]
)
"""Words of everyday text as well: these need a number after the name, and a capital."""
SUFFIXES = tuple(
    words_of(
        "straße strasse str gasse weg platz allee ring damm ufer steig graben markt hof chaussee promenade kamp"
        " stieg twiete wall zeile pfad brücke winkel anger gata gatan gate gaten gatu vei veien veg vegen vej"
        " vejen vägen väg vaegen vagen gade gaden stræde strædet vænget toften allé allén alleen alléen plads"
        " pladsen torv torvet torg torget torvgata gränd gränden stigen stien backen bakken jordet kroken svingen"
        " tunet sletta stubben løkka enga toppen ringen plassen leden kajen esplanaden straat laan plein kade"
        " gracht dijk dreef singel steenweg baan hof pad plantsoen steeg erf lei katu tie kuja polku kaari raitti"
        " väylä rinne ranta tori bulevardi aukio penger esplanadi utca út útja tér tere körút körútja krt sétány"
        " köz sor fasor dűlő tänav tn tee pst mnt puiestee iela gatvė vegur stígur hóli holt braut ova eva ická"
        " ská cesta trg ulica wijk hove hamn havn haugen lia åsen gården gård parken park berg prečac prilaz"
        " odvojak sokak sokağı caddesi cadde bulvarı mahallesi"
    )
)
"""What compounds, or the word before the number, end with."""
UNIT = (
    r"(?:#[0-9]{2}-[0-9]{2,5}|(?:road|rd\.?|sector|phase|lane|street|cross|block|plot|house)[ \t]"
    r"(?:no\.?[ \t]?)?[0-9]{1,4}[A-Za-z]?(?!\w)"
    r"|(?:apt\.?|apartment|apto\.?|appt\.?|suite|ste\.?|unit|room|rm\.?|floor|flr?\.?|flat|bldg\.?|building|lot|trlr"
    r"|trailer|space|dept\.?|penthouse|ph|level|piso|puerta|étage|bte\.?|boîte|bus|lejlighed|wohnung|whg\.?|no[.:]?|nr\.?"
    r"|n[º°]|#|bl\.|sc\.|ap\.|et\.|edif\.?|edificio|depto\.?|dpto\.?|int\.|interior|esc\.|escalera|lgh|lok\.|m\.|kat:?|d:"
    r"|bât\.?|batiment|bâtiment|bloc|block|blk|tower|studio|casa|lote|local|stair|appartamento|interno|interior|daire:?|k:)"
    r"[ \t]{0,2}(?:#[ \t]?)?(?:[A-Za-z]?[\-]?[0-9]{1,5}[A-Za-z]?(?![0-9A-Za-z])|[A-Za-z](?![\w'’]))"
    r"|[0-9]{1,2}(?:[ºª]|\.[ \t](?=tv|th|mf|sal))[ \t]?(?:[A-Za-z](?![\w'’])|tv|th|mf|sal|dcha|izda|izq)?\.?"
    r"|r/c(?:[ \t](?:esq|dto|dir|frente)\.?)?)"
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
    "january february march april may june july august september october november december jan feb mar apr jun"
    " jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday day week month year"
    " room bed page table figure fig type stage grade level phase class step chapter section version part line"
    " question item number no mg ml dose score covid vitamin hba1c age aged bp hr rr temp pulse spo2 wbc hgb plt"
    " na k cl group grp order visit cycle case patient pt ext extension fax tel phone mobile cell office mrn ssn"
    " id account card invoice ticket ref reference policy member insurance dob plan protocol study trial site arm"
    " cohort model gleason apache gcs nyha asa ecog bmi weight height pain the a an and or of is was at on in for"
    " with to from by since until about over under than at least most per every q between around approximately"
    " total only just last next first old years hours minutes weeks months days times tablets mg/dl x medicare"
    " medicaid windows iso icd cpt hcpcs ndc loinc dsm phq gad chapter verse psalm title rule article form"
    " schedule box gate channel highway i we he she they it you my our his her their this that these those am pm"
    " address has had have been were are be will please call see"
)
"""Words before a number that make no street of it."""
FUNCTION = words_of(
    "a an the of and or in on at to for with from by was were is are be had has have no not per every once old year"
    " years month months week weeks day days hour hours mg ml mcg g kg cm mm tablet tablets x times more other his"
    " her their my our your this that these those as if then so but patient patients pt male female man woman people"
    " family steps miles blocks minutes min units unit prior only over under after before via than wanted very lb"
    " lbs pounds puffs mmhg pm am new major minor key main different distinct long short low high degree degrees"
    " point points out up down all another"
)
"""Small words of sentences, and what numbers count."""
STATE_CODES = words_of(
    "AA AE AK AL AP AR AS AZ CA CO CT DC DE FL FM GA GU HI IA ID IL IN KS KY LA MA MD ME MH MI MN MO MP MS MT NC ND"
    " NE NH NJ NM NV NY OH OK OR PA PR PW RI SC SD TN TX UT VA VI VT WA WI WV WY"
)
"""What stands for a state, a territory or a military region in US addresses (USPS Publication 28, appendix B)."""

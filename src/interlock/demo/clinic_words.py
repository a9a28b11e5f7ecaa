"""Small word lists, written for the demo clinic. None of it is about anybody."""

# ruff: noqa: SIM905  a list of words is read as words

from __future__ import annotations

GIVEN_FEMALE = (
    "Adela Agnes Alma Amara Anneke Beatriz Brida Calla Carmela Chiara Delphine Dorothea Edith Eluned Esme Fatima Fenna "
    "Flora Greta Hanako Harriet Ilse Imogen Ines Jelena Johanna Kamila Katerina Leonie Lucinda Mabel Marisol Meera "
    "Nadia Noemi Odette Olympia Paloma Petra Priya Renata Rosalind Saanvi Sabine Silvana Tamsin Thea Ursula Valeria "
    "Wilhelmina Ximena Yara Yolanda Zainab Zelda"
).split()

GIVEN_MALE = (
    "Abel Alaric Anselm Arturo Baptiste Benedikt Bruno Caspian Cormac Darius Desmond Dmitri Edmund Emeka Enzo Fabian "
    "Farid Felix Gideon Gustavo Hamish Hiroshi Ignacio Isidor Ivo Jasper Jorge Kaveh Kofi Lambert Leopold Lorenzo "
    "Magnus Mateus Milos Nikolai Octavio Omar Otto Pascal Quentin Rafael Rohan Rufus Sandor Santiago Stellan Tariq "
    "Thaddeus Tobias Umberto Viktor Wendell Xavier Yusuf Zoltan"
).split()

FAMILY = (
    "Abernathy Adeyemi Alvarado Amsel Ashdown Bakshi Banerjee Barrowman Bellweather Bergstrom Birdsong Blackthorn "
    "Bogdanov Brambilla Cabrera Caldwell Castellano Chaudhry Cloverdale Cordoba Crane Dalgaard Deschamps Dimitrov "
    "Dunmore Eastwick Echeverria Eklund Fairweather Farrow Fontaine Fujimoto Gallagher Garibaldi Ghorbani Goldfinch "
    "Greenhalgh Guerrero Haddad Halvorsen Hargrove Hawksworth Hoshino Ibarra Iyengar Jablonski Jorgensen Kaminski "
    "Kapoor Kettleby Kowalczyk Lachance Lindqvist Lockhart Macalister Maldonado Marchetti Mbeki Merriweather Montoya "
    "Nakagawa Navarro Nightingale Novak Obando Okonkwo Oyelaran Papadakis Pemberton Petrosyan Quintero Ramaswamy "
    "Ravenscroft Rosario Sakamoto Salgado Sandoval Schreiber Sepulveda Silverwood Szabo Takahara Thistlewood Tolliver "
    "Underhill Vandermeer Vasquez Villanueva Wetherby Wintergreen Wolanski Yamashiro Yardley Zabala Zielinski"
).split()

STREETS = (
    "Alder Aspen Bayberry Birchwood Bluebell Canyon Cedar Chestnut Clearwater Cypress Dogwood Elderberry Foxglove "
    "Granite Harbor Hawthorn Heather Hickory Juniper Larkspur Laurel Linden Magnolia Meadow Mulberry Orchard "
    "Pinecone Quarry Redbud Rosewood Sagebrush Sandstone Sycamore Tamarack Tulip Walnut Willow Wisteria"
).split()

STREET_KINDS = ("Street", "Avenue", "Lane", "Road", "Drive", "Court")

# city, state, first three digits of its zip codes, telephone area code, weight
CITIES = (
    ("Fresno", "CA", "937", "559", 6),
    ("Oakland", "CA", "946", "510", 6),
    ("San Diego", "CA", "921", "619", 8),
    ("Reno", "NV", "895", "775", 5),
    ("Las Vegas", "NV", "891", "702", 6),
    ("Portland", "OR", "972", "503", 7),
    ("Eugene", "OR", "974", "541", 4),
    ("Spokane", "WA", "992", "509", 5),
    ("Tacoma", "WA", "984", "253", 6),
    ("Boise", "ID", "837", "208", 5),
    ("Tucson", "AZ", "857", "520", 6),
    ("Flagstaff", "AZ", "860", "928", 3),
    ("Provo", "UT", "846", "801", 5),
    ("Santa Fe", "NM", "875", "505", 4),
)

LANGUAGES = ("en", "en", "en", "en", "es", "es", "zh", "tl", "vi", "ru")
RELATIONS = ("sister", "brother", "spouse", "mother", "father", "daughter", "son", "friend", "neighbor")
TIMES = ("mornings", "afternoons", "evenings", "weekends")
EMAIL_HOSTS = ("example.com", "example.net", "example.org")  # RFC 2606: nobody's
PAYERS = ("Cascade Mutual", "Golden Valley Health", "Northlight Plan", "Pioneer Shield", "Sierra Benefit", "Self-pay")
CLAIM_STATES = ("paid", "paid", "paid", "submitted", "denied", "appealed")

DEPARTMENTS = (
    ("Primary care", 1),
    ("Emergency", 1),
    ("Cardiology", 2),
    ("Endocrinology", 2),
    ("Orthopedics", 3),
    ("Pediatrics", 3),
    ("Behavioral health", 4),
    ("Laboratory", 0),
)
ROLES = ("physician", "nurse", "nurse practitioner", "medical assistant", "technician", "registrar")

# reason for the visit, ICD-10-CM code, what a note says of it
REASONS = (
    ("follow-up of high blood pressure", "I10", "Home readings run high in the morning; dose adjusted."),
    ("type 2 diabetes check", "E11.9", "A1c discussed, feet examined, eye examination due."),
    ("shortness of breath", "R06.02", "Lungs clear, no swelling; inhaler technique shown."),
    ("low back pain", "M54.50", "No red flags; stretching plan and a recheck in six weeks."),
    ("anxiety", "F41.9", "Sleeps poorly since moving; counseling offered and accepted."),
    ("asthma flare", "J45.901", "Wheeze on both sides, better after one treatment."),
    ("sprained ankle", "S93.401A", "Swollen, stable; brace fitted and weight as tolerated."),
    ("migraine", "G43.909", "Four attacks this month, light is the trigger; diary started."),
    ("annual physical", "Z00.00", "No complaints, vaccines brought up to date."),
    ("high cholesterol", "E78.5", "Diet reviewed, labs in three months."),
    ("thyroid check", "E03.9", "Feels tired and cold; level drawn today."),
    ("depressive episode", "F32.9", "Mood low for a month, no thoughts of harm; plan agreed."),
)
ENCOUNTER_KINDS = ("office", "office", "office", "telehealth", "emergency", "inpatient")

MEDICATIONS = (
    ("lisinopril", "10 mg daily"),
    ("metformin", "500 mg twice daily"),
    ("albuterol", "2 puffs as needed"),
    ("atorvastatin", "20 mg at night"),
    ("sertraline", "50 mg daily"),
    ("levothyroxine", "75 mcg daily"),
    ("ibuprofen", "400 mg with food"),
    ("sumatriptan", "50 mg at onset"),
    ("amlodipine", "5 mg daily"),
    ("omeprazole", "20 mg before breakfast"),
)

NOTE_FORMS = (
    "{given} {family} (DOB {birth}, record {mrn}) seen on {day} for {reason}. {finding} Will call {phone}.",
    "Phone call with {family}, {given}: {reason}. {finding} Confirmed address {street}, {city} {zip}.",
    "{day}. Patient {given} {family}, member {member}, here for {reason}. {finding} Summary sent to {email}.",
    "Intake: {given} {family}, SSN {ssn} checked against card, record {mrn}. Reason: {reason}. {finding}",
    "{reason}: {finding} {relation} {contact} may be told, reached at {contact_phone}. - for {given}, {day}",
)

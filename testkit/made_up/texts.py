"""The texts: sentences, clinicians' questions, notes, tables and logs, and clean ones of each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from testkit.made_up.marked import Marked, filled, lowered
from testkit.made_up.people import People

_PROSE: Final = """\
My name is {name} and I'd like to change my delivery to {address}.
Could you tell {given} that the meeting with {titled} moved to {odate}?
{name} was born in {place} and moved to {country} in the nineties.
Please send the invoice for card {card} to {email}.
hey, it's {given} from accounting, call me back at {phone} when you can
The flight from {place} to {place} was late again, and {given} missed the connection.
Our office is at {street}, {us_place}. Ask for {name} at the desk.
I lost my card, the number was {card}, can you block it? Thanks, {given} {family}
IBAN of the landlord: {iban}. He is called {name}.
Album of the year, says {name} in the Herald: {family}'s band has never played better.
Directed by {name} and starring {name}, the film opened in {place} last spring.
From: {name} <{email}>
{given}: did you see the mail from {family}?
The package went to {name}, {address} by mistake.
I live in {place}, {country}, and my landlord {titled} won't answer at {phone}.
We were at school together in {place}; her maiden name was {family}.
Payment of 45.20 received from {iban}, reference {given} {family}.
Ticket opened by {email} from {ip}: site {url} is down.
You can reach my wife {given} at {phone} or {email}.
SSN {ssn}, born {date}, licence number {licence}.
{name}, {name} and {name} signed the lease for {street} in {place}.
Is there a store near {us_place}? I'm staying with {titled} until {date}."""

_QUESTIONS: Final = """\
Best second-line therapy for a {age}-year-old woman with gout, {name}, followed at {facility} since {odate}?
Interactions between clarithromycin and simvastatin in {titled}'s patient, MRN {mrn}, admitted {date}.
pt {name}, {age}M, seen by {titled} at {facility} on {date}, new onset afib - anticoagulate? mrn: {mrn}
Is metformin safe with an eGFR of 28? Patient {given} {family} (member ID {member}) lives in {us_place}.
Work-up for chronic cough in a {age} yo smoker referred from {facility}, contact {phone}, on {date}.
What does an elevated lactate mean in sepsis for {name} (MRN#{mrn}), transferred from {facility}?
Management of shingles in my patient {given}, who visited our {us_place} office on {odate}.
Duration of DAPT after a stent: {name}, DOB {date}, SSN {ssn}, insurance number {member}.
Dose of apixaban for a {age}-year-old male from {us_place} with CrCl 40, {name}, email {email}?
Should {titled} stop lisinopril before surgery on {date} at {facility}? Patient ID: {mrn}."""

_NOTE: Final = """\
{facility}
DISCHARGE SUMMARY

Patient: {name}    MRN: {mrn}    DOB: {date}
Admitted: {date}   Discharged: {date}
Attending: {titled}
PCP: {name}, MD   Fax: {fax}

HISTORY OF PRESENT ILLNESS
The patient is a {age}-year-old retired teacher from {us_place} with hypertension, type 2 diabetes and chronic kidney
disease stage 3 who presented on {odate} with two days of productive cough and fever to 38.9. His daughter {given} drove
him from {place}. He was seen at {facility} last month, where a chest film was read as clear. He denies chest pain.

HOSPITAL COURSE
1. Pneumonia. Ceftriaxone and azithromycin were started in the emergency department. Blood cultures stayed negative at
48 hours. Oxygen was weaned by day 3. Case discussed with {titled} of pulmonology.
2. Acute kidney injury. Creatinine peaked at 2.4 mg/dL and fell to 1.5 with fluids. Lisinopril was held.
3. Diabetes. A1c 8.1%. Metformin held, sliding scale insulin given, glucose 110 to 180.

MEDICATIONS AT DISCHARGE
Amoxicillin-clavulanate 875 mg by mouth twice daily for 5 days; amlodipine 5 mg daily; atorvastatin 40 mg at night.

FOLLOW-UP
With {name} at {facility} on {date}. Call {phone} for fever, dyspnea or confusion. Pending: sputum culture, accession
{device}. Home oxygen by {phone}. Mailing address {street}, {us_place} {zip}. Health plan ID {member},
account {account}.

Dictated by {name}, MD on {date}. cc: {titled}
Electronically signed: {titled} {date}
"""

_CLEAN_NOTE: Final = """\
HISTORY OF PRESENT ILLNESS
The patient is a {age}-year-old with hypertension, type 2 diabetes and Parkinson's disease who presented with two days
of productive cough and fever to 38.9. Heart rate 104, blood pressure 142/88, saturation 91% on room air. Babinski
absent, Murphy sign negative, Glasgow Coma Scale 15, CHA2DS2-VASc {age}/9, Wells score low.

ASSESSMENT AND PLAN
1. Community-acquired pneumonia. Ceftriaxone 1 g IV daily and azithromycin 500 mg for 5 days. CURB-65 of 2.
2. Acute kidney injury. Creatinine 2.4 mg/dL, baseline 1.5. Hold lisinopril, give lactated Ringer's at 100 mL/h.
3. Diabetes. A1c 8.1%. Hold metformin; sliding scale, glucose checks every 6 hours; Foley catheter out on day 2.
"""

_CLEAN: Final = """\
What is the first-line treatment of Graves' disease in a {age}-year-old woman?
Does the Framingham risk score hold for people over 75?
Compare apixaban and warfarin for stroke prevention, citing ARISTOTLE and RE-LY.
How do I taper prednisone after a Crohn's flare lasting {number} days?
Is a blood pressure of 150/90 acceptable in a {age} year old with CKD stage 3?
Latest KDIGO guidance on SGLT2 inhibitors such as empagliflozin and dapagliflozin?
Side effects of combining sertraline 50 mg with tramadol?
The build failed at step {number} of 512: undefined reference to main.
Reading the manual may help, and so will patience.
Orders above 50.00 ship free until the end of the week; returns take 14 days.
Why does Excel show 1.2E+15 instead of the full number?
When should Child-Pugh class B patients with hepatitis C be referred for transplant evaluation?
The May release drops support for Windows 8 and adds a dark theme.
What's the sensitivity of the Phalen and Tinel tests for carpal tunnel syndrome?
Summarise the Sepsis-3 definitions and the role of qSOFA in the emergency department.
Version 3.11.2 fixes issue 106052; see the changelog for 2024.
Which beta-blocker is preferred in heart failure: carvedilol, bisoprolol or metoprolol succinate?
Interpret: Na 132, K 5.1, Cl 98, HCO3 18, BUN 42, Cr 2.3, glucose 212."""

_RECORDS: Final = """\
{{"patient": "{name}", "ssn": "{ssn}", "dob": "{date}", "phone": "{phone}", "active": true, "visits": {number} }}
{date} 14:02:11 INFO login user={email} ip={ip} status=200 ms={number}
{number},{family},{given},{ssn},{phone},{email},{street}
INSERT INTO patients (mrn, last_name, zip) VALUES ('{mrn}', '{family}', '{zip}');
| {name} | MRN: {mrn} | {date} | glucose {number} |
WARN payment declined card={card} amount={number}.00 customer={email}
device {device} mac {mac} reported from {ip}
vehicle VIN: {vin}, licence plate {plate}, owner {name}
To: {email}; Subject: results for account {account}
member_id={member} fax={fax} iban={iban}
GET {url}?page={number} from {ip} 200 {number}"""


def _lines(text: str) -> list[str]:
    return text.splitlines()


def _filled(kind: str, seed: int, count: int, templates: Sequence[str], low: float) -> Sequence[Marked]:
    people, chance = People(seed), random.Random(seed)  # noqa: S311  the same each time is the point
    makers = people.makers()
    made = []
    for at in range(count):
        marked = filled(f"{kind}-{at}", templates[at % len(templates)], makers)
        made.append(lowered(marked) if chance.random() < low else marked)
    return made


def prose(seed: int, count: int) -> Sequence[Marked]:
    """Sentences as people write them to a service desk, a friend, a newspaper; one in ten in lower case."""
    return _filled("prose", seed, count, _lines(_PROSE), 0.1)


def questions(seed: int, count: int) -> Sequence[Marked]:
    """Clinicians' questions that name a patient."""
    return _filled("question", seed, count, _lines(_QUESTIONS), 0.05)


def notes(seed: int, count: int) -> Sequence[Marked]:
    """Discharge summaries of about 2,000 characters."""
    return _filled("note", seed, count, [_NOTE], 0.0)


def clean_notes(seed: int, count: int) -> Sequence[Marked]:
    """Notes without an identifier."""
    return _filled("clean-note", seed, count, [_CLEAN_NOTE], 0.0)


def clean(seed: int, count: int) -> Sequence[Marked]:
    """Sentences without an identifier, with whatever looks like one."""
    return _filled("clean", seed, count, _lines(_CLEAN), 0.0)


def records(seed: int, count: int) -> Sequence[Marked]:
    """Lines of tables, logs, dumps and JSON."""
    templates = [each.replace("{{", "\ue000").replace("}}", "\ue001") for each in _lines(_RECORDS)]
    made = _filled("record", seed, count, templates, 0.0)
    return [Marked(m.id, m.text.replace("\ue000", "{").replace("\ue001", "}"), m.spans) for m in made]

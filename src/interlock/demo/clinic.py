"""The demo clinic: synthetic patients by seed, with PHI in columns, in JSON and inside notes.

The same seed and count give the same rows, on any machine. Social security numbers lie where none was ever issued (area
9xx, group below 50), telephone numbers in 555-01xx, mail at example domains. Nobody is born on the first of a month, so
a date cut to its month or year never equals a real one.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from interlock.demo import clinic_words as words

SEED = 20261
PATIENTS = 5000
STAFF = 60
_TODAY = datetime(2026, 6, 1, tzinfo=UTC)  # fixed: the clinic of one seed never changes


class Department(NamedTuple):
    """Where care happens."""

    id: int
    name: str
    floor: int


class StaffMember(NamedTuple):
    """Who works there."""

    id: int
    given_name: str
    family_name: str
    role: str
    email: str
    department_id: int


class Patient(NamedTuple):
    """A patient; `preferences` is JSON with PHI inside."""

    id: int
    mrn: str
    ssn: str
    given_name: str
    family_name: str
    birth_date: date
    sex: str
    phone: str
    email: str
    street: str
    city: str
    state: str
    zip: str
    insurance_member_id: str
    preferences: str
    created_at: datetime


class Encounter(NamedTuple):
    """A visit."""

    id: int
    patient_id: int
    department_id: int
    staff_id: int
    kind: str
    started_at: datetime
    ended_at: datetime
    reason: str
    diagnosis_code: str


class Note(NamedTuple):
    """Free text about a visit, with PHI inside."""

    id: int
    encounter_id: int
    patient_id: int
    author_id: int
    written_at: datetime
    body: str


class Medication(NamedTuple):
    """What was prescribed."""

    id: int
    patient_id: int
    encounter_id: int
    drug: str
    dose: str
    started_on: date


class Claim(NamedTuple):
    """What was billed."""

    id: int
    patient_id: int
    encounter_id: int
    payer: str
    member_id: str
    amount: Decimal
    status: str
    submitted_on: date


@dataclass(frozen=True, slots=True)
class Clinic:
    """All rows of one clinic."""

    departments: Sequence[Department]
    staff: Sequence[StaffMember]
    patients: Sequence[Patient]
    encounters: Sequence[Encounter]
    notes: Sequence[Note]
    medications: Sequence[Medication]
    claims: Sequence[Claim]

    @property
    def tables(self) -> Mapping[str, Sequence[NamedTuple]]:
        """Rows by table, in an order that foreign keys allow."""
        return {
            "departments": self.departments,
            "staff": self.staff,
            "patients": self.patients,
            "encounters": self.encounters,
            "notes": self.notes,
            "medications": self.medications,
            "claims": self.claims,
        }


def make_clinic(patients: int = PATIENTS, seed: int = SEED) -> Clinic:
    """The clinic of this seed with this many patients."""
    rng = random.Random(seed)
    staff = [_staff_member(rng, number) for number in range(1, STAFF + 1)]
    people = _patients(rng, patients)
    encounters: list[Encounter] = []
    notes: list[Note] = []
    medications: list[Medication] = []
    claims: list[Claim] = []
    for patient in people:
        for _ in range(rng.choice((1, 1, 2, 2, 3))):
            encounter, finding = _encounter(rng, len(encounters) + 1, patient)
            encounters.append(encounter)
            notes.append(_note(rng, len(notes) + 1, patient, encounter, finding))
            if rng.random() < 0.6:
                medications.append(_medication(rng, len(medications) + 1, encounter))
            if rng.random() < 0.8:
                claims.append(_claim(rng, len(claims) + 1, patient, encounter))
    departments = [Department(n, name, floor) for n, (name, floor) in enumerate(words.DEPARTMENTS, 1)]
    return Clinic(departments, staff, people, encounters, notes, medications, claims)


def _staff_member(rng: random.Random, number: int) -> StaffMember:
    given = rng.choice(words.GIVEN_FEMALE + words.GIVEN_MALE)
    family = rng.choice(words.FAMILY)
    email = f"{given}.{family}{number}@clinic.example".lower()
    return StaffMember(number, given, family, rng.choice(words.ROLES), email, rng.randint(1, len(words.DEPARTMENTS)))


def _patients(rng: random.Random, count: int) -> list[Patient]:
    ssns = rng.sample(range(100 * 49 * 9999), count)
    mrns = rng.sample(range(10_000_000), count)
    members = rng.sample(range(10**9), count)
    weights = [city[4] for city in words.CITIES]
    return [
        _patient(rng, n, _ssn(ssns[n - 1]), f"MRN-{mrns[n - 1]:07d}", members[n - 1], weights)
        for n in range(1, count + 1)
    ]


def _ssn(number: int) -> str:
    """Area 900 to 999, group 01 to 49, serial 0001 to 9999: of the right form and never issued."""
    area, rest = divmod(number, 49 * 9999)
    group, serial = divmod(rest, 9999)
    return f"{900 + area}-{group + 1:02d}-{serial + 1:04d}"


def _patient(rng: random.Random, n: int, ssn: str, mrn: str, member: int, weights: Sequence[int]) -> Patient:
    sex = rng.choice(("female", "male"))
    given = rng.choice(words.GIVEN_FEMALE if sex == "female" else words.GIVEN_MALE)
    family = rng.choice(words.FAMILY)
    city, state, zip3, area, _ = rng.choices(words.CITIES, weights)[0]
    phone = _phone(rng, area)
    return Patient(
        id=n,
        mrn=mrn,
        ssn=ssn,
        given_name=given,
        family_name=family,
        birth_date=date(rng.randint(1932, 2024), rng.randint(1, 12), rng.randint(2, 28)),
        sex=sex,
        phone=phone,
        email=f"{given}.{family}{rng.randint(10, 9999)}@{rng.choice(words.EMAIL_HOSTS)}".lower(),
        street=f"{rng.randint(100, 9899)} {rng.choice(words.STREETS)} {rng.choice(words.STREET_KINDS)}",
        city=city,
        state=state,
        zip=f"{zip3}{rng.randint(1, 99):02d}",
        insurance_member_id=f"{rng.choice('CGNPS')}{rng.choice('ABCDEFGH')}{member:09d}",
        preferences=_preferences(rng, family, area, phone),
        created_at=_TODAY - timedelta(seconds=rng.randrange(5 * 365 * 86400)),
    )


def _phone(rng: random.Random, area: str) -> str:
    return f"({area}) 555-01{rng.randrange(100):02d}"


def _preferences(rng: random.Random, family: str, area: str, phone: str) -> str:
    contact = f"{rng.choice(words.GIVEN_FEMALE + words.GIVEN_MALE)} {family}"
    return json.dumps(
        {
            "language": rng.choice(words.LANGUAGES),
            "contact": {"by": "phone", "number": phone, "when": rng.choice(words.TIMES)},
            "emergency": {"name": contact, "relation": rng.choice(words.RELATIONS), "phone": _phone(rng, area)},
        }
    )


def _encounter(rng: random.Random, n: int, patient: Patient) -> tuple[Encounter, str]:
    reason, code, finding = rng.choice(words.REASONS)
    started = patient.created_at + timedelta(minutes=rng.randrange(1, 40 * 1440))
    ended = started + timedelta(minutes=rng.randrange(10, 240))
    department = rng.randint(1, len(words.DEPARTMENTS))
    kind = rng.choice(words.ENCOUNTER_KINDS)
    return Encounter(n, patient.id, department, rng.randint(1, STAFF), kind, started, ended, reason, code), finding


def _note(rng: random.Random, n: int, patient: Patient, encounter: Encounter, finding: str) -> Note:
    emergency = json.loads(patient.preferences)["emergency"]
    body = rng.choice(words.NOTE_FORMS).format(
        given=patient.given_name,
        family=patient.family_name,
        birth=patient.birth_date.strftime("%m/%d/%Y"),
        mrn=patient.mrn,
        ssn=patient.ssn,
        day=encounter.started_at.strftime("%B %d, %Y"),
        reason=encounter.reason,
        finding=finding,
        phone=patient.phone,
        email=patient.email,
        member=patient.insurance_member_id,
        street=patient.street,
        city=patient.city,
        zip=patient.zip,
        relation=emergency["relation"].capitalize(),
        contact=emergency["name"],
        contact_phone=emergency["phone"],
    )
    return Note(n, encounter.id, patient.id, encounter.staff_id, encounter.ended_at + timedelta(minutes=5), body)


def _medication(rng: random.Random, n: int, encounter: Encounter) -> Medication:
    drug, dose = rng.choice(words.MEDICATIONS)
    return Medication(n, encounter.patient_id, encounter.id, drug, dose, encounter.started_at.date())


def _claim(rng: random.Random, n: int, patient: Patient, encounter: Encounter) -> Claim:
    submitted = encounter.ended_at.date() + timedelta(days=rng.randint(1, 20))
    amount = Decimal(rng.randrange(4_000, 400_000)) / 100
    payer, status = rng.choice(words.PAYERS), rng.choice(words.CLAIM_STATES)
    return Claim(n, patient.id, encounter.id, payer, patient.insurance_member_id, amount, status, submitted)

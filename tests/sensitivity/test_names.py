"""The detector of names: what it must find, and what it must leave alone."""

from __future__ import annotations

import functools
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.app.gazetteers import load_tables
from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.detectors.names import Names
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.eponyms import EPONYMS
from interlock.sensitivity.passage import Layer, Passage


@functools.cache
def _names() -> Names:
    return Names(load_tables())


def _found(text: str) -> list[str]:
    return [text[f.start : f.end] for f in _names().find(Passage(text))]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Seen by Dr. Anna Smith.", ["Dr. Anna Smith"]),
        ("Noted by Mrs. L. Hernandez today", ["Mrs. L. Hernandez"]),
        ("Mr. O. is a 54M", ["Mr. O."]),
        ("RN Tamika Brooks noted it", ["RN Tamika Brooks"]),
        ("for a 62-year-old male, James T., seen twice", ["James T."]),
        ("Signed: Harold J. Okonkwo, MD", ["Harold J. Okonkwo, MD"]),
        ("Keith Bult Jr. called", ["Keith Bult Jr."]),
        ("cc: P. Venkataraman MD; L. O'Malley MD", ["P. Venkataraman MD", "L. O'Malley MD"]),
        ("Ludwig van Beethoven and Heidi van der Vlist", ["Ludwig van Beethoven", "Heidi van der Vlist"]),
        ("spoke with Anne-Marie O'Sullivan-Ward", ["Anne-Marie O'Sullivan-Ward"]),
        ("her husband, Tomás, and her son Xavier", ["Tomás", "Xavier"]),
        ("PATIENT: OKAFOR, CHIDI", ["OKAFOR", "CHIDI"]),
        ("| Alvarez, R. | Asthma |", ["Alvarez, R."]),
        ("Hi Marcus, thanks for the slides", ["Marcus"]),
        ("Kowalczyk's wife reports snoring", ["Kowalczyk"]),
        ("owned by Sven. Yuki's slides are due", ["Sven", "Yuki"]),
        ("the founders: Kovalev, Lee and Phillips", ["Kovalev", "Lee", "Phillips"]),
        ("Keisha: Can I get your number?", ["Keisha"]),
        ("you can tell abelardo just left", ["abelardo"]),
        ("we talked to maria garcia yesterday", ["maria garcia"]),
        ("ref by dr. s. krishnamurthy", ["dr. s. krishnamurthy"]),
        ('"family": "Obi"', ["Obi"]),
        ("his doctor Иван Петров said so", ["Иван Петров"]),
        ("directed by Mikolčić", ["Mikolčić"]),
        ("J.R.R. Tolkien wrote it", ["J.R.R. Tolkien"]),
        ("emergency contact: lucas", ["lucas"]),
        ("Alfio V. Canevascini came", ["Alfio V. Canevascini"]),
        ("PCP: David L., MD", ["David L., MD"]),
        ("did you see the mail from Balogun?", ["Balogun"]),
        ("could you tell adrián that", ["adrián"]),
        ("directed by j. ellis and starring him", ["j. ellis"]),
        ("Then de Wit reported", ["de Wit"]),
        ("K.M. arrived late. She sat down.", ["K.M."]),
        ("last_name: Church", ["Church"]),
        ("first: Summer", ["Summer"]),
        ("the Okonkwo family", ["Okonkwo"]),
        ("the header shows DRUB, JANE and a date", ["DRUB", "JANE"]),
        ("PATHOLOGY FINAL\nMILLER^JANE   F", ["MILLER^JANE"]),
        ("pt V Vestergaard walked in", ["V Vestergaard"]),
        ("a lease for (Farhans-iPhone) ended", ["Farhan"]),
        ("The Johnsons at number 12 are sick", ["Johnson"]),
        ('labelled "Petersen, left breast"', ["Petersen"]),
    ],
)
def test_finds_names(text: str, names: list[str]) -> None:
    assert _found(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Negative Chaddock reflex and Wells score of 3; Framingham risk; Gleason 7; Apgar 8 and 9.",
        "Alzheimer's disease, Parkinson disease, Hashimoto's thyroiditis and Wolff-Parkinson-White.",
        "Foley catheter and Swan-Ganz out, Jackson-Pratt drain in, Kaplan-Meier curves drawn.",
        "Compare Ozempic and Mounjaro with Jardiance, atorvastatin and Rivaroxaban.",
        "Past Medical History: Hypertension. Discharge Medications: Lasix. Plan: Follow up on Monday in May.",
        "The SPRINT and ACCORD trials; the Duke criteria; Mini-Mental 28/30; Child-Pugh B. Billroth II.",
        "Mark your calendars. Grant access. Bill the client. Rose petals. Frank hematuria noted. Will you be free?",
        "frank blood noted. pt to see gi in may. mark site. gene panel pending. pat dry. grant was approved.",
        "SEEN IN ER FOR CP. TROP NEG. EKG NSR. CONTINUE ASA, LIPITOR, COREG. DNR/DNI.",
        "Capitalized words like Wisdom and Discipline are often mistaken.",
        "order 1182 shipped, 3 items, gift wrap no",
        "Can I prescribe lisinopril?",
        "Babinski absent, Mallampati II, Rankin 1, Epley done, Clark level III.",
        "Morgan Stanley, Goldman Sachs and Wells Fargo; Johnson & Johnson and Eli Lilly.",
        "Upgrade Spring Boot; Kafka and Celery run. N Engl J Med and Ann Intern Med agree, the Herald disagreed.",
        "The U.S. is large. The E.R. was full. in a patient with GAD, or with CKD",
        "drug_name: Zosyn",
        "Started Ceftriaxone and Levophed, then Daliresp; afib and aki resolved.",
    ],
)
def test_leaves_what_is_no_name(text: str) -> None:
    assert _found(text) == []


def test_an_eponym_of_a_patient_is_a_name_with_a_title_or_a_given_name() -> None:
    assert _found("Mr. Parkinson has Parkinson disease") == ["Mr. Parkinson"]
    assert _found("Robert Wells has a Wells score of 2") == ["Robert Wells"]


SSN, PHONE = Label("phi.ssn"), Label("phi.phone")


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ("174,Brown,Kader,402-19-8877,3125550198,Chicago", ["Brown", "Kader"]),
        ("| Adora Verdú | 402-19-8877 | glucose 311 |", ["Adora Verdú"]),
        ("3,Active,Smoker,Aspirin,402-19-8877,3125550198", []),
        ("Seen, Treated and 402-19-8877", []),
    ],
)
def test_cells_beside_somebodys_numbers(row: str, names: list[str]) -> None:
    known = [
        Finding(at, at + len(value), label, 0.9, "test")
        for value, label in (("402-19-8877", SSN), ("3125550198", PHONE))
        if (at := row.find(value)) >= 0
    ]
    found = _names().find(Passage(row, known))
    assert [row[f.start : f.end] for f in found] == names


@pytest.mark.parametrize("unit", ["a,", "|", "402-19-8877,", "Brown,\n", "K.", "x: ", "the Ab "])
def test_a_long_text_takes_time_in_proportion(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    known = [Finding(at, at + 1, SSN, 0.9, "test") for at in range(0, len(text), len(unit))]
    assert _names().find(Passage(text, known)) is not None


def test_there_are_enough_eponyms() -> None:
    assert len(EPONYMS) >= 300


def test_a_sentence_ends_a_name() -> None:
    assert _found("I met her son Eli. Eli Kaplan waited.") == ["Eli", "Eli Kaplan"]


def test_without_tables_it_raises_nothing_and_titles_still_tell() -> None:
    detector = Names(Tables())
    text = "Mr. Smith saw them."
    assert [text[f.start : f.end] for f in detector.find(Passage(text))] == ["Mr. Smith"]
    assert detector.layer is Layer.NAMES


def test_findings_hold_no_text() -> None:
    for finding in _names().find(Passage("Her wife, Wilhelmina Brandt, and Gertrude")):
        assert finding.why.startswith("names: ")
        assert not any(word in finding.why for word in ("Wilhelmina", "Brandt", "Gertrude"))


@given(st.text(alphabet="aAé'’-. ,:\n\"JohnSmithDr田Ив1@", max_size=80))
def test_any_text_gives_findings_within_it_and_in_order(text: str) -> None:
    found = _names().find(Passage(text))
    assert all(0 <= f.start < f.end <= len(text) for f in found)
    assert all(before.end <= after.start for before, after in itertools.pairwise(found))


@pytest.mark.parametrize(
    "text",
    [
        "Lisfranc, Chopart and Segond: reading films",
        "Should I use Wells or the revised Geneva?",
        "ValueError: invalid literal",
        "took=50.77ms rss=642864",
        "transferred to Oak ward today",
        "Ferritin 13, Procalcitonin 2, Kerlix rolls",
        "CHEST, ABDOMEN and PELVIS were scanned",
        "GLU^Glucose was sent",
    ],
)
def test_what_medicine_and_programs_call_things_stays(text: str) -> None:
    assert _found(text) == []

"""What columns are called, and what that says: words told apart, the lexicon, and what isn't to be taken for one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.sensitivity.column_names import SqlClass, class_of, judged, points_at_a_row, words
from interlock.sensitivity.column_words import ABOUT, FREE_TEXT, LEXICON, PEOPLE
from interlock.sensitivity.labels import KNOWN

HELD = """
    fname phi.name.given | surname phi.name.family | dob phi.date.birth | addr1 phi.address | zip phi.address.zip
    mrn phi.mrn | acct phi.account | ssn phi.ssn | ssn_last4 phi.ssn | tel phi.phone | cell phi.phone
    email_addr phi.email | npi phi.licence | dea phi.licence | plan_id phi.health_plan | ip phi.ip
    icd phi.clinical.diagnosis | dx phi.clinical.diagnosis | rx phi.clinical.medication | note phi.clinical.note
    ua phi.device | photo phi.photo | salary pii.salary | gender quasi.gender | race quasi.race
    ptFirstName phi.name.given | PatientDOB phi.date.birth | patientdob phi.date.birth | SSNNumber phi.ssn
    pt_ssn phi.ssn | cust_email phi.email | custphonenumber phi.phone | e-mail phi.email | EMailAddress phi.email
    socialSecurityNumber phi.ssn | ccNum pci.pan | card_exp pci.expiry | api-key secret.key | pwd_hash secret.password
    hiv_status phi.clinical.diagnosis | insurance_member_id phi.health_plan | IPAddress phi.ip | d_o_b phi.date.birth
    Vorname phi.name.given | Nachname phi.name.family | Geburtsdatum phi.date.birth | Straße phi.address.street
    PLZ phi.address.postcode | Telefonnummer phi.phone | Versichertennummer phi.health_plan | Gehalt pii.salary
    prénom phi.name.given | nom_de_famille phi.name.family | date_de_naissance phi.date.birth | ville phi.address.city
    code_postal phi.address.postcode | courriel phi.email | numéro_sécu pii.national_id | sexe quasi.gender
    apellido1 phi.name.family | fecha_nacimiento phi.date.birth | correo_electrónico phi.email | dirección phi.address
    contraseña secret.password | teléfono_móvil phi.phone | código_postal phi.address.postcode | sueldo pii.salary
"""


@pytest.mark.parametrize(
    ("name", "label"), [tuple(each.split()) for each in HELD.replace("\n", "|").split("|") if each.strip()]
)
def test_a_name_says_what_it_holds(name: str, label: str) -> None:
    assert label in {match.label for match in judged(name).matches}


@pytest.mark.parametrize(
    "name",
    """id patient_id created_at quantity price sku species classification location usage page image candid status kind
    has_ssn is_email_verified email_count phone_type email_opt_in file_name product_name host_name table_name event
    assignment session discount passed compassion titles version street_count address_id note_id diagnosis_id
    doctor_id total_amount last first state""".split(),  # noqa: SIM905  sixty quotes less
)
def test_a_name_that_says_nothing_of_it(name: str) -> None:
    assert judged(name, "orders").matches == ()


def test_a_name_alone_is_somebodys_where_people_are() -> None:
    assert {m.label for m in judged("name", "patients").matches} == {"phi.name"}
    assert {m.label for m in judged("name", "tblCustomer").matches} == {"phi.name"}
    assert {m.label for m in judged("customer_name", "orders").matches} == {"phi.name"}
    assert {m.label for m in judged("name").matches} == {"phi.name"}  # a record that nobody named
    assert judged("name", "departments").matches == ()
    assert judged("nombre", "productos").matches == ()


def test_types_that_cannot_hold_it() -> None:
    assert judged("mother", "x", SqlClass.NUMBER).matches == ()
    assert judged("email", "x", SqlClass.BOOLEAN).matches == ()
    assert judged("dob", "x", SqlClass.MOMENT).matches != ()
    assert judged("phone", "x", SqlClass.MOMENT).matches == ()
    assert {m.label for m in judged("zip", "x", SqlClass.NUMBER).matches} == {"phi.address.zip"}
    assert {m.label for m in judged("hiv_status", "x", SqlClass.BOOLEAN).matches} == {"phi.clinical.diagnosis"}


def test_what_points_at_a_row() -> None:
    assert points_at_a_row("patient_id", "visits", SqlClass.NUMBER)
    assert points_at_a_row("orderUUID", "visits", SqlClass.UUID)
    assert not points_at_a_row("patient_id", "visits", SqlClass.TEXT)
    assert not points_at_a_row("member_id", "visits", SqlClass.NUMBER)
    assert not points_at_a_row("x", "visits", SqlClass.NUMBER)


def test_what_people_write_into_is_free_text() -> None:
    assert judged("comment").free_text
    assert judged("Bemerkungen").free_text
    assert not judged("comment_id").free_text
    assert not judged("quantity").free_text


@pytest.mark.parametrize(
    ("type_name", "sql_class"),
    [
        ("character varying(20)", SqlClass.TEXT),
        ("", SqlClass.TEXT),
        ("text[]", SqlClass.TEXT),
        ("integer[]", SqlClass.OTHER),
        ("numeric(10,2)", SqlClass.NUMBER),
        ("double precision", SqlClass.NUMBER),
        ("timestamp with time zone", SqlClass.MOMENT),
        ("timestamp(3) without time zone", SqlClass.MOMENT),
        ("boolean", SqlClass.BOOLEAN),
        ("inet", SqlClass.NETWORK),
        ("jsonb", SqlClass.JSON),
        ("bytea", SqlClass.BYTES),
        ("clinic.mood", SqlClass.OTHER),
    ],
)
def test_classes_of_types(type_name: str, sql_class: SqlClass) -> None:
    assert class_of(type_name) is sql_class


def test_the_lexicon_is_in_order() -> None:
    assert set(LEXICON.values()) <= KNOWN.keys()
    spelt = [phrase for phrase in LEXICON if phrase != phrase.lower() or not phrase.isascii() or "__" in phrase]
    assert spelt == []
    for phrase in LEXICON:  # each is found when a column is called just so
        assert LEXICON[phrase] in {m.label for m in judged(phrase).matches}, phrase
    assert not (ABOUT | FREE_TEXT | PEOPLE) - {w for w in ABOUT | FREE_TEXT | PEOPLE if w.isascii() and w == w.lower()}


@given(st.text(max_size=80), st.text(max_size=40))
def test_any_name_is_judged(column: str, table: str) -> None:
    told = judged(column, table)
    assert told == judged(column, table)
    assert all(match.phrase in LEXICON or match.phrase == "name" for match in told.matches)


@pytest.mark.parametrize("piece", ["a", "A", "_", "é", "1", "ab", "Ab", "name", "id", "\u0301", " ", "x1", "日"])
def test_a_name_of_any_length_is_bounded_work(piece: str) -> None:
    begun = time.process_time()
    told = words(piece * 1_000_000)
    assert len(told) <= 24
    judged(piece * 1_000_000)
    assert time.process_time() - begun < 5  # of work, on any machine; without the bound it is minutes

"""What a session asks to see unmasked, resolved against its search path and a statement's outputs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.sql.clinic import PLAIN, STATE, TEXT, relation, snapshot

from interlock.actions.from_sql import PreparedStatement, from_sql
from interlock.masking.tokens import holds_token
from interlock.model.action import Action
from interlock.model.digest import action_digest
from interlock.model.label import Label
from interlock.model.names import ActionId
from interlock.model.reveal import Reveal
from interlock.model.secret import Secret
from interlock.model.snapshot import DescribedColumn, Snapshot
from interlock.sensitivity.columns import ColumnLabels
from interlock.sql.own_settings import columns_in
from interlock.sql.session_state import SessionState

from .test_from_sql import AGENT, CATALOG, CLINIC, IDENTITY, column, prepare

SSN = Reveal("clinic/public.patients.ssn", Label("phi.ssn"))
OF_SSN = column("ssn", 20001, 3)
OF_NAME = column("name", 20001, 2)
OF_CITY = column("city", 20001, 4)


def act(reveal: str, *prepared: PreparedStatement, known: Snapshot = PLAIN, state: SessionState = STATE) -> Action:
    columns = columns_in(reveal)
    assert columns is not None
    return from_sql(
        id=ActionId("a"),
        actor=AGENT,
        connection=CLINIC,
        statements=prepared,
        labels=ColumnLabels(known, CATALOG, CLINIC.name),
        snapshot=known,
        state=state,
        identity=IDENTITY,
        reason="why",
        holds_token=holds_token,
        ticket="CHG-1",
        reveal=columns,
    )


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("SELECT ssn FROM patients", (OF_SSN,)),
        ("SELECT p.ssn AS x, city FROM patients p", (column("x", 20001, 3), OF_CITY)),
        ("SELECT x FROM (SELECT ssn AS x FROM patients) s", (column("x", 20001, 3),)),
        ("UPDATE patients SET city = 'x' WHERE id = 1 RETURNING ssn", (OF_SSN,)),
        ("COPY patients (ssn) TO STDOUT", (OF_SSN,)),
        ("COPY (SELECT name, ssn FROM patients) TO STDOUT", (OF_NAME, OF_SSN)),
    ],
)
@pytest.mark.parametrize("reveal", ["patients.ssn", "public.patients.ssn", '"patients"."ssn", wards.title'])
def test_a_plain_labelled_column_that_was_asked_for(
    text: str, described: tuple[DescribedColumn, ...], reveal: str
) -> None:
    action = act(reveal, prepare(text, *described))
    assert action.reveals == {SSN}
    assert action.ticket_given == "CHG-1"
    assert action.cover["reveal"] == [["clinic/public.patients.ssn", "phi.ssn"]]
    assert action.form["reveal"] == action.cover["reveal"]
    assert action.cover["row_cap"] is None


@pytest.mark.parametrize(
    ("reveal", "text", "described"),
    [
        ("patients.ssn", "SELECT upper(ssn) FROM patients", (column("upper"),)),
        ("patients.ssn", "SELECT p FROM patients p", (column("p", 20001, 0),)),
        ("patient_view.x", "SELECT x FROM patient_view", (column("x", 20004, 2),)),
        ("patients.ssn", "SELECT x FROM patient_view", (column("x", 20004, 2),)),
        ("patients.ssn", "SELECT ssn FROM patients UNION SELECT name FROM patients", (column("ssn"),)),
        ("patients.name", "SELECT ssn FROM patients", (OF_SSN,)),
        ("patients.city", "SELECT city FROM patients", (OF_CITY,)),
        ("other.patients.ssn", "SELECT ssn FROM patients", (OF_SSN,)),
        ("nowhere.ssn", "SELECT ssn FROM patients", (OF_SSN,)),
        ("patients.ssn", "SELECT ssn FROM wards", (column("ssn", 29999, 3),)),
    ],
)
def test_nothing_else_is(reveal: str, text: str, described: tuple[DescribedColumn, ...]) -> None:
    action = act(reveal, prepare(text, *described))
    assert action.reveals == frozenset()
    assert action.cover["reveal"] == []


def test_a_bare_name_is_the_first_schemas_that_has_it() -> None:
    other = replace(relation(20030, "patients", ("id", 23), ("ssn", TEXT)), schema="other")
    known = snapshot(frozenset(), frozenset(), frozenset(), other)
    ask = prepare("SELECT ssn FROM public.patients", OF_SSN, known=known)
    for path, seen in ((("public", "other"), True), (("other", "public"), False)):
        action = act("patients.ssn", ask, known=known, state=SessionState(path, "gate"))
        assert bool(action.reveals) is seen
        assert bool(act("public.patients.ssn", ask, known=known, state=SessionState(path, "gate")).reveals)


def test_every_label_of_the_column_and_every_statement_of_the_unit() -> None:
    action = act(
        "patients.ssn, patients.name",
        prepare("SELECT ssn FROM patients", OF_SSN),
        prepare("SELECT name FROM patients", OF_NAME),
        prepare("SELECT city FROM patients", OF_CITY),
    )
    assert {(each.column, each.label) for each in action.reveals} == {
        ("clinic/public.patients.ssn", "phi.ssn"),
        ("clinic/public.patients.name", "phi.name"),
    }
    assert action.cover["reveal"] == [
        ["clinic/public.patients.name", "phi.name"],
        ["clinic/public.patients.ssn", "phi.ssn"],
    ]


def test_two_columns_whose_full_names_would_be_one_text_stay_masked() -> None:
    dotted = replace(relation(20031, "b.c", ("ssn", TEXT)), schema="a")
    split = replace(relation(20032, "c", ("ssn", TEXT)), schema="a.b")
    known = snapshot(frozenset(), frozenset(), frozenset(), dotted, split)
    ask = prepare('SELECT ssn FROM a."b.c"', column("ssn", 20031, 1), known=known)
    assert act('a."b.c".ssn, "a.b".c.ssn', ask, known=known).reveals == frozenset()


def test_digest_and_form_bind_what_is_revealed() -> None:
    ask = prepare("SELECT ssn, name FROM patients", OF_SSN, OF_NAME)
    covers = [
        act(reveal, ask).cover for reveal in ("patients.ssn", "patients.name", "wards.id", "patients.ssn,patients.name")
    ]
    nonce = Secret(b"n" * 32)
    assert len({action_digest(nonce, cover) for cover in covers}) == 4
    forms = [repr(act(reveal, ask).form) for reveal in ("patients.ssn", "patients.name", "wards.id")]
    assert len(set(forms)) == 3

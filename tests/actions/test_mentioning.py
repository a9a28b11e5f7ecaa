"""Columns that hold what the asker chose: tests by them are guesses, and pseudonyms of them tell which was right."""

from __future__ import annotations

import pytest
from tests.actions.test_from_sql import act, column, prepare

from interlock.actions.mentioning import with_own
from interlock.model.recent import Wrote

SSN = "clinic/public.patients.ssn"
LATELY = Wrote(frozenset({SSN}))
CITY = column("city", 20001, 4)


@pytest.mark.parametrize(("text", "mentioned"), [
    ("SELECT city FROM patients", set()),
    ("SELECT ssn FROM patients", {SSN}),
    ("SELECT city FROM patients WHERE ssn = 'x'", {SSN}),
    ("SELECT p.city FROM patients p JOIN notes n ON n.body = p.ssn", {SSN, "clinic/public.notes.body"}),
    ("SELECT p FROM patients p", {SSN, "clinic/public.patients.name"}),
    ("UPDATE patients SET city = ssn WHERE id = 1", {SSN}),
    ("SELECT leak()", {"clinic/*"}),
    ("TRUNCATE patients", {"clinic/public.patients.*"}),
])  # fmt: skip
def test_labelled_columns_are_named(text: str, mentioned: set[str]) -> None:
    assert {each.column for each in act(prepare(text)).exposure.mentions} == mentioned


def test_tests_by_what_was_written_lately_are_probes() -> None:
    action = act(prepare("SELECT city FROM patients WHERE ssn = 'x'", CITY))
    assert with_own(action, Wrote()) is action
    found = with_own(action, LATELY).exposure
    assert found.own == found.probes == {"phi.ssn"}
    both = prepare("SELECT ssn, city FROM patients WHERE city = 'x'", column("ssn", 20001, 3), CITY)
    shown = with_own(act(both), LATELY).exposure
    assert shown.own == {"phi.ssn"} and not shown.probes


def test_it_counts_once_however_often_it_is_asked() -> None:
    once = with_own(act(prepare("SELECT city FROM patients WHERE ssn = 'x'")), LATELY)
    assert with_own(once, LATELY) is once


def test_earlier_statements_of_one_action_count() -> None:
    insert, select = "INSERT INTO patients (ssn) VALUES ('x')", "SELECT ssn FROM patients"
    assert with_own(act(prepare(insert), prepare(select)), Wrote()).exposures[1].own == {"phi.ssn"}
    assert with_own(act(prepare(select), prepare(insert)), Wrote()).exposures[0].own == frozenset()


@pytest.mark.parametrize(("text", "own", "lists"), [
    ("INSERT INTO patients (ssn) VALUES ('x') RETURNING ssn", True, False),
    ("INSERT INTO patients (ssn) VALUES ('x')", False, False),
    ("UPDATE patients SET ssn = 'x' WHERE ssn = 'y'", False, False),
    ("WITH g AS (INSERT INTO patients (ssn) VALUES ('x') RETURNING ssn) SELECT 1 FROM g", True, True),
    ("WITH g AS (DELETE FROM patients WHERE id = 1 RETURNING ssn) SELECT ssn FROM g", False, False),
])  # fmt: skip
def test_what_a_statement_writes_itself(text: str, own: bool, lists: bool) -> None:
    exposure = with_own(act(prepare(text)), Wrote()).exposure
    assert bool(exposure.lists) is lists
    assert bool(exposure.own) is own or not exposure.outputs

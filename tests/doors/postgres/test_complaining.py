"""By what a complaint is judged: whose text it was, and what may have been evaluated."""

from __future__ import annotations

import pytest
from tests.sql.clinic import judge, relation, snapshot

from interlock.doors.postgres.complaining import Complained, Complaints, at_parse, elsewhere, names_of
from interlock.doors.postgres.units import Local, Planned, UnitPlan
from interlock.doors.postgres.upstream import ServerError
from interlock.model.payload import SqlStatement
from interlock.sql.evaluating import built_ins_alone, names_alone
from interlock.wire.postgres.backend import Complaint
from interlock.wire.postgres.complaints import DEAF, Evaluated
from interlock.wire.postgres.session import Session

TEXT = b"SELECT nothing FROM patients WHERE ssn = '912-44-7781'"
MISSING = Complaint({"V": "ERROR", "C": "42703", "M": 'column "nothing" does not exist', "P": "8"})
QUOTING = Complaint({"V": "ERROR", "C": "42703", "M": 'column "912-44-7781" does not exist', "P": "8"})


def unit(*texts: str, simple: bool = False, **more: object) -> UnitPlan:
    planned = [Planned(judge(t), SqlStatement(t.encode(), simple=simple), None, None, **more) for t in texts]  # type: ignore[arg-type]
    return UnitPlan(tuple(planned), b"", Session(), simple=simple, snapshot=snapshot())


def test_what_fails_at_parse_is_told_with_its_place() -> None:
    stop = at_parse(ServerError("42703", MISSING), TEXT, SqlStatement(TEXT, simple=True), snapshot())
    assert (stop.sentence, stop.position) == ('column "nothing" does not exist', 8)
    with pytest.raises(Complained) as moved, elsewhere():
        raise stop
    assert (moved.value.sentence, moved.value.position) == ('column "nothing" does not exist', 0)
    assert str(stop) == "42703"


def test_a_text_with_a_translated_pseudonym_is_nobodys_word() -> None:
    payload = SqlStatement(TEXT, simple=True, given_literals=(41,))
    for said in (MISSING, QUOTING):
        stop = at_parse(ServerError("42703", said), TEXT, payload, snapshot())
        assert (stop.sentence, stop.position) == ("There is no column of that name.", 0)


def test_a_text_of_ours_has_no_places_and_one_for_us_no_words() -> None:
    payload = SqlStatement(b"COPY (SELECT nothing FROM patients) TO STDOUT", simple=True)
    stop = at_parse(ServerError("42703", MISSING), TEXT, payload, snapshot())
    assert (stop.sentence, stop.position) == ('column "nothing" does not exist', 0)
    assert (
        at_parse(ServerError("42703", MISSING), TEXT, None, snapshot()).sentence == "There is no column of that name."
    )


@pytest.mark.parametrize(
    ("text", "evaluated"),
    [
        ("SELECT 1", Evaluated.DATA),
        ("SELECT ssn::int FROM patients", Evaluated.DATA),
        ("INSERT INTO wards VALUES (1)", Evaluated.DATA),
        ("UPDATE wards SET title = 'x' WHERE id = 1", Evaluated.DATA),
        ("SET TimeZone = 'UTC'", Evaluated.NAMES),
        ("CREATE TABLE x (id int CHECK (id > 1))", Evaluated.NAMES),
        ("DROP TABLE wards", Evaluated.NAMES),
        ("ALTER TABLE wards DROP COLUMN beds", Evaluated.NAMES),
        ("ALTER TABLE wards ADD CHECK (beds > 1)", Evaluated.DATA),
        ("ALTER TABLE wards ALTER title TYPE varchar(3)", Evaluated.DATA),
        ("CREATE INDEX ON patients ((upper(ssn)))", Evaluated.DATA),
        ("SELECT x FROM patient_view", Evaluated.ANYTHING),
        ("SELECT leak(id) FROM patients", Evaluated.ANYTHING),
        ("DELETE FROM patient_view", Evaluated.ANYTHING),
        ("COMMIT", Evaluated.ANYTHING),
        ("BEGIN", Evaluated.ANYTHING),
    ],
)
def test_by_what_may_have_been_evaluated(text: str, evaluated: Evaluated) -> None:
    assert Complaints(unit(text)).hearing(0).evaluated is evaluated


def test_users_code_about_a_table_is_heard_in_what_reads_and_writes_it() -> None:
    watched = relation(20050, "watched", ("id", 23), hidden=True, writes_more=frozenset({"insert"}))
    known = snapshot(frozenset(), frozenset(), frozenset(), watched)
    for text in ("SELECT id FROM watched", "INSERT INTO watched VALUES (1)", "COPY watched FROM STDIN"):
        assert not built_ins_alone(judge(text, known), known), text
    assert built_ins_alone(judge("SELECT id FROM wards", known), known)
    users = snapshot(frozenset({"leak"}))
    assert not names_alone(judge("ALTER TABLE wards ADD x int DEFAULT leak(1)", users), users)


def test_what_stands_before_may_have_put_something_off() -> None:
    both = Complaints(unit("SELECT leak(1)", "SELECT 1"))
    assert both.hearing(1).evaluated is Evaluated.ANYTHING
    assert both.hearing(2) is DEAF
    assert Complaints(UnitPlan(unit("SELECT 1").statements, b"", Session())).hearing(0) is DEAF


def test_places_are_those_of_one_whole_text() -> None:
    assert Complaints(unit("SELECT 1", simple=True)).hearing(0).placed
    assert not Complaints(unit("SELECT 1", "SELECT 2", simple=True)).hearing(0).placed
    assert Complaints(unit("SELECT 1", "SELECT 2")).hearing(0).placed
    assert not Complaints(unit("SELECT 1", executes=True)).hearing(0).placed
    assert Complaints(unit("SELECT 1", local=Local(None, b""))).hearing(0) is DEAF


def test_names_are_gathered_once() -> None:
    known = snapshot()
    assert {"public", "patients", "ssn"} <= names_of(known)
    assert names_of(known) is names_of(known)

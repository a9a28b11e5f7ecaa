"""DECLARE, FETCH, MOVE, CLOSE."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.sql.clinic import PATIENTS, judge

from interlock.model import verb
from interlock.sql.effects import CloseCursor, Declare, Fetch, SessionEffect
from interlock.sql.shape import Kind, Reach, Statement

QUERIES = [
    "SELECT id, ssn FROM patients",
    "SELECT * FROM patients WHERE ssn LIKE '1%' ORDER BY born",
    "SELECT count(*) FROM patients FOR UPDATE",
    "SELECT leak(ssn) FROM patients",
    "SELECT x FROM patient_view",
    "VALUES (1, 2)",
    "TABLE wards",
    "SELECT substring('a' FOR 1), id /* FOR */ FROM notes",
    "SELECT id FROM patients FOR SHARE",
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_cursor_is_judged_as_its_query(query: str) -> None:
    plain, declared = judge(query), judge(f'DECLARE "for" CURSOR FOR {query} ; -- end')
    assert (declared.kind, declared.refusal) == (Kind.QUERY, plain.refusal)
    assert declared.inner == declared.describe == query.encode()
    assert declared.effect == Declare("for", hold=False, binary=False)
    assert declared.countable == plain.countable
    assert _judged(declared) == _judged(plain)


def _judged(statement: Statement) -> Statement:
    """What of a statement its query decides."""
    return replace(statement, text=b"", canonical="", inner=None, describe=None, effect=None, countable=False)


@pytest.mark.parametrize(
    ("options", "hold", "binary"),
    [
        ("CURSOR", False, False),
        ("BINARY CURSOR", False, True),
        ("INSENSITIVE SCROLL CURSOR WITH HOLD", True, False),
        ("ASENSITIVE NO SCROLL CURSOR WITHOUT HOLD", False, False),
        ("BINARY NO SCROLL CURSOR WITH HOLD", True, True),
    ],
)
def test_options(options: str, hold: bool, binary: bool) -> None:
    assert judge(f"DECLARE c {options} FOR SELECT 1").effect == Declare("c", hold, binary)


def test_what_a_cursor_shows_is_touched_when_it_is_declared() -> None:
    statement = judge("DECLARE c CURSOR WITH HOLD FOR SELECT ssn FROM patients WHERE ssn = '1'")
    assert [(t.verb, t.relation) for t in statement.touches] == [(verb.SQL_SELECT, PATIENTS)]
    assert (statement.reach, statement.filters, statement.width) == (Reach.TABLES, True, 1)
    assert statement.effect_free
    assert not judge("DECLARE c CURSOR FOR SELECT id FROM patients FOR UPDATE").effect_free


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("FETCH c", Fetch("c", move=False)),
        ("FETCH NEXT FROM c", Fetch("c", move=False)),
        ("FETCH PRIOR IN c", Fetch("c", move=False)),
        ("FETCH FIRST FROM c", Fetch("c", move=False)),
        ("FETCH LAST FROM c", Fetch("c", move=False)),
        ("FETCH ABSOLUTE -3 FROM c", Fetch("c", move=False)),
        ("FETCH RELATIVE 2 c", Fetch("c", move=False)),
        ("FETCH 100 FROM C", Fetch("c", move=False)),
        ("FETCH ALL c", Fetch("c", move=False)),
        ("FETCH FORWARD FROM c", Fetch("c", move=False)),
        ("FETCH FORWARD ALL FROM c", Fetch("c", move=False)),
        ("FETCH BACKWARD 5 FROM c", Fetch("c", move=False)),
        ("FETCH BACKWARD ALL FROM c", Fetch("c", move=False)),
        ("MOVE FORWARD 5 IN c", Fetch("c", move=True)),
        ("MOVE c", Fetch("c", move=True)),
        ("CLOSE c", CloseCursor("c")),
        ("CLOSE ALL", CloseCursor(None)),
    ],
)
def test_under_the_release_of_the_declare(text: str, effect: SessionEffect) -> None:
    statement = judge(text)
    assert (statement.kind, statement.effect, statement.touches) == (Kind.CURSOR, effect, ())
    assert statement.is_session_traffic


@pytest.mark.parametrize(
    "text",
    [
        "DECLARE il_p1 CURSOR FOR SELECT 1",
        "DECLARE IL_x CURSOR FOR SELECT 1",
        "FETCH FROM il_p1",
        'MOVE "il_p1"',
        "CLOSE il_p1",
        "DECLARE c CURSOR FOR WITH d AS (DELETE FROM wards RETURNING id) SELECT id FROM d",
        "DECLARE c CURSOR FOR SELECT 1 INTO x",
        "DECLARE c CURSOR FOR SELECT pg_read_file('x')",
        'DECLARE "123-45-6789" CURSOR FOR SELECT 1',
        'FETCH "a@b.example"',
        "DELETE FROM wards WHERE CURRENT OF c",
        "UPDATE wards SET beds = 1 WHERE CURRENT OF c",
        "EXPLAIN DECLARE c CURSOR FOR SELECT 1",
    ],
)
def test_refused(text: str) -> None:
    statement = judge(text)
    assert (statement.kind, statement.effect, statement.inner) == (Kind.REFUSED, None, None)

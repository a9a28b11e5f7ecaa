"""INSERT statements: the columns' names tell what the literals are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.sensitivity.inserts import inserted


def told(text: str) -> list[tuple[str, str]]:
    return [(cell.head, text[cell.start : cell.end]) for cell in inserted(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "INSERT INTO patients (mrn, last_name) VALUES ('04857211', 'Roe');",
            [("mrn", "04857211"), ("last_name", "Roe")],
        ),
        (
            'insert into "t" ("ssn", n) values (402198877, 1), (\'402-19-8877\', 2)',
            [("ssn", "402198877"), ("n", "1"), ("ssn", "402-19-8877"), ("n", "2")],
        ),
        ("INSERT INTO t (a) VALUES ('O''Neill, Jr. (x)')", [("a", "O''Neill, Jr. (x)")]),
        ("INSERT INTO t (a, b) VALUES (upper('x'), 'y')", [("a", "upper"), ("b", "y")]),
        ("(a, b) values given later by Jane", []),
        ("INSERT INTO t SELECT 1", []),
        ("VALUES ('x')", []),
        ("INSERT INTO t (a, b) VALUES ('x', NULL) RETURNING b, 'z'", [("a", "x"), ("b", "NULL")]),
    ],
)
def test_literals_are_told_by_their_columns(text: str, expected: list[tuple[str, str]]) -> None:
    assert told(text) == expected


@given(st.text(st.sampled_from("(a,b) VALUES'x\\;\n"), max_size=80))
def test_literals_lie_within_the_text(text: str) -> None:
    text = "(a,b) values " + text
    assert all(0 <= cell.start < cell.end <= len(text) for cell in inserted(text))


@pytest.mark.parametrize("unit", ["(a) values ('x'", "(", "'", "(a) values ", ",", "('x'),", "\\'", "(a,"])
def test_a_long_text_takes_time_in_proportion(unit: str) -> None:
    assert sum(1 for _ in inserted("(a) values " + unit * (300_000 // len(unit)))) >= 0

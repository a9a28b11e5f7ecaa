"""Limits first, one error type, the canonical spelling."""

from __future__ import annotations

import pytest

from interlock.errors import NotUnderstood
from interlock.sql.parse import MAX_TEXT, canonical, parse
from interlock.sql.unparsable import Unparsable

DEEP = {
    "operators": "SELECT 1" + "+1" * 5000,
    "more operators than the C printer survives": "SELECT 1" + "+1" * 200_000,
    "tests": "SELECT a" + " ISNULL" * 200_000,
    "parentheses": "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
    "subqueries": "SELECT " + "(SELECT " * 2000 + "1" + ")" * 2000,
    "joins": "SELECT 1 FROM a" + " CROSS JOIN a" * 3000,
    "unions": "TABLE a" + " UNION TABLE a" * 3000,
    "casts": "SELECT 1" + "::int" * 3000,
    "cases": "SELECT " + "CASE WHEN true THEN " * 900 + "1" + " END" * 900,
}


@pytest.mark.parametrize(
    "text",
    [
        b"SELEC 1",
        b"SELECT 'unfinished",
        b"SELECT \x00 1",
        b"SELECT '\xff'",
        b"SELECT '\xed\xa0\x80'",
        b"/* open",
        b"SELECT $$ open",
        b"SELECT '" + b"x" * MAX_TEXT + b"'",
        b"SELECT 123abc",
        b"SELECT E'\\u0000'",
        b"SELECT U&'\\d800'",
        "SELECT 'é".encode(),
    ],
)
def test_what_the_grammar_or_our_limits_refuse(text: bytes) -> None:
    with pytest.raises(NotUnderstood):
        parse(text)


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_deep_texts_are_refused_before_they_crash_anything(text: str) -> None:
    with pytest.raises(NotUnderstood):
        parse(text.encode())


def test_what_generated_statements_reach_passes() -> None:
    parsed = parse(b"SELECT 1" + b"+1" * 300)
    assert canonical(parsed).count("+") == 300
    assert len(parse(b"TABLE a" + b" UNION ALL TABLE a" * 300).statements) == 1


@pytest.mark.parametrize("text", ["LOAD ''", "PREPARE TRANSACTION ''"])
def test_texts_that_crash_the_parsers_own_deparser(text: str) -> None:
    assert canonical(parse(text.encode())) == text.lower()


def test_long_flat_texts_pass() -> None:
    rows = ", ".join("(1, 'a', NULL, $1)" for _ in range(4900))
    assert len(parse(f"INSERT INTO t VALUES {rows}".encode()).statements) == 1
    assert len(parse(b"SELECT '" + b"x" * 500_000 + b"'").statements) == 1


def test_errors_quote_nothing() -> None:
    with pytest.raises(NotUnderstood) as caught:
        parse(b"SELECT 123-45-6789 FORM patients WHERE 'alice' = = 1")
    assert "alice" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_empty_statements_do_not_count() -> None:
    assert parse(b"").statements == ()
    assert parse(b" ; ;; -- only this\n").statements == ()
    assert len(parse(b";;SELECT 1;;").statements) == 1
    assert len(parse(b"SELECT 1; SELECT 2").statements) == 2


def test_one_spelling_for_one_meaning() -> None:
    forms = {
        canonical(parse(t.encode()))
        for t in (
            "select city from patients where id=1",
            "SELECT  city\nFROM patients -- why\nWHERE id = 1;",
            'select "city" from PATIENTS /* x */ where "id"= 1;;',
        )
    }
    assert len(forms) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT name FROM patients WHERE id = 1", "SELECT name FROM patients WHERE id = 2"),
        ("SELECT a OR b AND c FROM t", "SELECT (a OR b) AND c FROM t"),
        ("SELECT 1 - (2 - 3)", "SELECT 1 - 2 - 3"),
        ("SELECT 'a'", "SELECT 'A'"),
        ('SELECT "A" FROM t', "SELECT a FROM t"),
        ("SELECT * FROM t FOR UPDATE", "SELECT * FROM t FOR SHARE"),
        ("SELECT * FROM t LIMIT 1", "SELECT * FROM t OFFSET 1"),
        ("COPY t TO STDOUT", "COPY t TO STDOUT WITH (FORMAT csv)"),
        ("DELETE FROM t", "DELETE FROM ONLY t"),
        ("DROP TABLE a", "DROP TABLE a CASCADE"),
        ("SELECT E'\\x41\\n'", "SELECT E'A'"),
        ("SELECT count(a) FROM t", "SELECT count(DISTINCT a) FROM t"),
    ],
)
def test_different_meanings_differ(one: str, other: str) -> None:
    assert canonical(parse(one.encode())) != canonical(parse(other.encode()))


def test_offsets_are_bytes() -> None:
    tokens = parse("SELECT 'é', 'x' AS ü".encode()).tokens
    assert [t.text for t in tokens if t.name == "SCONST"] == ["'é'", "'x'"]
    assert tokens[-1].text == "ü"


def test_the_servers_message_is_for_its_sender_alone() -> None:
    with pytest.raises(Unparsable) as caught:
        parse(b"SELECT 1 canary canary")
    refused = caught.value
    assert (refused.sqlstate, refused.position) == ("42601", 17)
    assert refused.told.reveal() == 'syntax error at or near "canary"'
    assert "canary" not in "".join((str(refused), repr(refused), repr(vars(refused)), refused.sentence))


def test_limits_have_codes_and_sentences() -> None:
    for text, sqlstate in ((b"x" * (MAX_TEXT + 1), "54000"), (b"SELECT " + b"(" * 501, "54001")):
        with pytest.raises(Unparsable) as caught:
            parse(text)
        assert caught.value.sqlstate == sqlstate
        assert caught.value.told.reveal() == f"The{caught.value.sentence[3:]}."

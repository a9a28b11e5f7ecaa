"""COPY ... FROM STDIN."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.sql.clinic import AUDITED, NOTES, PLAIN, judge, relation, snapshot

from interlock.model import verb
from interlock.model.snapshot import Column
from interlock.sql.shape import CopyFormat, CopyOptions, Kind, Reach, Written

TEXT = CopyOptions(CopyFormat.TEXT, False, "\t", "\\N", '"', '"', frozenset(), False)
CSV = CopyOptions(CopyFormat.CSV, False, ",", "", '"', '"', frozenset(), False)
BINARY = replace(TEXT, format=CopyFormat.BINARY)


def test_it_writes_the_copied_columns_and_no_one_knows_how_many_rows() -> None:
    statement = judge("COPY notes (id, body) FROM STDIN")
    assert (statement.kind, statement.refusal) == (Kind.COPY_IN, None)
    assert [(t.verb, t.relation) for t in statement.touches] == [(verb.SQL_COPY_IN, NOTES)]
    assert statement.written == (Written(NOTES, frozenset({"id", "body"})),)
    assert statement.unbounded and not statement.countable and not statement.effect_free and not statement.filters
    assert statement.describe == b'SELECT "id", "body" FROM "public"."notes"'
    assert (statement.width, statement.reach) == (2, Reach.TABLES)


def test_a_table_without_a_list_is_written_whole_but_for_what_is_computed() -> None:
    plain = judge("COPY notes FROM STDIN")
    assert plain.written == (Written(NOTES, None),)
    assert (plain.describe, plain.width) == (b'SELECT * FROM "public"."notes"', 3)
    sums = replace(
        relation(20500, "sums", ("a", 23)), columns=(Column(1, "a", 23), Column(2, "b", 23, True), Column(3, "c", 23))
    )
    known = snapshot(frozenset(), frozenset(), frozenset(), sums)
    computed = judge("COPY sums FROM STDIN", known)
    assert (computed.describe, computed.width) == (b'SELECT "a", "c" FROM "public"."sums"', 2)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("COPY notes FROM STDIN", TEXT),
        ("COPY notes FROM STDIN WITH CSV HEADER", replace(CSV, header=True)),
        ("COPY notes FROM STDIN (FORMAT csv, HEADER match)", replace(CSV, header=True, header_match=True)),
        ("COPY BINARY notes FROM STDIN", BINARY),
        ("COPY notes FROM STDIN (FORMAT binary, FREEZE)", BINARY),
        ("COPY notes FROM STDIN USING DELIMITERS '|'", replace(TEXT, delimiter="|")),
        ("COPY notes FROM STDIN (DEFAULT 'dflt', FREEZE off)", replace(TEXT, default="dflt")),
        ("COPY notes FROM STDIN CSV FORCE NULL body", replace(CSV, force_null=frozenset({"body"}))),
        ("COPY notes FROM STDIN (FORMAT csv, FORCE_NOT_NULL *)", replace(CSV, force_not_null=None)),
        (
            "COPY notes FROM STDIN (ON_ERROR ignore, REJECT_LIMIT 3, LOG_VERBOSITY silent, ENCODING 'UTF8')",
            replace(TEXT, skips_errors=True),
        ),
    ],
)
def test_options(text: str, options: CopyOptions) -> None:
    statement = judge(text)
    assert (statement.kind, statement.copy) == (Kind.COPY_IN, options)


@pytest.mark.parametrize(
    "text",
    [
        "COPY notes FROM '/etc/passwd'",
        "COPY notes FROM PROGRAM 'cat x'",
        "COPY notes FROM STDIN (ENCODING 'latin1')",
        "COPY notes FROM STDIN (FORMAT binary, HEADER)",
        "COPY notes FROM STDIN (FORMAT binary, ON_ERROR ignore)",
        "COPY notes FROM STDIN (FORMAT binary, DEFAULT 'x')",
        "COPY notes FROM STDIN (FORCE_NULL (body))",
        "COPY notes FROM STDIN (FORMAT csv, FORCE_QUOTE *)",
        "COPY notes FROM STDIN (DEFAULT E'\\t')",
        "COPY notes FROM STDIN (DEFAULT '\\N')",
        "COPY notes FROM STDIN (ON_ERROR set_null)",
        "COPY notes FROM STDIN (REJECT_LIMIT 3)",
        "COPY notes FROM STDIN (LOG_VERBOSITY loud)",
        "COPY notes FROM STDIN (FREEZE maybe)",
        "COPY notes (nothing) FROM STDIN",
        "COPY notes (id, id) FROM STDIN",
        "COPY patient_view FROM STDIN",
        "COPY remote FROM STDIN",
        "COPY unknown FROM STDIN",
        "COPY pg_class FROM STDIN",
        "COPY notes FROM STDIN WHERE id IN (SELECT id FROM patients)",
        "COPY notes FROM STDIN WHERE pg_read_file('x') = body",
        "COPY (INSERT INTO notes (id) VALUES (1) RETURNING id) TO STDOUT",
    ],
)
def test_refused(text: str) -> None:
    statement = judge(text)
    assert statement.kind is Kind.REFUSED
    assert statement.describe is None


def test_what_rows_are_tested_by_is_judged_as_a_predicate() -> None:
    tested = judge("COPY notes FROM STDIN WHERE body LIKE 'a%' AND id > 3")
    assert (tested.kind, tested.filters, tested.reach) == (Kind.COPY_IN, True, Reach.TABLES)
    leaking = judge("COPY notes FROM STDIN WHERE leak(body)")
    assert leaking.reach is Reach.CONNECTION and leaking.because
    assert verb.SQL_CALL in {t.verb for t in leaking.touches}
    shadowed = snapshot(frozenset(), frozenset({"="}))
    assert judge("COPY notes FROM STDIN WHERE id = 1", shadowed).reach is Reach.CONNECTION


def test_triggers_and_computed_defaults_count() -> None:
    statement = judge("COPY audited FROM STDIN")
    assert statement.touches[0].relation == AUDITED
    assert (statement.kind, statement.reach) == (Kind.COPY_IN, Reach.CONNECTION)
    assert judge("COPY notes FROM STDIN", PLAIN).reach is Reach.TABLES

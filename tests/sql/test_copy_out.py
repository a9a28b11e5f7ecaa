"""COPY's options, and the query inside."""

from __future__ import annotations

import pytest
from tests.sql.clinic import judge, relation, snapshot

from interlock.errors import NotUnderstood
from interlock.sql.parse import parse
from interlock.sql.statement import CopyFormat, CopyOptions, Kind

TEXT = CopyOptions(CopyFormat.TEXT, False, "\t", "\\N", '"', '"', frozenset(), False)
CSV = CopyOptions(CopyFormat.CSV, False, ",", "", '"', '"', frozenset(), False)
BINARY = CopyOptions(CopyFormat.BINARY, False, "\t", "\\N", '"', '"', frozenset(), False)


@pytest.mark.parametrize(
    ("tail", "options"),
    [
        ("", TEXT),
        ("WITH (FORMAT text)", TEXT),
        (
            "(DELIMITER '|', NULL 'none', HEADER true)",
            CopyOptions(CopyFormat.TEXT, True, "|", "none", '"', '"', frozenset(), False),
        ),
        ("(FORMAT csv)", CSV),
        ("CSV", CSV),
        ("(FORMAT 'csv', ENCODING 'UTF-8', HEADER off)", CSV),
        ("CSV HEADER", CopyOptions(CopyFormat.CSV, True, ",", "", '"', '"', frozenset(), False)),
        (
            "(FORMAT csv, DELIMITER ';', QUOTE '''', ESCAPE '\\', FORCE_QUOTE (id, body))",
            CopyOptions(CopyFormat.CSV, False, ";", "", "'", "\\", frozenset({"id", "body"}), False),
        ),
        ("(FORMAT csv, QUOTE '!')", CopyOptions(CopyFormat.CSV, False, ",", "", "!", "!", frozenset(), False)),
        ("BINARY", BINARY),
        ("(FORMAT binary, ENCODING 'utf8')", BINARY),
        ("CSV FORCE QUOTE *", CopyOptions(CopyFormat.CSV, False, ",", "", '"', '"', frozenset(), True)),
    ],
)
def test_options(tail: str, options: CopyOptions) -> None:
    assert judge(f"COPY notes TO STDOUT {tail}").copy == options


@pytest.mark.parametrize(
    "tail",
    [
        "(FORMAT binary, DELIMITER '|')",
        "(FORMAT binary, HEADER)",
        "(FORMAT binary, NULL '')",
        "(FORMAT 'CSV2')",
        "(FORMAT csv, FORCE_NULL (id))",
        "(DEFAULT 'x')",
        "(ON_ERROR stop)",
        "(ENCODING 'LATIN1')",
        "(HEADER match)",
        "(HEADER, HEADER)",
        "(QUOTE 'x')",
        "(FORCE_QUOTE *)",
        "(FORMAT csv, DELIMITER '\"')",
        "(FORMAT csv, NULL '\"')",
        "(DELIMITER '||')",
        "(DELIMITER 'a')",
        "(DELIMITER E'\\n')",
        "(DELIMITER 'é')",
        "(DELIMITER '')",
        "(NULL E'\\n')",
        "(NULL 'a|b', DELIMITER '|')",
        "(FREEZE)",
        "(FORCE_NOT_NULL (id))",
        "(WHATEVER)",
    ],
)
def test_options_refused(tail: str) -> None:
    assert judge(f"COPY notes TO STDOUT {tail}").kind is Kind.REFUSED


@pytest.mark.parametrize(
    "inner",
    [
        "SELECT id FROM notes",
        "SELECT (id) FROM (SELECT id FROM notes) x WHERE body = ')' OR body = $$ ( $$",
        "SELECT id /* ) */ FROM notes -- )\n",
        "WITH x AS (SELECT 'é)' AS a) SELECT a FROM x",
        "(SELECT id FROM notes) UNION (SELECT id FROM wards)",
        "VALUES (1), (2)",
        "TABLE notes",
    ],
)
def test_the_query_inside_is_cut_out_as_written(inner: str) -> None:
    statement = judge(f"COPY/* ( */(  {inner}\n) TO STDOUT (FORMAT csv)")
    assert statement.kind is Kind.COPY_OUT
    assert statement.describe == inner.strip().encode()
    assert len(parse(statement.describe).statements) == 1


def test_names_are_quoted() -> None:
    odd = relation(20400, 'we"ird', ("a b", 23), ('q"', 25))
    known = snapshot(frozenset(), frozenset(), frozenset(), odd)
    statement = judge('COPY "we""ird" ("a b", "q""") TO STDOUT', known)
    assert statement.describe == b'SELECT "a b", "q""" FROM "public"."we""ird"'


def test_a_broken_copy_is_not_understood() -> None:
    with pytest.raises(NotUnderstood):
        judge("COPY (SELECT 1 TO STDOUT")

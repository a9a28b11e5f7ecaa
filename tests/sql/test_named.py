"""SQL's PREPARE and EXECUTE."""

from __future__ import annotations

import pytest
from tests.sql.clinic import judge

from interlock.sql.effects import ExecuteNamed, PrepareNamed
from interlock.sql.parse import parse
from interlock.sql.shape import Kind


@pytest.mark.parametrize(
    ("text", "types", "inner"),
    [
        ("PREPARE q AS SELECT ssn FROM patients", (), "SELECT ssn FROM patients"),
        ("prepare q as VALUES (1) ; -- end", (), "VALUES (1)"),
        ("PREPARE q (int, pg_catalog.oid) AS SELECT $1, $2", ("int", "pg_catalog.oid"), "SELECT $1, $2"),
        (
            "PREPARE q (varchar ( 3 ), numeric(5, 2), int[] /* , */, double precision) AS SELECT 1 AS x",
            ("varchar ( 3 )", "numeric(5, 2)", "int[]", "double precision"),
            "SELECT 1 AS x",
        ),
        ("PREPARE q AS WITH x AS (SELECT 1) TABLE x;;", (), "WITH x AS (SELECT 1) TABLE x"),
        ("PREPARE q(int)AS INSERT INTO wards (id) VALUES ($1)", ("int",), "INSERT INTO wards (id) VALUES ($1)"),
        ("PREPARE q AS DELETE FROM wards /* é */ WHERE id = 1", (), "DELETE FROM wards /* é */ WHERE id = 1"),
        ("PREPARE q AS MERGE INTO wards USING notes ON true WHEN MATCHED THEN DELETE", (), None),
    ],
)
def test_prepare(text: str, types: tuple[str, ...], inner: str | None) -> None:
    statement = judge(text)
    assert (statement.kind, statement.refusal) == (Kind.OURS, None)
    assert statement.is_session_traffic
    assert statement.effect == PrepareNamed("q", types)
    assert statement.inner is not None
    assert len(parse(statement.inner).statements) == 1
    assert inner is None or statement.inner == inner.encode()
    assert statement.describe is None


@pytest.mark.parametrize(
    ("arguments", "forms"),
    [
        ("", ()),
        ("('it''s', E'a\\tb', $$c$$, '')", ("it's", "a\tb", "c", "")),
        ("(1, -2, +3, - 4, 0x1F, 1_000, 12345678901, 1.50, -0.5)", None),
        ("(true, false, NULL, NULL::int)", ("true", "false", None, None)),
        (
            "('1'::int, 16386::pg_catalog.oid, '7'::pg_catalog.int8, -5::int, '-5'::bigint)",
            ("1", "16386", "7", "-5", "-5"),
        ),
        ("('x'::text, 'y'::varchar, 't'::bool, DATE '2020-01-31', '{}'::json)", ("x", "y", "true", "2020-01-31", "{}")),
        ("('0190a0b0-0000-7000-8000-000000000000'::uuid)", ("0190a0b0-0000-7000-8000-000000000000",)),
    ],
)
def test_execute(arguments: str, forms: tuple[str | None, ...] | None) -> None:
    statement = judge(f"EXECUTE q{arguments}")
    assert (statement.kind, statement.refusal) == (Kind.OURS, None)
    expected = ("1", "-2", "3", "-4", "31", "1000", "12345678901", "1.50", "-0.5") if forms is None else forms
    assert statement.effect == ExecuteNamed("q", expected)
    assert statement.inner is None


@pytest.mark.parametrize(
    "argument",
    [
        "1 + 1",
        "now()",
        "current_user",
        "$1",
        "(SELECT 1)",
        "ARRAY[1]",
        "'{1}'::int[]",
        "'abc'::varchar(2)",
        "'abc'::char",
        "'abc'::name",
        "'abc '::bpchar",
        "'1.5'::int",
        "1.5::int",
        "' 1'::int",
        "'+1'::int",
        "'1e3'::numeric",
        "1e3",
        "1.",
        "B'101'",
        "X'1F'",
        "'yes'::bool",
        "1::bool",
        "'patients'::regclass",
        "'{\"a\":  1}'::jsonb",
        "'2020-01-01 00:00'::timestamptz",
        "'x'::public.text",
        "'1'::mine",
        "- '1'::int",
        "- 'a'",
        "-(+1)",
        "-(-1::int)",
        "'a' || 'b'",
        "'a' COLLATE \"C\"",
        "ROW(1)",
    ],
)
def test_what_is_not_a_sure_constant_is_refused(argument: str) -> None:
    statement = judge(f"EXECUTE q({argument})")
    assert statement.kind is Kind.REFUSED
    assert statement.refusal is not None
    assert "constants only" in statement.refusal.sentence


def test_arguments_stay_out_of_what_is_printed() -> None:
    assert "secret" not in repr(judge("EXECUTE q('secret')"))


def test_types_of_users_and_names_that_carry_data() -> None:
    for text in (
        "PREPARE q (mine) AS SELECT $1",
        "PREPARE q (public.text) AS SELECT $1",
        "PREPARE q (setof int) AS SELECT 1",
        'PREPARE "123-45-6789" AS SELECT 1',
        'EXECUTE "a@b.example"',
    ):
        assert judge(text).kind is Kind.REFUSED, text

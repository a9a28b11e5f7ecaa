"""What is read of a statement's form, held against what a server does with it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from tests.postgres_fixture import Database
from tests.sql.clinic import judge

from interlock.sql.effects import ExecuteNamed
from interlock.sql.search_path import elements_of, plain_schemas
from interlock.sql.shape import Kind

Connection = psycopg.Connection[tuple[object, ...]]

ARGUMENTS = [
    "1",
    "-2",
    "+3",
    "0",
    "0x1F",
    "1_000",
    "12345678901",
    "1.50",
    "-0.5",
    "'7'",
    "'it''s'",
    r"E'a\tb'",
    "''",
    "true",
    "false",
    "NULL",
    "NULL::int",
    "'1'::int",
    "-5::int",
    "- 0.0::numeric",
    "16386::pg_catalog.oid",
    "'t'::bool",
    "true::text",
    "1.50::text",
    "'abc  '::varchar",
    "' abc'::bpchar",
    "DATE '2020-01-31'",
    "'{\"a\":  1}'::json",
    "'0190a0b0-0000-7000-8000-000000000000'::uuid",
]
TYPES = ["int", "bigint", "numeric", "text", "varchar", "bool", "oid", "date", "json", "uuid", "float8", "timestamp"]


@pytest.fixture
def server(empty_database: Database) -> Iterator[Connection]:
    with empty_database.admin() as connection:
        yield connection


@pytest.mark.parametrize("type_name", TYPES)
def test_a_bound_text_is_never_another_value_than_execute_would_take(server: Connection, type_name: str) -> None:
    server.execute(f"PREPARE q ({type_name}) AS SELECT $1::text".encode())
    alike = 0
    for argument in ARGUMENTS:
        effect = judge(f"EXECUTE q({argument})").effect
        assert isinstance(effect, ExecuteNamed), argument
        try:
            there = server.execute(f"EXECUTE q({argument})".encode()).fetchone()
        except psycopg.Error:
            continue  # an argument of another type: there is nothing to differ from
        try:
            here = server.execute(f"SELECT %s::{type_name}::text".encode(), effect.arguments).fetchone()
        except psycopg.Error:
            continue  # refused, where the server would have converted
        assert here == there, argument
        alike += 1
    assert alike >= 2, "at least the two kinds of NULL"


@pytest.mark.parametrize(
    "options",
    [
        "",
        "CSV HEADER",
        "(FORMAT csv, HEADER match)",
        "(FORMAT binary)",
        "(FORMAT binary, FREEZE off, ON_ERROR stop)",
        "USING DELIMITERS '|'",
        "(DEFAULT 'dflt', FREEZE off)",
        "CSV FORCE NULL b FORCE NOT NULL a",
        "(FORMAT csv, FORCE_NOT_NULL *, FORCE_NULL *)",
        "(ON_ERROR ignore, REJECT_LIMIT 3, LOG_VERBOSITY silent, ENCODING 'UTF8')",
        "(FORMAT csv, NULL 'none', DEFAULT 'dflt', QUOTE '''', ESCAPE '!', DELIMITER ';')",
        "(FORMAT binary, HEADER)",
        "(FORMAT binary, ON_ERROR ignore)",
        "(FORMAT binary, DEFAULT 'x')",
        "(FORCE_NULL (b))",
        "(FORMAT csv, FORCE_QUOTE *)",
        "(DEFAULT E'\\t')",
        "(DEFAULT '\\N')",
        "(FORMAT csv, DEFAULT '\"')",
        "(REJECT_LIMIT 3)",
        "(LOG_VERBOSITY loud)",
        "(FREEZE maybe)",
        "(HEADER 2)",
        "(ON_ERROR nothing)",
    ],
)
def test_options_of_rows_copied_in_are_taken_as_the_server_takes_them(server: Connection, options: str) -> None:
    server.execute("CREATE TABLE notes (id int, patient_id int, body text)")
    text = f"COPY notes FROM STDIN {options.replace(' b', ' body').replace('(b', '(body').replace('NULL a', 'NULL id')}"
    signature = b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\xff\xff"
    rows = signature if "binary" in options else b"id,patient_id,body\n" if "HEADER" in options else b""
    try:
        with server.cursor() as cursor, cursor.copy(text.encode()) as copy:
            copy.write(rows)
        taken = True
    except psycopg.Error:
        taken = False
    assert (judge(text).kind is Kind.COPY_IN) is taken


@pytest.mark.parametrize("value", ["", "a", "A", '"B"', ' a , "B"', '"$user", public', "$user", '""', "pg_catalog, a"])
def test_a_search_path_is_split_as_the_server_splits_it(server: Connection, value: str) -> None:
    server.execute('CREATE SCHEMA a; CREATE SCHEMA "B"')
    elements = elements_of(value)
    assert elements is not None and plain_schemas(elements)
    row = server.execute("SELECT set_config('search_path', %s, false), current_schemas(false)", (value,)).fetchone()
    assert row is not None
    row = server.execute("SELECT current_schemas(false), current_user").fetchone()
    assert row is not None
    there = [e for e in elements if e in ("a", "B", "public", "pg_catalog")]
    assert row[0] == there


@pytest.mark.parametrize("value", ["pg_temp", "a, PG_TEMP", '"pg_temp"', "Pg_Temp_1"])
def test_no_spelling_of_the_temporary_schema_passes(value: str) -> None:
    elements = elements_of(value)
    assert elements is not None and not plain_schemas(elements)


@pytest.mark.parametrize(
    "query", ["SELECT 1 AS a", "SELECT substring('abc' FOR 2) AS a FOR UPDATE", "VALUES ('FOR')", "TABLE wards"]
)
def test_the_query_inside_a_cursor_is_what_the_cursor_shows(server: Connection, query: str) -> None:
    server.execute("CREATE TABLE wards (id int, title text); INSERT INTO wards VALUES (1, 'North')")
    statement = judge(f"DECLARE c /* FOR */ CURSOR FOR {query};")
    assert statement.inner is not None
    with server.transaction():
        direct = server.execute(statement.inner).fetchall()
        server.execute(statement.text)
        assert server.execute("FETCH ALL FROM c").fetchall() == direct


def test_gateways_own_portals_are_within_reach_of_fetch_so_their_names_are_kept_apart(server: Connection) -> None:
    with server.transaction():
        server.execute("DECLARE il_p1 CURSOR FOR SELECT 7")
        assert server.execute("FETCH FROM il_p1").fetchall() == [(7,)]
    assert judge("FETCH FROM il_p1").kind is Kind.REFUSED

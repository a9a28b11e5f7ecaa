"""The cases held against a server's own description: how many outputs, their names, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import pq
from tests.postgres_fixture import Database
from tests.sql.lineage.a_schema import SNAPSHOT, named, traced
from tests.sql.lineage.test_cases import CASES

from interlock.sql.functions import FunctionClass, class_of
from interlock.sql.lineage.returns import ANY_ROW, ONE_OUTPUT, ONLY_ARGUMENTS, RECORDS, SETS
from interlock.sql.lineage.shapes import BUILT_IN_ARRAYS, OIDS

Connection = psycopg.Connection[tuple[object, ...]]

MAKE = """
CREATE SCHEMA other;
CREATE TYPE address AS (street text, zip text);
CREATE DOMAIN email AS text;
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TABLE patients (id int, name text, ssn text, city text, born date, extra jsonb, tags text[], home address,
    ward_id int, words tsvector);
CREATE TABLE notes (id int PRIMARY KEY, patient_id int, body text);
CREATE TABLE wards (id int, title text, beds int, name text);
CREATE TABLE visits (id int, patient_id int, ward_id bigint, day date, cost numeric);
CREATE TABLE ssn (id int, note text);
CREATE TABLE guesses (ssn text, n int);
CREATE TABLE audited (id int, what text);
CREATE SEQUENCE ticks;
CREATE TABLE signs (id int, title text, shout text GENERATED ALWAYS AS (upper(title)) STORED, owner email, feeling mood,
    homes address[]);
CREATE TABLE other.patients (id int, ssn text);
CREATE TABLE parted (id int, region text) PARTITION BY LIST (region);
CREATE VIEW pv AS SELECT p.id, p.ssn AS s, upper(p.name) AS loud FROM patients p WHERE p.city = 'x'::text;
CREATE VIEW pv2 AS SELECT s, count(*) AS n FROM pv GROUP BY s;
CREATE MATERIALIZED VIEW mv AS SELECT ssn AS s FROM patients;
CREATE VIEW own_function AS SELECT lower(ssn) AS a FROM patients;
CREATE FUNCTION unmask(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION lower(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
"""
NOT_HERE = 40  # cases that a server refuses: names of nothing, and XML, which it may be built without


@pytest.fixture
def server(empty_database: Database) -> Iterator[Connection]:
    with empty_database.admin() as connection:
        connection.execute(MAKE.encode())
        yield connection


def described(server: Connection, text: str) -> list[tuple[str, int, int]] | None:
    """(name, table, column) of each output as the server has it; None when it refuses the text."""
    raw = server.pgconn
    if raw.prepare(b"", text.encode()).status != pq.ExecStatus.COMMAND_OK:
        return None
    found = raw.describe_prepared(b"")
    return [((found.fname(n) or b"").decode(), found.ftable(n), found.ftablecol(n)) for n in range(found.nfields)]


def test_outputs_are_those_that_the_server_describes(server: Connection) -> None:
    rows = server.execute(
        b"SELECT oid, oid::regclass::text, relname FROM pg_class WHERE relkind IN ('r','v','m','S','p')"
    )
    places = {int(str(oid)): str(name) for oid, name, _ in rows}
    refused, unnamed = 0, list[str]()
    for text, _ in CASES:
        if text.startswith(("COPY", "EXPLAIN", "DECLARE", "PREPARE", "CREATE")) or " INTO " in text[:30]:
            continue
        told = described(server, text)
        if told is None:
            refused += 1
            continue
        lineage = traced(text)
        if lineage.outputs or not lineage.opaque:
            assert [o.name for o in lineage.outputs] == [name for name, _, _ in told], text
        for output, (_, table, number) in zip(lineage.outputs, told, strict=bool(lineage.outputs)):
            if table and number > 0 and places.get(table):
                origins = {(c.relation, c.number) for c in output.sources}
                names = {f"{SNAPSHOT.by_oid[oid].name}.{at}" for oid, at in origins}
                assert f"{places[table].rpartition('.')[2]}.{number}" in names, (
                    text,
                    sorted(map(named, output.sources)),
                )
            elif output.plain and not table:
                unnamed.append(text)
    assert refused <= NOT_HERE
    assert all("(" in text.split("FROM")[0] for text in unnamed), "only a field of a row that an expression makes"


def test_tables_of_functions_and_types_are_the_servers(server: Connection) -> None:
    def names(query: str) -> set[str]:
        return {str(row[0]) for row in server.execute(query.encode())}

    arrays = names(
        "SELECT oid FROM pg_type WHERE typcategory = 'A' AND typelem <> 0 AND oid < 12000"
        " AND (SELECT e.typrelid FROM pg_type e WHERE e.oid = pg_type.typelem) = 0"
    )
    assert arrays == set(map(str, BUILT_IN_ARRAYS))
    rows = server.execute(b"SELECT typname, oid FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace")
    oids = {str(name): int(str(oid)) for name, oid in rows}
    assert all(oids[name] == oid for name, oid in OIDS.items())
    listed = {n for n in names("SELECT proname FROM pg_proc WHERE proretset AND pronargs > 0") if _is_listed(n)}
    assert listed - SETS <= {"aclexplode", "pg_options_to_table", "pg_partition_ancestors", "pg_partition_tree"}
    takers = names(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND pronargs >= 1"
        " AND pronargs - pronargdefaults <= 1 AND proargtypes[0]::regtype::text IN ('record', '\"any\"', 'anyelement',"
        " 'anynonarray', 'anycompatible', 'anycompatiblenonarray')"
    )
    assert takers <= ANY_ROW
    several = server.execute(
        b"SELECT proname, array_agg(a.n ORDER BY a.at) FROM pg_proc, unnest(proargnames, proargmodes)"
        b" WITH ORDINALITY a (n, m, at) WHERE a.m IN ('o', 't') AND pronamespace = 'pg_catalog'::regnamespace"
        b" GROUP BY pg_proc.oid, proname"
    ).fetchall()
    for name, columns in several:
        if _is_listed(str(name)) and name != "unnest":
            assert isinstance(columns, list)
            expected = RECORDS.get(str(name)) or (ONE_OUTPUT[str(name)],)
            assert expected == tuple(columns)


def _is_listed(name: str) -> bool:
    return class_of(name) in (FunctionClass.LISTED, FunctionClass.VOLATILE) or name in ONLY_ARGUMENTS

"""Functions of extensions that make numbers: told by library and symbol, from DDL and from a server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.postgres_fixture import Database

from interlock.model.snapshot import Snapshot
from interlock.sql.ddl import snapshot_of
from interlock.sql.extension_functions import HARMLESS
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Statement
from interlock.sql.statement import analyse
from interlock.upstreams.postgres import load_snapshot

STATE = SessionState(("public",), "gate")
TABLES = (
    "CREATE TABLE people (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), ssn text);"
    "CREATE TABLE keyed (id uuid DEFAULT gen_random_uuid(), salt bytea DEFAULT gen_random_bytes(8), note text);"
)
DDL = f'CREATE EXTENSION "uuid-ossp"; CREATE EXTENSION pgcrypto; {TABLES}'
# The libraries aren't on the test server, so the catalog is told of them; nothing here calls what is in them.
MADE = (
    ("uuid_generate_v4()", "uuid", "uuid-ossp", "uuid_generate_v4"),
    ("uuid_generate_v5(namespace uuid, name text)", "uuid", "uuid-ossp", "uuid_generate_v5"),
    ("gen_random_uuid()", "uuid", "pgcrypto", "pg_random_uuid"),
    ("gen_random_bytes(int)", "bytea", "pgcrypto", "pg_random_bytes"),
)
TOLD = "UPDATE pg_proc SET prolang = 13, probin = '$libdir/{}', prosrc = '{}' WHERE oid = 'public.{}'::regproc"
SCRIPTS = tuple(
    f"CREATE FUNCTION public.{signature} RETURNS {returns} LANGUAGE internal AS 'gen_random_uuid';"
    + TOLD.format(library, symbol, signature.partition("(")[0])
    for signature, returns, library, symbol in MADE
)
FORGED = {
    "in SQL": "CREATE OR REPLACE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql"
    " AS 'SELECT ssn::uuid FROM public.people LIMIT 1'",
    "another symbol": TOLD.format("uuid-ossp", "uuid_other", "uuid_generate_v4"),
    "another library": TOLD.format("mine", "uuid_generate_v4", "uuid_generate_v4"),
    "elsewhere": TOLD.format("../tmp/uuid-ossp", "uuid_generate_v4", "uuid_generate_v4"),
    "with a setting": "ALTER FUNCTION uuid_generate_v4() SET work_mem = '1MB'",
    "a namesake": "CREATE SCHEMA s; CREATE FUNCTION s.uuid_generate_v4(text) RETURNS uuid LANGUAGE plpgsql"
    " AS 'BEGIN RETURN NULL; END'",
}
WRITES = (
    "INSERT INTO people (ssn) VALUES ('1') RETURNING id",
    "INSERT INTO keyed (note) VALUES ('x') RETURNING *",
    "INSERT INTO people (id, ssn) VALUES (uuid_generate_v4(), '1')",
    "UPDATE keyed SET id = public.gen_random_uuid() WHERE note = 'x'",
    "SELECT uuid_generate_v4(), gen_random_uuid()",
)


def judged(text: str, snapshot: Snapshot) -> Statement:
    return analyse(text.encode(), snapshot, STATE)


@pytest.fixture
async def server(empty_database: Database) -> Snapshot:
    empty_database.execute("; ".join(SCRIPTS), TABLES)
    return await load_snapshot(empty_database.upstream)


@pytest.mark.parametrize("text", WRITES)
def test_what_makes_numbers_hides_nothing_by_the_ddl(text: str) -> None:
    found = judged(text, snapshot_of(DDL.encode()))
    assert (found.opaque_because, found.refusal, found.effect_free) == ((), None, False)


@pytest.mark.parametrize("text", WRITES)
async def test_what_makes_numbers_hides_nothing_by_the_server(server: Snapshot, text: str) -> None:
    found = judged(text, server)
    assert (found.opaque_because, found.refusal, found.effect_free) == ((), None, False)
    assert all(touch.verb != "sql.call" for touch in found.touches)


async def test_both_tell_the_same(server: Snapshot) -> None:
    told = {r.name: (r.library, r.body, r.namesake) for r in snapshot_of(DDL.encode()).routines}
    assert {r.name: (r.library, r.body, r.namesake) for r in server.routines}.items() <= told.items()
    assert not any(r.rewrites for r in server.relations if r.kind == "r")


async def test_what_a_name_is_made_of_is_kept(server: Snapshot) -> None:
    lineage = judged("SELECT uuid_generate_v5(id, ssn) FROM people", server).lineage
    assert lineage is not None and not lineage.opaque
    assert {s.number for s in lineage.outputs[0].sources} == {1, 2} and not lineage.outputs[0].plain


@pytest.mark.parametrize("how", FORGED)
async def test_the_name_alone_says_nothing(empty_database: Database, how: str) -> None:
    empty_database.execute("; ".join(SCRIPTS), TABLES, FORGED[how])
    snapshot = await load_snapshot(empty_database.upstream)
    assert "sql.call" in {touch.verb for touch in judged("SELECT uuid_generate_v4()", snapshot).touches}
    if how not in ("a namesake",):
        assert judged(WRITES[0], snapshot).opaque_because
        assert snapshot.by_name["public", "people"].rewrites


def test_no_symbol_is_listed_twice_and_all_are_names() -> None:
    symbols = [symbol for listed in HARMLESS.values() for symbol in listed]
    assert len(symbols) == len(set(symbols)) and all(symbol.isidentifier() for symbol in symbols)


def test_an_aggregate_or_an_sql_function_of_that_text_is_none() -> None:
    snapshot = snapshot_of(DDL.encode())
    changed = tuple(replace(r, language="sql") for r in snapshot.routines)
    assert judged(WRITES[4], replace(snapshot, routines=changed)).opaque_because

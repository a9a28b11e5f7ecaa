"""What a snapshot knows of a database, read with a login that has hardly any rights."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from tests.postgres_fixture import ClinicDatabase, Database

from interlock.errors import UpstreamFailed
from interlock.model.secret import Secret
from interlock.model.settings import UpstreamPostgres
from interlock.model.snapshot import Relation, Snapshot
from interlock.upstreams.connect import check_upstream
from interlock.upstreams.postgres import load_snapshot


def _relation(snapshot: Snapshot, name: str) -> Relation:
    return snapshot.by_name["public", name]


async def _loaded(database: Database, *statements: str) -> Snapshot:
    database.execute(*statements)
    return await load_snapshot(database.upstream)


async def test_the_clinic_is_known_whole(clinic: ClinicDatabase) -> None:
    snapshot = await load_snapshot(clinic.upstream)
    names = {r.name for r in snapshot.relations}
    assert names == {*clinic.truth.tables, "patient_summary", "department_load"}
    patients = _relation(snapshot, "patients")
    assert [c.name for c in patients.columns] == list(clinic.truth.patients[0]._fields)
    assert [c.number for c in patients.columns] == list(range(1, 17))
    assert patients.columns[2].type_oid == 25  # text
    assert patients.is_base_table
    assert _relation(snapshot, "patient_summary").kind == "v"
    assert not any(r.hidden_effects for r in snapshot.relations)
    assert snapshot.search_path == ("public",)
    assert snapshot.server_version // 10000 == 18
    assert {"patients", "_patients"} <= snapshot.types
    assert snapshot.functions == frozenset()


async def test_the_same_definitions_give_the_same_version(clinic: ClinicDatabase) -> None:
    first, second = await asyncio.gather(load_snapshot(clinic.upstream), load_snapshot(clinic.upstream))
    assert first.version == second.version
    assert first.relations == second.relations


async def test_oids_and_numbers_are_those_of_row_descriptions(empty_database: Database) -> None:
    snapshot = await _loaded(
        empty_database, "CREATE TABLE t (gone int, a text, b int)", "ALTER TABLE t DROP COLUMN gone", "SELECT 1"
    )
    t = _relation(snapshot, "t")
    assert [(c.number, c.name) for c in t.columns] == [(2, "a"), (3, "b")]
    with empty_database.admin() as connection:
        cursor = connection.execute("SELECT a, b FROM t")
        assert cursor.pgresult is not None
        described = [(cursor.pgresult.ftable(n), cursor.pgresult.ftablecol(n)) for n in (0, 1)]
    assert described == [(t.oid, 2), (t.oid, 3)]


HIDDEN = {
    "trigger": (
        "CREATE TABLE t (a int)",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
    ),
    "rule": ("CREATE TABLE t (a int)", "CREATE RULE g AS ON DELETE TO t DO INSTEAD NOTHING"),
    "row security": ("CREATE TABLE t (a int)", "ALTER TABLE t ENABLE ROW LEVEL SECURITY"),
    "policy": ("CREATE TABLE t (a int)", "CREATE POLICY g ON t USING (a > 0)"),
    "generated column": ("CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) STORED)",),
    "virtual column": ("CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) VIRTUAL)",),
    "numbered by users' code": (
        "CREATE FUNCTION s(text) RETURNS regclass LANGUAGE sql AS $$ SELECT $1::regclass $$",
        "CREATE TABLE t (a int DEFAULT nextval(s('x')))",
    ),
    "computed default": ("CREATE TABLE t (a timestamptz DEFAULT now())",),
    "domain default": ("CREATE DOMAIN d AS int DEFAULT 3", "CREATE TABLE t (a d)"),
    "child": ("CREATE TABLE t (a int)", "CREATE TABLE u () INHERITS (t)"),
    "parent": ("CREATE TABLE u (a int)", "CREATE TABLE t () INHERITS (u)"),
    "partitions": ("CREATE TABLE t (a int) PARTITION BY LIST (a)",),
    "cascade": (
        "CREATE TABLE t (a int PRIMARY KEY)",
        "CREATE TABLE u (a int REFERENCES t ON DELETE CASCADE)",
    ),
    "check by a function of ours": (
        "CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql AS 'SELECT true'",
        "CREATE TABLE t (a int CHECK (f(a)))",
    ),
    "index by a function of ours": (
        "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'",
        "CREATE TABLE t (a int)",
        "CREATE INDEX ON t (f(a))",
    ),
}


@pytest.mark.parametrize("statements", HIDDEN.values(), ids=HIDDEN.keys())
async def test_hidden_effects_are_flagged(empty_database: Database, statements: tuple[str, ...]) -> None:
    snapshot = await _loaded(empty_database, "CREATE TABLE plain (a int DEFAULT 7, b text DEFAULT 'x')", *statements)
    assert _relation(snapshot, "t").hidden_effects
    assert not _relation(snapshot, "plain").hidden_effects


@pytest.mark.parametrize("column", ["serial", "bigserial", "smallserial", "int GENERATED ALWAYS AS IDENTITY"])
async def test_numbering_rows_is_no_hidden_effect(empty_database: Database, column: str) -> None:
    empty_database.execute(f"CREATE TABLE t (a {column}, b text)")
    assert not _relation(await load_snapshot(empty_database.upstream), "t").hidden_effects


WRITES_MORE = {
    "trigger": (
        {"insert", "delete"},
        "CREATE TABLE t (a int)",
        "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER g AFTER INSERT OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION g()",
    ),
    "truncate trigger": (
        set(),
        "CREATE TABLE t (a int)",
        "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER g AFTER TRUNCATE ON t FOR EACH STATEMENT EXECUTE FUNCTION g()",
    ),
    "rule": (
        {"delete"},
        "CREATE TABLE t (a int)",
        "CREATE RULE g AS ON DELETE TO t DO INSTEAD NOTHING",
    ),
    "cascade": (
        {"delete"},
        "CREATE TABLE t (a int PRIMARY KEY)",
        "CREATE TABLE u (a int REFERENCES t ON DELETE CASCADE)",
    ),
    "cascading update": (
        {"update"},
        "CREATE TABLE t (a int PRIMARY KEY)",
        "CREATE TABLE u (a int REFERENCES t ON UPDATE SET NULL)",
    ),
    "reference": (set(), "CREATE TABLE t (a int PRIMARY KEY)", "CREATE TABLE u (a int REFERENCES t)"),
    "serial": (
        set(),
        "CREATE TABLE t (a serial PRIMARY KEY, b timestamptz DEFAULT now(), c int GENERATED ALWAYS AS (1) STORED)",
    ),
    "identity": (set(), "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY)"),
    "row security": (
        set(),
        "CREATE TABLE t (a int)",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY g ON t USING (a > 0)",
    ),
    "default of ours": (
        {"insert", "update"},
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE t (a int DEFAULT f())",
    ),
    "check of ours": ({"insert", "update", "delete"}, *HIDDEN["check by a function of ours"]),
    "index of ours": ({"insert", "update", "delete"}, *HIDDEN["index by a function of ours"]),
    "policy of ours": (
        {"insert", "update", "delete"},
        "CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql AS 'SELECT true'",
        "CREATE TABLE t (a int)",
        "CREATE POLICY g ON t USING (f(a))",
    ),
    "domain": (set(), "CREATE DOMAIN d AS int CHECK (value > 0) DEFAULT 7", "CREATE TABLE t (a d)"),
    "domain of ours": (
        {"insert", "update"},
        "CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql AS 'SELECT true'",
        "CREATE DOMAIN d AS int CHECK (f(value))",
        "CREATE TABLE t (a d)",
    ),
    "array of domains": ({"insert", "update"}, "CREATE DOMAIN d AS int", "CREATE TABLE t (a d[])"),
    "composite": ({"insert", "update"}, "CREATE TYPE c AS (x int)", "CREATE TABLE t (a c)"),
    "enum": (set(), "CREATE TYPE mood AS ENUM ('a')", "CREATE TABLE t (a mood, b mood[])"),
}


@pytest.mark.parametrize("case", WRITES_MORE.values(), ids=WRITES_MORE.keys())
async def test_writes_that_change_more_than_they_count(
    empty_database: Database, case: tuple[set[str], *tuple[str, ...]]
) -> None:
    more, *statements = case
    assert _relation(await _loaded(empty_database, *statements), "t").writes_more == more


REDEFINITIONS = {
    "view": ("CREATE VIEW t AS SELECT 1 AS a", "CREATE OR REPLACE VIEW t AS SELECT 2 AS a"),
    "view option": ("CREATE VIEW t AS SELECT 1 AS a", "ALTER VIEW t SET (security_invoker = true)"),
    "column": ("CREATE TABLE t (a int)", "ALTER TABLE t ADD b int"),
    "type": ("CREATE TABLE t (a int)", "ALTER TABLE t ALTER a TYPE bigint"),
    "default": ("CREATE TABLE t (a int DEFAULT 1)", "ALTER TABLE t ALTER a SET DEFAULT 2"),
    "check": ("CREATE TABLE t (a int)", "ALTER TABLE t ADD CHECK (a > 0)"),
    "not null": ("CREATE TABLE t (a int)", "ALTER TABLE t ALTER a SET NOT NULL"),
    "policy": ("CREATE TABLE t (a int)", "CREATE POLICY g ON t USING (a > 0)"),
    "rule": ("CREATE TABLE t (a int)", "CREATE RULE g AS ON DELETE TO t DO INSTEAD NOTHING"),
    "unique index": ("CREATE TABLE t (a int)", "CREATE UNIQUE INDEX ON t (a)"),
    "row security": ("CREATE TABLE t (a int)", "ALTER TABLE t FORCE ROW LEVEL SECURITY"),
    "referenced": ("CREATE TABLE t (a int PRIMARY KEY)", "CREATE TABLE u (a int REFERENCES t)"),
}


@pytest.mark.parametrize(("before", "after"), REDEFINITIONS.values(), ids=REDEFINITIONS.keys())
async def test_a_redefinition_changes_definition_and_version(empty_database: Database, before: str, after: str) -> None:
    first = await _loaded(empty_database, before)
    second = await _loaded(empty_database, after)
    assert _relation(first, "t").definition != _relation(second, "t").definition
    assert first.version != second.version


async def test_disabling_a_trigger_changes_the_definition(empty_database: Database) -> None:
    first = await _loaded(empty_database, *HIDDEN["trigger"])
    second = await _loaded(empty_database, "ALTER TABLE t DISABLE TRIGGER g")
    assert _relation(first, "t").definition != _relation(second, "t").definition
    assert _relation(second, "t").hidden_effects


async def test_data_changes_nothing(empty_database: Database) -> None:
    first = await _loaded(empty_database, "CREATE TABLE t (a int PRIMARY KEY)")
    second = await _loaded(empty_database, "INSERT INTO t SELECT generate_series(1, 500)", "ANALYZE t")
    assert first.version == second.version


async def test_functions_operators_and_types_of_users_are_named(empty_database: Database) -> None:
    snapshot = await _loaded(
        empty_database,
        "CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql AS 'SELECT upper($1)'",
        "CREATE FUNCTION lower(int) RETURNS text LANGUAGE sql AS 'SELECT $1::text'",
        "CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int)",
        "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
        "CREATE TYPE mood AS ENUM ('good', 'bad')",
        "CREATE SCHEMA other",
        "CREATE FUNCTION other.shout(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    )
    assert {"shout", "lower", "total"} <= snapshot.functions
    assert snapshot.operators == {"==="}
    assert "mood" in snapshot.types
    assert set(snapshot.function_definitions) == snapshot.functions


@pytest.mark.parametrize(
    "change",
    [
        "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
        "CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER FUNCTION f(int) SECURITY DEFINER",
        "ALTER FUNCTION f(int) SET search_path = pg_catalog",
        "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql RETURN 2",
    ],
)
async def test_any_body_of_a_name_counts(empty_database: Database, change: str) -> None:
    first = await _loaded(empty_database, "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'")
    second = await _loaded(empty_database, change)
    assert first.function_definitions["f"] != second.function_definitions["f"]


async def test_a_cast_of_users_changes_the_version(empty_database: Database) -> None:
    first = await _loaded(
        empty_database, "CREATE TYPE mood AS (x int)", "CREATE FUNCTION f(mood) RETURNS int LANGUAGE sql AS 'SELECT 1'"
    )
    second = await _loaded(empty_database, "CREATE CAST (mood AS int) WITH FUNCTION f(mood) AS IMPLICIT")
    assert first.version != second.version


async def test_temporary_objects_are_left_out(empty_database: Database) -> None:
    first = await load_snapshot(empty_database.upstream)
    with empty_database.admin() as other:
        other.execute("CREATE TEMP TABLE noise (a int)")
        other.execute("CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        second = await load_snapshot(empty_database.upstream)
    assert first.version == second.version
    assert second.relations == ()


async def test_the_search_path_is_the_logins_own(empty_database: Database) -> None:
    name = empty_database.name
    snapshot = await _loaded(
        empty_database,
        f"CREATE SCHEMA {name} AUTHORIZATION {name}",
        "CREATE SCHEMA second",
        f"GRANT USAGE ON SCHEMA second TO {name}",
        f"ALTER ROLE {name} SET search_path = 'second', '$user', 'missing', 'public'",
    )
    assert snapshot.search_path == ("second", name, "public")


@pytest.mark.parametrize(
    ("grant", "told"),
    [
        ("ALTER ROLE {} SUPERUSER", "is a superuser"),
        ("ALTER ROLE {} REPLICATION", "may replicate"),
        ("ALTER ROLE {} BYPASSRLS", "bypasses row security"),
        ("ALTER ROLE {} CREATEROLE", "may make and change roles"),
        ("GRANT pg_read_all_data TO {}", "has pg_read_all_data"),
        ("GRANT pg_execute_server_program TO {}", "has pg_execute_server_program"),
        ("GRANT pg_monitor TO {}", "has pg_monitor"),
    ],
)
async def test_a_login_that_is_too_mighty_is_refused(empty_database: Database, grant: str, told: str) -> None:
    empty_database.execute(grant.format(empty_database.name))
    for ask in (load_snapshot(empty_database.upstream), check_upstream(empty_database.upstream)):
        with pytest.raises(UpstreamFailed, match=told) as refused:
            await ask
        assert refused.value.code == "login_too_mighty"


async def test_a_login_that_can_become_a_superuser_is_refused(empty_database: Database) -> None:
    boss = f"boss_{empty_database.name}"
    empty_database.execute(f"CREATE ROLE {boss} SUPERUSER", f"GRANT {boss} TO {empty_database.name} WITH INHERIT FALSE")
    try:
        with pytest.raises(UpstreamFailed, match="is a superuser"):
            await load_snapshot(empty_database.upstream)
    finally:
        empty_database.execute(f"DROP ROLE {boss}")


async def test_check_upstream_names_the_server(clinic: ClinicDatabase) -> None:
    assert "PostgreSQL 18" in await check_upstream(clinic.upstream)


async def test_a_wrong_password_is_the_upstreams_fault_and_no_secret_is_told(clinic: ClinicDatabase) -> None:
    up = clinic.upstream
    wrong = UpstreamPostgres(up.host, up.port, up.database, up.user, Secret("not-the-password"))
    with pytest.raises(UpstreamFailed, match="can't be reached") as refused:
        await check_upstream(wrong)
    assert "not-the-password" not in str(refused.value)


async def test_nobody_there_is_the_upstreams_fault(clinic: ClinicDatabase, unused_tcp_port: int) -> None:
    up = clinic.upstream
    with pytest.raises(UpstreamFailed, match="can't be reached"):
        await check_upstream(UpstreamPostgres(up.host, unused_tcp_port, up.database, up.user, up.password))


async def test_our_own_connection_cant_write(clinic: ClinicDatabase) -> None:
    from interlock.upstreams.connect import connect

    connection = await connect(clinic.upstream)
    try:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await connection.execute("DELETE FROM claims WHERE id = -1")
    finally:
        await connection.close()

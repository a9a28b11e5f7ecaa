"""The mark moves with every committed change of definitions, and holds still while data come and go."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest
from tests.postgres_fixture import Database

from interlock.errors import UpstreamFailed
from interlock.upstreams.postgres import DefinitionsWatch

BASE = (
    "CREATE TABLE t (a int PRIMARY KEY, b text)",
    "CREATE TABLE u (a int)",
    "CREATE VIEW v AS SELECT a FROM t",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TYPE mood AS ENUM ('good')",
    "CREATE TRIGGER g BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION f()",
    "CREATE POLICY p ON u USING (a > 0)",
)

CHANGES = (
    "CREATE TABLE x (a int)",
    "CREATE SCHEMA x",
    "ALTER SCHEMA public RENAME TO renamed",
    "DROP TABLE u",
    "ALTER TABLE t ADD c int",
    "ALTER TABLE t DROP b",
    "ALTER TABLE t RENAME b TO c",
    "ALTER TABLE t RENAME TO w",
    "ALTER TABLE t ALTER b TYPE varchar(9)",
    "ALTER TABLE t ALTER b SET DEFAULT 'x'",
    "ALTER TABLE t ADD CHECK (a > 0)",
    "ALTER TABLE u ADD FOREIGN KEY (a) REFERENCES t",
    "ALTER TABLE u INHERIT t2",
    "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE u DISABLE TRIGGER g",
    "DROP TRIGGER g ON u",
    "ALTER POLICY p ON u USING (a > 1)",
    "CREATE OR REPLACE VIEW v AS SELECT a + 1 AS a FROM t",
    "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
    "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE FUNCTION h() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
    "CREATE DOMAIN d AS int",
    "ALTER TYPE mood ADD VALUE 'bad'",
    "CREATE CAST (mood AS int) WITH INOUT",
    "CREATE UNIQUE INDEX ON t (b)",
    "ALTER ROLE CURRENT_USER SET search_path = public",
)


@pytest.fixture
async def watch(empty_database: Database) -> AsyncIterator[DefinitionsWatch]:
    empty_database.execute(*BASE, "CREATE TABLE t2 (a int)")
    watch = DefinitionsWatch(empty_database.upstream)
    yield watch
    await watch.close()


@pytest.mark.parametrize("change", CHANGES)
async def test_every_kind_of_change_moves_it(empty_database: Database, watch: DefinitionsWatch, change: str) -> None:
    before = await watch.mark()
    assert await watch.mark() == before
    empty_database.execute(change.replace("CURRENT_USER", empty_database.name))
    assert await watch.mark() != before


async def test_data_statistics_and_temporary_objects_leave_it(
    empty_database: Database, watch: DefinitionsWatch
) -> None:
    before = await watch.mark()
    with empty_database.admin() as other:
        other.execute("INSERT INTO t SELECT n, 'x' FROM generate_series(1, 1000) n")
        other.execute("UPDATE t SET b = 'y'")
        other.execute("DELETE FROM t WHERE a > 500")
        other.execute("ANALYZE")
        other.execute("CREATE TEMP TABLE noise (a int PRIMARY KEY, b text DEFAULT 'x')")
        other.execute("CREATE TEMP VIEW more AS SELECT 1 AS a")
        assert await watch.mark() == before


async def test_a_change_shows_when_it_is_committed_and_not_if_it_is_rolled_back(
    empty_database: Database, watch: DefinitionsWatch
) -> None:
    before = await watch.mark()
    with empty_database.admin() as other:
        other.execute("BEGIN")
        other.execute("CREATE TABLE x ()")
        assert await watch.mark() == before
        other.execute("ROLLBACK")
        assert await watch.mark() == before


async def test_a_membership_granted_moves_it(empty_database: Database, watch: DefinitionsWatch) -> None:
    before = await watch.mark()
    empty_database.execute(f"GRANT pg_read_all_data TO {empty_database.name}")
    assert await watch.mark() != before


async def test_a_broken_connection_is_told_and_made_anew(empty_database: Database, watch: DefinitionsWatch) -> None:
    before = await watch.mark()
    empty_database.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'interlock'"
    )
    with pytest.raises(UpstreamFailed, match="broke off"):
        await watch.mark()
    assert await watch.mark() == before


async def test_the_mark_needs_no_rights_on_the_tables(empty_database: Database, watch: DefinitionsWatch) -> None:
    await watch.mark()
    up = empty_database.upstream
    with (
        psycopg.connect(
            host=up.host, port=up.port, dbname=up.database, user=up.user, password=up.password.reveal()
        ) as login,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        login.execute("SELECT * FROM t")

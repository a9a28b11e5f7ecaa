"""A statement described on a connection of our own: what it returns and takes, and that nothing runs."""

from __future__ import annotations

import pytest
from tests.postgres_fixture import Database

from interlock.errors import UpstreamFailed
from interlock.upstreams.describe import Described, Refused, describe, describing

PINNED = {"standard_conforming_strings": "on", "array_nulls": "on"}
REPORTED = ("TimeZone", "DateStyle", "nothing_like_that")


@pytest.fixture
def table(empty_database: Database) -> Database:
    empty_database.execute(
        "CREATE TABLE t (a int PRIMARY KEY, b text)",
        "INSERT INTO t VALUES (1, 'x')",
        f"GRANT ALL ON t TO {empty_database.name}",
        "CREATE SEQUENCE s",
        f"GRANT ALL ON s TO {empty_database.name}",
    )
    return empty_database


async def test_columns_with_their_origin_and_parameters_with_their_types(table: Database) -> None:
    async with describing(table.upstream, PINNED, REPORTED) as session:
        told = await describe(session, b"SELECT b, a, a + 1 AS more FROM t WHERE a = $1 AND b = $2")
        assert isinstance(told, Described)
        assert [(c.name, c.number, c.type_oid) for c in told.columns] == [("b", 2, 25), ("a", 1, 23), ("more", 0, 23)]
        assert told.columns[0].table_oid == told.columns[1].table_oid != 0 == told.columns[2].table_oid
        assert told.parameters == (23, 25)
        assert await describe(session, b"DELETE FROM t") == Described((), ())


async def test_nothing_runs(table: Database) -> None:
    async with describing(table.upstream, PINNED, REPORTED) as session:
        for text in (b"DELETE FROM t", b"SELECT nextval('s')", b"SELECT 1/0", b"CREATE TABLE u (a int)"):
            assert isinstance(await describe(session, text), Described)
    with table.admin() as admin:
        assert admin.execute("SELECT (SELECT count(*) FROM t), (SELECT is_called FROM s)").fetchone() == (1, False)


async def test_a_refusal_is_told_by_its_sqlstate_alone_and_the_session_goes_on(table: Database) -> None:
    async with describing(table.upstream, PINNED, REPORTED) as session:
        assert await describe(session, b"SELECT secret FROM t") == Refused("42703")
        assert await describe(session, b"SELECT 'it''s' FROM nowhere") == Refused("42P01")
        assert await describe(session, b"SELECT 1; SELECT 2") == Refused("42601")
        assert isinstance(await describe(session, b"SELECT a FROM t"), Described)


async def test_the_session_tells_how_texts_are_read(table: Database) -> None:
    table.execute("CREATE SCHEMA other", f"ALTER ROLE {table.name} SET array_nulls = off")
    table.execute(f"ALTER ROLE {table.name} SET search_path = other, public")
    table.execute(f"GRANT USAGE ON SCHEMA other TO {table.name}")
    async with describing(table.upstream, PINNED, REPORTED) as session:
        assert (session.schemas, session.role) == (("other", "public"), table.name)
        assert set(session.reported) == {"TimeZone", "DateStyle"}
        row = await (await session.connection.execute("SHOW array_nulls")).fetchone()
        assert row == ("on",)


async def test_a_connection_that_breaks_is_the_upstream_s_failure(table: Database) -> None:
    with pytest.raises(UpstreamFailed, match="broke off"):
        async with describing(table.upstream, PINNED, REPORTED) as session:
            table.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'interlock'"
            )
            await describe(session, b"SELECT a FROM t")

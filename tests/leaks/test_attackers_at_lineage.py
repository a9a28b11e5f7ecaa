"""Attackers who know how lineage works: names that mean something else, definitions that move, data left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database
from tests.promises.canaries import CATALOG, ROWS, TABLE, filling, sightings

POLICY = "\n".join(
    f'@id("agents-{verb}") permit (principal in Interlock::Group::"ai-agents",'
    f' action in Interlock::Action::"{verb}", resource);'
    for verb in ("read", "session", "write", "export", "schema", "execute")
)
JSON_TABLE = (
    "FROM people, JSON_TABLE(to_jsonb(ssn), '$' COLUMNS"
    " (NESTED PATH '$' COLUMNS (a text PATH '$'), rn FOR ORDINALITY)) AS t (x, y)"
)
RECURSION = (
    "WITH RECURSIVE r (n, t) AS (SELECT 1, three(city, city, ssn) FROM people"
    " UNION ALL SELECT n + 1, three((t).b, (t).c, (t).a) FROM r WHERE n < 4)"
)


async def rows(connection: psycopg.AsyncConnection[Any], text: str) -> list[Any]:
    """What a query gives, which no canary is in."""
    found = await (await connection.execute(text.encode())).fetchall()
    assert sightings(repr(found).encode()) == set(), text
    return found


async def through(running: Gateway, statements: Sequence[str]) -> None:
    """Runs these, one by one."""
    async with await running.connect() as connection:
        for statement in statements:
            await connection.execute(statement.encode())


def prepared(database: Database, *more: str) -> None:
    """The canaries, in tables that the agent owns."""
    owned = (f"ALTER TABLE people OWNER TO {database.user}",)
    database.execute(*TABLE, *filling(), "DROP MATERIALIZED VIEW kept", *owned, *more)


async def test_names_that_the_server_reads_otherwise(tmp_path: Path, empty_database: Database) -> None:
    prepared(
        empty_database,
        "CREATE TYPE tri AS (a text, b text, c text)",
        "CREATE FUNCTION three(text, text, text) RETURNS tri LANGUAGE sql IMMUTABLE AS 'SELECT $1, $2, $3'",
        "CREATE FUNCTION textcat(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'",
        "CREATE FUNCTION pg_catalog.upper(tri) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM public.people'",
        "CREATE TABLE columns (column_default text)",
        f"ALTER TABLE people ALTER COLUMN note SET DEFAULT '{ROWS[0][0].text}'",
        "GRANT SELECT ON columns TO PUBLIC",
    )
    attacks = [
        f"SELECT y {JSON_TABLE}",  # a level's own columns come before those of NESTED
        f"{RECURSION} SELECT n, (t).a FROM r",  # fields move round while the row's sources stand still
        "SELECT textcat(ssn, '') FROM people",  # pg_catalog's, though a user's has the name and the arguments
        "SELECT upper(three('a', 'b', 'c'))",  # a user's, in pg_catalog
        "SELECT pg_catalog.upper(three('a', 'b', 'c'))",
        "SELECT (three('a', 'b', 'c')).upper",
    ]
    async with gateway(tmp_path, empty_database, CATALOG, policy=POLICY) as running, await running.connect() as agent:
        for attack in attacks:
            await rows(agent, attack)
        assert await rows(agent, f"SELECT x {JSON_TABLE.replace('ssn', 'city')}") == [(1,), (1,), (1,)]
        assert (1, "Ulm") in await rows(agent, f"{RECURSION.replace('ssn', 'city')} SELECT n, (t).a FROM r")
        assert await rows(agent, "SELECT textcat(1, 2)") != []
        await agent.execute("SET search_path = information_schema, public")
        await rows(agent, "SELECT column_default || '' FROM columns")  # the server's own, and not the table


async def test_a_materialised_view_keeps_what_its_query_showed(tmp_path: Path, empty_database: Database) -> None:
    """Refreshed, and what lies below it replaced afterwards: also of one that was there before the gateway."""
    prepared(
        empty_database,
        "CREATE VIEW before AS SELECT ssn AS x FROM people",
        "CREATE MATERIALIZED VIEW old AS SELECT x FROM before",
        "GRANT SELECT ON old TO PUBLIC",
        f"ALTER VIEW before OWNER TO {empty_database.user}",
    )
    making = [
        "CREATE VIEW below AS SELECT city AS x FROM people",
        "CREATE MATERIALIZED VIEW stolen AS SELECT x FROM below",
        "CREATE OR REPLACE VIEW below AS SELECT ssn AS x FROM people",
        "REFRESH MATERIALIZED VIEW stolen",
        "CREATE OR REPLACE VIEW below AS SELECT city AS x FROM people",
        "CREATE OR REPLACE VIEW before AS SELECT city AS x FROM people",
    ]
    async with gateway(tmp_path, empty_database, CATALOG, policy=POLICY) as running:
        await through(running, making)
        async with await running.connect() as agent:
            assert await rows(agent, "SELECT x FROM stolen") == [("[phi.ssn]",)] * 3
            assert await rows(agent, "SELECT x || '' FROM old") == [("[phi.ssn]",)] * 3
            assert len(await rows(agent, "SELECT x FROM below")) == 3


async def test_what_was_renamed_or_parted_keeps_its_labels_over_a_restart(
    tmp_path: Path, empty_database: Database
) -> None:
    user = empty_database.user
    prepared(
        empty_database,
        "CREATE TABLE parted (id int, ssn text) PARTITION BY LIST (id)",
        "CREATE TABLE one PARTITION OF parted DEFAULT",
        "INSERT INTO parted SELECT id, ssn FROM people",
        "CREATE TABLE mother (id int, ssn text)",
        "CREATE TABLE child () INHERITS (mother)",
        "INSERT INTO child SELECT id, ssn FROM people",
        "CREATE SCHEMA elsewhere",
        f"GRANT ALL ON SCHEMA elsewhere TO {user}",
        *(f"ALTER TABLE {table} OWNER TO {user}" for table in ("parted", "one", "mother", "child")),
    )
    catalog = CATALOG + "".join(
        f'\n[[column]]\nmatch = "public.{table}.ssn"\nlabels = ["phi.ssn"]' for table in ("parted", "mother")
    )
    moving = [
        "ALTER TABLE people ADD COLUMN made text GENERATED ALWAYS AS (ssn || '') STORED",
        "ALTER TABLE people ALTER COLUMN made DROP EXPRESSION",
        "ALTER TABLE parted DETACH PARTITION one",
        "ALTER TABLE child NO INHERIT mother",
        "ALTER TABLE people RENAME COLUMN mrn TO number",
        "ALTER TABLE people RENAME TO persons",
        "ALTER TABLE persons SET SCHEMA elsewhere",
    ]
    async with gateway(tmp_path, empty_database, catalog, policy=POLICY) as running:
        await through(running, moving)
    async with gateway(tmp_path, empty_database, catalog, policy=POLICY) as running, await running.connect() as agent:
        for text in ("SELECT ssn FROM one", "SELECT ssn FROM child", "SELECT made, ssn, number FROM elsewhere.persons"):
            await rows(agent, text)
        assert await rows(agent, "SELECT number || '' FROM elsewhere.persons") == [("[phi.mrn]",)] * 3
        assert await rows(agent, "SELECT city FROM elsewhere.persons ORDER BY id LIMIT 1") == [("Ulm",)]


@pytest.mark.parametrize("known", [False, True])
async def test_a_reader_who_waits_for_a_change_of_definitions(
    tmp_path: Path, empty_database: Database, *, known: bool
) -> None:
    """Decided on while the view showed cities, answered when it shows the column that is labelled."""
    prepared(
        empty_database,
        "CREATE VIEW shown AS SELECT city AS x FROM people",
        f"ALTER VIEW shown OWNER TO {empty_database.user}",
    )
    text = "SELECT x || '' FROM shown"
    async with (
        gateway(tmp_path, empty_database, CATALOG, policy=POLICY) as running,
        await running.connect() as changing,
    ):
        async with await running.connect() as reading:
            if known:
                assert ("Ulm",) in await rows(reading, text)
            await changing.execute("BEGIN")
            await changing.execute("CREATE OR REPLACE VIEW shown AS SELECT ssn AS x FROM people")
            asked = asyncio.ensure_future(rows(reading, text))
            await waiting_for_a_lock(empty_database)
            await changing.execute("COMMIT")
            with pytest.raises(psycopg.Error):
                await asked
        async with await running.connect() as again:
            assert await rows(again, text) == [("[phi.ssn]",)] * 3


async def waiting_for_a_lock(database: Database) -> None:
    """Returns once some statement does."""
    with database.admin() as connection:
        async with asyncio.timeout(10):
            while not connection.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall():
                await asyncio.sleep(0.01)


NO_PROBES = (
    POLICY
    + """
@id("pseudonyms") @pseudonym("phi.mrn")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"read", resource);
@id("no-probes") @because("That would guess at values.")
forbid (principal, action in Interlock::Action::"read", resource) when { context.probes.contains("phi.mrn") };
"""
)


async def test_a_list_of_guesses_that_was_given_the_label_is_one_all_the_same(
    tmp_path: Path, empty_database: Database
) -> None:
    """A write of no row at all labels the column; neither a join nor a pseudonym makes it an innocent one."""
    prepared(empty_database, "CREATE TABLE visits (mrn varchar(20))", "GRANT ALL ON visits TO PUBLIC")
    catalog = CATALOG + '\n[[column]]\nmatch = "public.visits.mrn"\nlabels = ["phi.mrn"]'
    guesses = [
        "CREATE TABLE guesses (guess text, mrn varchar(20))",
        "INSERT INTO guesses SELECT '', mrn FROM people WHERE false",
        "INSERT INTO guesses SELECT i, 'MRN-' || i FROM generate_series(83120456, 83120458) AS s (i)",
    ]
    async with gateway(tmp_path, empty_database, catalog, policy=NO_PROBES) as running:
        await through(running, guesses)
        async with await running.connect() as agent:
            pseudonym = (await rows(agent, "SELECT mrn FROM people WHERE id = 1"))[0][0]
            for attack in (
                f"SELECT guess FROM guesses WHERE mrn = '{pseudonym}'",
                "SELECT guess, id FROM guesses JOIN people USING (mrn)",
                "SELECT guess, id FROM guesses g, people p WHERE p.mrn = g.mrn",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await rows(agent, attack)
            assert await rows(agent, f"SELECT id FROM people WHERE mrn = '{pseudonym}'") == [(1,)]
            assert await rows(agent, "SELECT id FROM visits JOIN people USING (mrn)") == []

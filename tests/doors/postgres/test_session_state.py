"""A session in which texts would mean something else than what was judged ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from tests.a_gateway import POLICY, Gateway, gateway
from tests.postgres_fixture import Database

CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""
CALLS = '@id("calls")\npermit (principal, action in Interlock::Action::"execute", resource);\n'
CANARY = "900-11-2222"


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(
        f"CREATE TABLE people (id int, ssn text); INSERT INTO people VALUES (1, '{CANARY}')",
        "GRANT ALL ON people TO PUBLIC",
        "CREATE SCHEMA other; CREATE TABLE other.people (id int, ssn text); GRANT USAGE ON SCHEMA other TO PUBLIC",
    )
    for name, body in {
        "named": "SELECT set_config('application_name', (SELECT ssn FROM people LIMIT 1), false)",
        "strings": "SELECT set_config('standard_conforming_strings', 'off', false)",
        "path": "SELECT set_config('search_path', 'other, public', false)",
        "nulls": "SELECT set_config('transform_null_equals', 'on', false)",
    }.items():
        empty_database.execute(
            f"CREATE FUNCTION {name}() RETURNS text LANGUAGE sql SECURITY INVOKER AS $$ {body} $$",
            f"CREATE VIEW v_{name} AS SELECT {name}() AS v; GRANT SELECT ON v_{name} TO PUBLIC",
        )
    empty_database.execute(
        "CREATE FUNCTION temps() RETURNS text LANGUAGE plpgsql AS $$ BEGIN"
        " CREATE TEMP TABLE people AS SELECT 1 AS id, 'x'::text AS ssn; RETURN 'made'; END $$",
        "CREATE VIEW v_temps AS SELECT temps() AS v; GRANT SELECT ON v_temps TO PUBLIC",
        "CREATE FUNCTION harmless() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$",
        "CREATE VIEW v_harmless AS SELECT harmless() AS v; GRANT SELECT ON v_harmless TO PUBLIC",
    )
    async with gateway(tmp_path, empty_database, CATALOG, policy=POLICY + CALLS) as running:
        yield running


@pytest.mark.parametrize("drift", ["named", "strings", "path", "nulls", "temps"])
async def test_code_that_changes_the_session_ends_it(gate: Gateway, drift: str) -> None:
    connection = await gate.connect()
    with pytest.raises(psycopg.OperationalError):
        await connection.execute(f"SELECT v FROM v_{drift}".encode())
        await connection.execute("SHOW application_name")
    assert connection.info.parameter_status("application_name") != CANARY
    async with await gate.connect() as other:
        assert await (await other.execute("SELECT 1")).fetchone() == (1,)


async def test_code_that_changes_nothing_goes_on(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        for _ in range(2):
            assert len(await (await connection.execute("SELECT v FROM v_harmless")).fetchall()) == 1
        await connection.set_autocommit(False)
        await connection.execute("SELECT v FROM v_harmless")
        await connection.commit()


async def test_clients_may_name_themselves(gate: Gateway) -> None:
    async with await gate.connect(application_name="etl") as connection:
        await connection.execute("SET application_name = 'etl nightly'")
        await connection.execute("SELECT v FROM v_harmless")
        assert connection.info.parameter_status("application_name") == "etl nightly"


async def test_the_search_path_is_the_sessions_own(gate: Gateway, empty_database: Database) -> None:
    """Names are resolved by what this session has, not by what the snapshot's login had."""
    empty_database.execute(f'ALTER ROLE "{empty_database.user}" SET search_path = other, public')
    empty_database.execute("GRANT SELECT ON other.people TO PUBLIC; INSERT INTO other.people VALUES (7, 'plain')")
    async with await gate.connect() as connection:
        rows = await (await connection.execute("SELECT id, ssn FROM people")).fetchall()
    assert rows == [(7, "plain")]


async def test_a_swap_made_here_is_judged_by_the_new_definitions(gate: Gateway, empty_database: Database) -> None:
    empty_database.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    async with await gate.connect() as connection:
        await connection.execute("CREATE TABLE mine (v text)")
        await connection.execute("INSERT INTO mine VALUES ('a')")
        assert await (await connection.execute("SELECT upper(v) FROM mine")).fetchall() == [("A",)]
        await connection.execute("ALTER TABLE mine RENAME TO mine_before")
        await connection.execute("CREATE VIEW mine AS SELECT ssn AS v FROM people")
        assert await (await connection.execute("SELECT upper(v) FROM mine")).fetchall() == [("[phi.ssn]",)]


async def test_nothing_is_judged_behind_definitions_of_its_own_transaction(
    gate: Gateway, empty_database: Database
) -> None:
    empty_database.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    async with await gate.connect() as connection:
        await connection.set_autocommit(False)
        await connection.execute("CREATE TABLE later (v text)")
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="commit first"):
            await connection.execute("SELECT v FROM later")
        await connection.rollback()
        await connection.execute("SELECT id FROM people")
        await connection.rollback()


async def test_labels_stay_with_a_renamed_column_and_pass_to_generated_ones(
    gate: Gateway, empty_database: Database
) -> None:
    empty_database.execute(
        "ALTER TABLE people ADD COLUMN copied text GENERATED ALWAYS AS (ssn) STORED",
        "ALTER TABLE people RENAME COLUMN ssn TO harmless",
    )
    await gate.definitions.refresh()
    async with await gate.connect() as connection:
        rows = await (await connection.execute("SELECT harmless, copied FROM people")).fetchall()
    assert rows == [("[phi.ssn]", "[phi.ssn]")]


async def test_the_users_own_schema_counts_from_when_it_is_there(gate: Gateway, empty_database: Database) -> None:
    """`"$user"` is in the default path: a schema of that name, made later, comes before public."""
    user = empty_database.user
    empty_database.execute("CREATE TABLE cities (name text); GRANT SELECT ON cities TO PUBLIC")
    await gate.definitions.refresh()
    async with await gate.connect() as connection:
        assert await (await connection.execute("SELECT upper(name) FROM cities")).fetchall() == []
        empty_database.execute(
            f'CREATE SCHEMA "{user}" AUTHORIZATION "{user}"',
            f'CREATE VIEW "{user}".cities AS SELECT ssn AS name FROM public.people',
            f'GRANT ALL ON "{user}".cities TO PUBLIC',
        )
        await gate.definitions.refresh()
        assert await (await connection.execute("SELECT lower(name) FROM cities")).fetchall() == [("[phi.ssn]",)]

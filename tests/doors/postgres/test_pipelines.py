"""Units of several statements, by psycopg's pipeline mode and by hand: decided whole, or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database

CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(
        "CREATE TABLE people (id int, ssn text); INSERT INTO people VALUES (1, '900-11-2222')",
        "CREATE TABLE log (id int); GRANT ALL ON people, log TO PUBLIC; GRANT CREATE ON SCHEMA public TO PUBLIC",
        "CREATE VIEW names AS SELECT set_config('application_name', (SELECT ssn FROM people), false) AS v",
        "GRANT SELECT ON names TO PUBLIC",
    )
    async with gateway(tmp_path, empty_database, CATALOG) as running:
        yield running


async def test_a_pipeline_of_plain_statements_passes(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        async with connection.pipeline():
            first = await connection.execute("INSERT INTO log VALUES (%s)", (1,))
            second = await connection.execute("SELECT id, ssn FROM people WHERE id = %s", (1,))
        assert first.statusmessage == "INSERT 0 1"
        assert await second.fetchall() == [(1, "[phi.ssn]")]


@pytest.mark.parametrize(
    "texts",
    [
        ("SELECT v FROM names", "SHOW application_name"),
        ("SELECT v FROM names", "SELECT upper(ssn) FROM people"),
        ("CREATE TABLE mine (a text)", "SELECT count(*) FROM log"),
        ("SELECT id FROM log", "SHOW lc_messages"),
    ],
)
async def test_what_changes_meaning_isnt_followed_by_more_in_a_unit(gate: Gateway, texts: tuple[str, str]) -> None:
    async with await gate.connect() as connection:
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="send Sync in between"):
            async with connection.pipeline():
                for text in texts:
                    await connection.execute(text.encode())
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


async def test_a_portal_goes_on_where_it_stopped(gate: Gateway) -> None:
    connection = await gate.asyncpg()
    try:
        async with connection.transaction():
            cursor = await connection.cursor("SELECT generate_series(1, 5)")
            assert [row[0] for row in await cursor.fetch(2)] == [1, 2]
            assert [row[0] for row in await cursor.fetch(4)] == [3, 4, 5]
            assert await cursor.fetch(2) == []
    finally:
        await connection.close()

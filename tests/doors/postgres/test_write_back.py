"""What was read masked isn't written over in silence, whatever the mask looked like."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database

from interlock.model.review import ReviewState, Verdict

CATALOG = """
[[column]]
match = "public.people.name"
labels = ["phi.name"]
[[column]]
match = "public.people.born"
labels = ["phi.date.birth"]
"""
POLICY = "".join(
    f'@id("agents-{group}") permit (principal, action in Interlock::Action::"{group}", resource);\n'
    for group in ("read", "write", "session")
)
POLICY += """
@id("masks-are-signed") @review("officers:1") @because("This was read masked lately.")
forbid (principal, action in Interlock::Action::"write", resource) when { context.writes_masked.contains("phi") };
"""


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(
        "CREATE TABLE people (id int, name text, born date, city text)",
        "INSERT INTO people VALUES (1, 'Ada', '1970-01-02', 'Ypern'), (2, 'Eva', '1971-01-02', 'Gent')",
        "CREATE TABLE notes (id int, body text)",
        "GRANT ALL ON people, notes TO PUBLIC",
    )
    async with gateway(tmp_path, empty_database, CATALOG, policy=POLICY) as running:
        yield running


BORN = "UPDATE people SET born = NULL WHERE id = 1"


async def is_held(gate: Gateway, text: str, *, user: str = "etl") -> bool:
    """Runs it as somebody; whether people were asked (they say no)."""
    async with await gate.connect(user=user) as connection:
        running = asyncio.ensure_future(connection.execute(text.encode()))
        while not running.done():
            found = await gate.office.desk.reviews(frozenset({ReviewState.PENDING}), 5)
            for review in found:
                await gate.office.vote(review, "dana", Verdict.DENY)
                with pytest.raises(psycopg.Error):
                    await running
                return True
            await asyncio.wait([running], timeout=0.05)
        await running
        return False


async def read(gate: Gateway, text: str = "SELECT * FROM people") -> list[Any]:
    async with await gate.connect() as connection:
        return await (await connection.execute(text.encode())).fetchall()


@pytest.mark.parametrize(
    "text",
    [
        BORN,
        "UPDATE people SET name = 'x', city = 'y' WHERE id = 1",
        "INSERT INTO people VALUES (3, 'x', NULL, 'y')",
        "INSERT INTO people (id, born) VALUES (3, NULL)",
        "WITH w AS (UPDATE people SET born = NULL WHERE id = 1 RETURNING id) SELECT * FROM w",
    ],
)
async def test_a_write_to_what_was_read_masked_is_held(gate: Gateway, text: str) -> None:
    assert (await read(gate))[0][1:3] == ("[phi.name]", None)
    assert await is_held(gate, text)
    assert not await is_held(gate, text, user="other")


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE people SET city = 'Mons' WHERE id = 1",
        "DELETE FROM people WHERE id = 1",
        "INSERT INTO people (id, city) VALUES (3, 'Mons')",
        "INSERT INTO notes VALUES (1, 'x')",
    ],
)
async def test_other_columns_and_deletions_pass(gate: Gateway, text: str) -> None:
    await read(gate)
    assert not await is_held(gate, text)


async def test_what_wasnt_read_is_written_as_before(gate: Gateway) -> None:
    assert not await is_held(gate, BORN)
    await read(gate, "SELECT id, city, count(*) FROM people GROUP BY id, city")
    assert not await is_held(gate, BORN)
    await read(gate, "SELECT name FROM people")
    assert not await is_held(gate, BORN)
    await read(gate, "SELECT born FROM people WHERE id = 1")
    assert await is_held(gate, BORN)


async def test_after_an_hour_it_passes_again(gate: Gateway) -> None:
    await read(gate)
    assert await is_held(gate, BORN)
    gate.office.clock.at += timedelta(minutes=61)
    assert not await is_held(gate, BORN)


async def test_the_ledger_names_columns_and_no_values(gate: Gateway) -> None:
    await read(gate)
    bodies = b"".join(await gate.bodies())
    assert b'"masked":["clinic/public.people.born","clinic/public.people.name"]' in bodies
    assert b"Ada" not in bodies

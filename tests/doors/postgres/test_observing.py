"""A connection in `unsafe_observe`, through real clients: told once, nothing masked or stopped, refusals stay."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from tests.a_gateway import POLICY, Gateway, gateway
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient, fields

CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""
SHOWN = "900-11-2222"
POLICIES = POLICY.replace('@id("agents-read")', '@id("agents-read") @row_cap("1")')


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(
        f"CREATE TABLE people (id int, ssn text); INSERT INTO people VALUES (1, '{SHOWN}'), (2, '{SHOWN}')",
        "GRANT ALL ON people TO PUBLIC",
    )
    async with gateway(tmp_path, empty_database, CATALOG, policy=POLICIES) as running:
        running.definitions.connection = replace(running.definitions.connection, unsafe_observe=True)
        yield running


async def test_a_session_is_warned_once(gate: Gateway) -> None:
    for observing in (True, False):
        gate.definitions.connection = replace(gate.definitions.connection, unsafe_observe=observing)
        client = await RawClient.open(gate.door.port)
        told = await client.login(gate.agent_key)
        client.send((b"Q", b"SELECT id FROM people WHERE id = 1\0"))
        told += await client.until_ready()
        notices = [fields(message) for message in told if message.type == b"N"]
        assert [notice["S"] for notice in notices] == ["WARNING"] * observing
        assert all("unsafe_observe" in notice["M"] for notice in notices)
        client.close()


async def test_nothing_is_masked_capped_held_or_stopped(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        for prepare in (False, True):
            cursor = await connection.execute("SELECT id, ssn, upper(ssn) FROM people", prepare=prepare)
            assert await cursor.fetchall() == [(1, SHOWN, SHOWN), (2, SHOWN, SHOWN)]
        async with connection.cursor().copy("COPY people TO STDOUT") as copy:
            assert SHOWN.encode() in b"".join([bytes(block) async for block in copy])
        assert (await connection.execute("DELETE FROM people RETURNING ssn")).rowcount == 2
    told = [json.loads(body.split(b"\n")[0]) for body in await gate.bodies()]
    would = [entry["d"].get("would") for entry in told if entry["type"] == "action.released"]
    assert would == [None, "masked", "masked", "held", "held"]
    assert not [entry for entry in told if entry["type"] in ("mask.applied", "action.held", "review.opened")]


async def test_what_cannot_be_read_is_refused_even_so(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        with pytest.raises(psycopg.errors.SyntaxError):  # the server's own answer
            await connection.execute(b"SELECT FROM WHERE")
        for text in ("DO $$ BEGIN END $$", "SET search_path = pg_temp"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege) as error:
                await connection.execute(text.encode())
            assert "what can't be read isn't run here either" in str(error.value.diag.message_hint)
        assert await (await connection.execute("SELECT 1")).fetchall() == [(1,)]

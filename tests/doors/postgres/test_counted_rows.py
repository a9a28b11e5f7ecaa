"""Rows that came are counted, whatever became of the statement: a portal fetched in part, an error on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from testkit.postgres_messages import Message
from tests.a_gateway import POLICY as OPEN
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient, fields

CATALOG = """
[[column]]
match = "public.things.secret"
labels = ["phi.ssn"]
"""
POLICY = (
    OPEN
    + """
@id("enough") forbid (principal, action in Interlock::Action::"read", resource)
when { context.recent.hour.rows > 100 };
"""
)


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(
        "CREATE TABLE things (id int PRIMARY KEY, note text, secret text)",
        "INSERT INTO things SELECT n, 'note', 'S' || n FROM generate_series(1, 300) n",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC",
    )
    async with gateway(tmp_path, empty_database, CATALOG, policy=POLICY) as running:
        yield running


@pytest.fixture
async def raw(gate: Gateway) -> AsyncIterator[RawClient]:
    client = await RawClient.open(gate.door.port)
    await client.login(gate.agent_key)
    yield client
    client.close()


async def counted(gate: Gateway) -> list[int]:
    """The rows of each ending but the session's, once there is one."""
    async with asyncio.timeout(10):
        while True:
            told = [json.loads(body.split(b"\n")[0]) for body in await gate.bodies()]
            acts = {e["act"] for e in told if e["type"] == "action.released" and e["d"]["verbs"] != ["session.open"]}
            found = [e["d"]["rows"] for e in told if e["type"] == "action.ended" and e["act"] in acts]
            if found:
                return found
            await asyncio.sleep(0.01)


def refused(answer: list[Message]) -> bool:
    return any(m.type == b"E" and fields(m)["C"] == "42501" for m in answer)


@pytest.mark.parametrize("column", ["note", "secret"], ids=["as they are", "masked"])
async def test_a_portal_fetched_in_part_counts_what_came(gate: Gateway, raw: RawClient, column: str) -> None:
    unit = (
        (b"P", f"\0SELECT id, {column} FROM things\0\0\0".encode()),
        (b"B", b"\0" * 8),
        (b"E", b"\0" + (299).to_bytes(4)),
        (b"S", b""),
    )
    raw.send(*unit)
    assert sum(m.type == b"D" for m in await raw.until_ready()) == 299
    assert await counted(gate) == [299]
    raw.send(*unit)
    assert refused(await raw.until_ready())


async def test_rows_before_an_error_count(gate: Gateway, raw: RawClient) -> None:
    query = (b"Q", b"SELECT id, note, 1/(id-300) FROM things\0")
    raw.send(query)
    assert sum(m.type == b"D" for m in await raw.until_ready()) == 299
    assert await counted(gate) == [299]
    raw.send(query)
    assert refused(await raw.until_ready())


async def test_queries_sent_at_once_see_each_other(raw: RawClient) -> None:
    for _ in range(6):
        raw.send((b"Q", b"SELECT id, note FROM things WHERE id < 100\0"))
    answers = [await raw.until_ready() for _ in range(6)]
    assert [refused(answer) for answer in answers] == [False, False, True, True, True, True]

"""Protocol versions: 3.0 and 3.2 are spoken, what is newer or unknown is negotiated down; cancel keys of both kinds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from testkit.postgres_messages import Message
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    async with gateway(tmp_path, empty_database, "") as running:
        yield running


async def begun(gate: Gateway, version: int, **options: str) -> list[Message]:
    client = await RawClient.open(gate.door.port)
    pairs = {"user": "etl", "database": "clinic", **options}
    body = version.to_bytes(4) + b"".join(k.encode() + b"\0" + v.encode() + b"\0" for k, v in pairs.items()) + b"\0"
    client.writer.write((len(body) + 4).to_bytes(4) + body)
    client.send((b"p", gate.agent_key.reveal().encode() + b"\0"))
    found = await client.until_ready()
    client.close()
    return found


@pytest.mark.parametrize(
    ("minor", "spoken", "key_size"), [(0, None, 4), (1, None, 4), (2, None, 32), (3, 2, 32), (9999, 2, 32)]
)
async def test_the_version_is_ours_at_most(gate: Gateway, minor: int, spoken: int | None, key_size: int) -> None:
    found = await begun(gate, (3 << 16) + minor)
    told = [m.body for m in found if m.type == b"v"]
    assert told == ([((3 << 16) + spoken).to_bytes(4) + bytes(4)] if spoken is not None else [])
    (key,) = [m.body[4:] for m in found if m.type == b"K"]
    assert len(key) == key_size


async def test_options_that_nobody_knows_are_declined(gate: Gateway) -> None:
    options = {"_pq_.test_protocol_negotiation": "", "_pq_.more": "1"}
    (told,) = [m.body for m in await begun(gate, 3 << 16, **options) if m.type == b"v"]
    assert told == (3 << 16).to_bytes(4) + (2).to_bytes(4) + b"".join(o.encode() + b"\0" for o in options)


async def test_replication_is_refused_by_name(gate: Gateway) -> None:
    for value in ("true", "database"):
        found = await begun(gate, 3 << 16, replication=value)
        assert found[-1].type == b"E" and b"Replication isn't let through" in found[-1].body


@pytest.mark.parametrize("version", ["3.0", "3.2"])
async def test_libpq_speaks_and_cancels(gate: Gateway, version: str) -> None:
    if psycopg.pq.version() < 180000:
        pytest.skip("this libpq doesn't know max_protocol_version")
    async with await gate.connect(min_protocol_version=version, max_protocol_version=version) as connection:
        running = asyncio.create_task(_slept(connection))
        await asyncio.sleep(0.2)
        await connection.cancel_safe()
        assert await asyncio.wait_for(running, 10) == "57014"
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


async def _slept(connection: psycopg.AsyncConnection[object]) -> str | None:
    try:
        await connection.execute("SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b")
    except psycopg.Error as error:
        return error.sqlstate
    return None

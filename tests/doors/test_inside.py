"""Connections within the process: the whole path of the other door, for the peer that its caller was shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import psycopg
import pytest
from testkit.certificates import Authority
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database

from interlock.doors.inside import dial_inside
from interlock.doors.mcp.own.speaking import Refused, speaking
from interlock.doors.mcp.seams import Asker
from interlock.doors.relay import Link
from interlock.doors.tls import ServerTls
from interlock.model.names import ConnectionName, PersonId
from interlock.model.peer import Peer
from interlock.model.secret import Secret

CLINIC = ConnectionName("clinic")
HERE, ELSEWHERE = Peer("10.1.2.3"), Peer("192.0.2.1")


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    async with gateway(tmp_path, empty_database, "") as running:
        yield running


def _open() -> int:
    """Descriptors of this process."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def _opens(gate: Gateway, key: Secret[str], peer: Peer) -> bool:
    actor = gate.office.registry.authenticate(gate.agent_key)
    try:
        async with speaking(gate.door.dial, Asker(actor, key, peer), CLINIC):
            return True
    except Refused as refused:
        assert refused.said.sqlstate == "28P01", refused.said
        return False


async def test_a_key_is_held_to_its_networks(gate: Gateway) -> None:
    _, key = await gate.office.registry.issue_key("etl", PersonId("olivia"), None, networks=["10.0.0.0/8"])
    assert await _opens(gate, key, HERE)
    assert not await _opens(gate, key, ELSEWHERE)
    assert not await _opens(gate, key, Peer())


async def test_a_key_is_held_to_its_certificate(gate: Gateway) -> None:
    leaf = Authority().leaf("etl")
    _, key = await gate.office.registry.issue_key("etl", PersonId("olivia"), None, certificate=leaf.sha256)
    assert await _opens(gate, key, Peer("10.1.2.3", leaf.der))
    assert not await _opens(gate, key, HERE)


async def test_a_wrong_credential_opens_nothing(gate: Gateway) -> None:
    assert not await _opens(gate, gate.other_key, HERE)
    assert not await _opens(gate, Secret("x" * 43), HERE)


async def test_a_door_behind_tls_takes_it_without(gate: Gateway) -> None:
    gate.door._tls = cast(ServerTls, object())
    assert await _opens(gate, gate.agent_key, HERE)
    with pytest.raises(psycopg.OperationalError, match="TLS only"):
        await gate.connect()


async def test_a_dial_that_is_given_up_leaves_no_descriptor(gate: Gateway) -> None:
    assert await _opens(gate, gate.agent_key, HERE)  # what a loop opens once
    before = _open()
    for turns in range(4):
        dialling = asyncio.ensure_future(dial_inside(Link.close, HERE))
        for _ in range(turns):
            await asyncio.sleep(0)
        dialling.cancel()
        await asyncio.wait([dialling])
        if not dialling.cancelled():
            dialling.result().abort()
    async with asyncio.timeout(10):
        while _open() > before:
            await asyncio.sleep(0.01)
    assert await _opens(gate, gate.agent_key, HERE)

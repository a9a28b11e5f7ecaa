"""TLS for clients: asked for by an SSLRequest, or from the first byte on; certificates renewed meanwhile."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from testkit.certificates import Authority
from tests.a_gateway import URL, Gateway, gateway
from tests.postgres_fixture import Database
from tests.stores.a_store import ENTROPY

from interlock.doors import tls
from interlock.doors.postgres.door import PostgresDoor
from interlock.model.names import ConnectionName
from interlock.model.settings import Limits, Listen, TlsFiles

CA = Authority()


@dataclass
class House:
    gateway: Gateway
    door: PostgresDoor
    directory: Path

    async def connect(self, **more: Any) -> psycopg.AsyncConnection[tuple[object, ...]]:
        more.setdefault("sslmode", "verify-full")
        return await psycopg.AsyncConnection.connect(
            host="127.0.0.1",
            port=self.door.port,
            dbname="clinic",
            user="etl",
            password=self.gateway.agent_key.reveal(),
            sslrootcert=str(self.directory / "ca.pem"),
            autocommit=True,
            **more,
        )

    def context(self, *protocols: str) -> ssl.SSLContext:
        made = ssl.create_default_context(cafile=self.directory / "ca.pem")
        if protocols:
            made.set_alpn_protocols(list(protocols))
        return made


@pytest.fixture
async def house(tmp_path: Path, empty_database: Database) -> AsyncIterator[House]:
    CA.write(tmp_path)
    files = TlsFiles(*CA.leaf("127.0.0.1", addresses=["127.0.0.1"]).write(tmp_path, "server"))
    async with gateway(tmp_path, empty_database, "") as running:
        door = PostgresDoor(
            listen=Listen("127.0.0.1", 0, files),
            connections={ConnectionName("clinic"): running.definitions},
            gate=running.office.gate,
            registry=running.office.registry,
            clock=running.office.clock,
            entropy=ENTROPY,
            public_url=URL,
            limits=Limits(login_seconds=5),
        )
        await door.start()
        try:
            yield House(running, door, tmp_path)
        finally:
            await door.stop(5)


async def one(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> object:
    async with connection:
        row = await (await connection.execute("SELECT 1")).fetchone()
        assert row is not None and connection.pgconn.ssl_in_use
        return row[0]


@pytest.mark.parametrize("negotiation", ["postgres", "direct"])
async def test_both_ways_to_begin(house: House, negotiation: str) -> None:
    assert await one(await house.connect(sslnegotiation=negotiation)) == 1


async def test_in_clear_nothing_is_said(house: House) -> None:
    with pytest.raises(psycopg.OperationalError, match="over TLS only"):
        await house.connect(sslmode="disable")


@pytest.mark.parametrize("protocols", [(), ("http/1.1",)])
async def test_direct_tls_must_name_the_protocol(house: House, protocols: tuple[str, ...]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.door.port, ssl=house.context(*protocols))
    async with asyncio.timeout(10):
        assert b"C08P01\0" in await reader.read()
    writer.close()


async def test_behind_direct_tls_it_isnt_asked_for_again(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.door.port, ssl=house.context("postgresql"))
    writer.write((8).to_bytes(4) + (80877103).to_bytes(4))
    async with asyncio.timeout(10):
        assert await reader.readexactly(1) == b"N"
    writer.close()


async def test_a_handshake_that_is_none_harms_nobody(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.door.port)
    writer.write(b"\x16 and then nonsense" * 10)
    async with asyncio.timeout(10):
        await reader.read()
    writer.close()
    assert await one(await house.connect()) == 1


async def test_bytes_behind_an_ssl_request_close_the_connection(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.door.port)
    writer.write((8).to_bytes(4) + (80877103).to_bytes(4) + b"smuggled")
    async with asyncio.timeout(10):
        assert b"C08P01\0" in await reader.read()
    writer.close()


async def test_a_renewed_certificate_is_shown_to_who_comes_next(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "LOOK_SECONDS", 0.0)
    before = await _shown(house)
    renewed = CA.leaf("127.0.0.1", addresses=["127.0.0.1"])
    certificate, _ = renewed.write(house.directory, "server")
    os.utime(certificate, ns=(1, 1))  # another time, whatever the file system's clock is worth
    assert before != renewed.der and await _shown(house) == renewed.der
    assert await one(await house.connect()) == 1


async def _shown(house: House) -> bytes | None:
    _, writer = await asyncio.open_connection("127.0.0.1", house.door.port, ssl=house.context("postgresql"))
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    assert shown is None or isinstance(shown, bytes)
    return shown

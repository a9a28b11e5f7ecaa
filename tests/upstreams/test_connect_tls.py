"""Our own connection behind TLS: whose name is on the certificate, and who signed it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from testkit.certificates import Authority
from tests.postgres_fixture import Database

from interlock.errors import UpstreamFailed
from interlock.model.settings import UpstreamPostgres
from interlock.upstreams.connect import check_upstream
from interlock.upstreams.reach import look_around

SSL_REQUEST = bytes.fromhex("00000008 04d2162f")


class Front:
    """Speaks TLS as 127.0.0.1 in front of a server that can't: the embedded one is built without."""

    def __init__(self, to: UpstreamPostgres, context: ssl.SSLContext) -> None:
        self._to, self._context = to, context
        self.tasks: list[asyncio.Task[None]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.append(task)
        with suppress(OSError, asyncio.IncompleteReadError):
            assert await reader.readexactly(8) == SSL_REQUEST
            writer.write(b"S")
            await writer.start_tls(self._context)
            theirs, ours = await asyncio.open_connection(self._to.host, self._to.port)
            await asyncio.gather(_pump(reader, ours), _pump(theirs, writer))
        await _close(writer)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


@pytest.fixture
async def behind(empty_database: Database, tmp_path: Path) -> AsyncIterator[UpstreamPostgres]:
    """A database behind TLS, as its settings would have it."""
    authority = Authority()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.leaf("127.0.0.1", addresses=["127.0.0.1"]).write(tmp_path, "server"))
    front = Front(empty_database.upstream, context)
    server = await asyncio.start_server(front.serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield replace(empty_database.upstream, port=port, tls="verify-full", ca=authority.write(tmp_path))
        async with asyncio.timeout(10):
            await asyncio.gather(*front.tasks)


async def test_the_right_name_and_authority(behind: UpstreamPostgres) -> None:
    assert "PostgreSQL" in await check_upstream(behind)
    assert (await look_around(behind)).encrypted == "TLS"


async def test_another_name_is_refused(behind: UpstreamPostgres) -> None:
    with pytest.raises(UpstreamFailed, match="for another host name") as failed:
        await check_upstream(replace(behind, host="localhost"))
    assert failed.value.code == "upstream_tls"


async def test_another_authority_is_refused(behind: UpstreamPostgres, tmp_path: Path) -> None:
    with pytest.raises(UpstreamFailed, match="isn't signed by an authority") as failed:
        await check_upstream(replace(behind, ca=Authority("another").write(tmp_path, "other")))
    assert failed.value.code == "upstream_tls"


async def test_a_login_by_certificate_where_nobody_asks_for_one_is_refused(
    behind: UpstreamPostgres, tmp_path: Path
) -> None:
    certificate, key = Authority().leaf("ours").write(tmp_path, "ours")
    with pytest.raises(UpstreamFailed, match="asks for another way to log in") as failed:
        await check_upstream(replace(behind, login="certificate", certificate=certificate, key=key))
    assert failed.value.code == "upstream_login"


async def test_channel_binding_isnt_done_without_when_it_is_asked_for(
    behind: UpstreamPostgres, empty_database: Database
) -> None:
    for upstream in (behind, empty_database.upstream):  # behind the front the server itself has no TLS to bind to
        with pytest.raises(UpstreamFailed, match="channel binding") as failed:
            await check_upstream(replace(upstream, channel_binding=True))
        assert failed.value.code == "upstream_login"

"""Bytes that are kept back go with the next ones, in order, and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from interlock.doors.relay import MAX_KEPT, Link


@pytest.fixture
async def ends() -> AsyncIterator[tuple[Link, asyncio.StreamReader]]:
    arrived: asyncio.Future[Link] = asyncio.get_running_loop().create_future()
    server = await asyncio.get_running_loop().create_server(lambda: Link(arrived.set_result), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
    link = await arrived
    try:
        yield link, reader
    finally:
        writer.close()
        link.abort()
        server.close()
        await server.wait_closed()


async def _drained(link: Link) -> None:
    await link.drain()


async def _written(link: Link) -> None:
    link.write(b"")


async def _closed(link: Link) -> None:
    link.close()


@pytest.mark.parametrize("then", [_drained, _written, _closed])
async def test_what_is_kept_is_sent_by_whatever_follows(
    ends: tuple[Link, asyncio.StreamReader], then: Callable[[Link], Awaitable[None]]
) -> None:
    link, reader = ends
    link.keep(b"one ")
    link.keep(b"")
    link.keep(b"two")
    await then(link)
    async with asyncio.timeout(10):
        assert await reader.readexactly(7) == b"one two"


async def test_it_stays_in_order(ends: tuple[Link, asyncio.StreamReader]) -> None:
    link, reader = ends
    long = b"x" * (MAX_KEPT + 1)
    link.keep(b"a")
    link.keep(long)  # sent by itself, behind what was kept
    link.keep(b"b")
    link.write(b"c")
    link.close()
    async with asyncio.timeout(10):
        assert await reader.read(-1) == b"a" + long + b"bc"

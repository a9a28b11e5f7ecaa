"""A relay that puts a bearer credential into each HTTP/1.1 request, for clients that can't send one themselves.

Everything else passes byte for byte, `Host` and `Origin` too: what checks them checks what the client sent.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

MAX_HEAD = 64 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d{1,9})\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked\r\n", re.IGNORECASE)


@asynccontextmanager
async def bearer_relay(host: str, port: int, token: str) -> AsyncIterator[int]:
    """Relays to `host:port` with `token` until the end of the block; its own port, on 127.0.0.1."""
    tasks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_relay(reader, writer, host, port, token))
        tasks[task] = writer
        task.add_done_callback(tasks.pop)

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, limit=MAX_HEAD)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        running = dict(tasks)
        for task, writer in running.items():
            task.cancel()
            writer.close()  # one that was cancelled before it began closes nothing
        await asyncio.gather(*running, return_exceptions=True)


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int, token: str) -> None:
    try:
        up_reader, up_writer = await asyncio.open_connection(host, port)
    except OSError:
        writer.close()
        return
    ways = {
        asyncio.ensure_future(_requests(reader, up_writer, token)),
        asyncio.ensure_future(_answers(up_reader, writer)),
    }
    try:
        # Either side's end is the other's: whoever leaves has left.
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        up_writer.close()
        writer.close()
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _requests(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
    with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(head[:-2] + f"Authorization: Bearer {token}\r\n\r\n".encode())
            if _CHUNKED.search(head):
                await _chunks(reader, writer)
            elif (length := _LENGTH.search(head)) is not None:
                writer.write(await reader.readexactly(int(length[1])))
            await writer.drain()


async def _chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        writer.write(line + await reader.readexactly(size + 2))
        if size == 0:
            return


async def _answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()

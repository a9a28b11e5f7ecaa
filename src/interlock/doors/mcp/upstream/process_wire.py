"""A child process as a server: one JSON message a line, on its standard input and output (MCP, "stdio").

What it writes to its standard error is counted and thrown away: it may hold anything.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio
import structlog
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from interlock.doors.mcp.upstream.process_family import end_all
from interlock.doors.mcp.upstream.process_launch import Separation, environment, start
from interlock.doors.mcp.upstream.wire import MAX_MESSAGE, Wire
from interlock.errors import UpstreamFailed
from interlock.model.mcp_settings import McpProcess

log = structlog.get_logger()

_CHUNK: Final = 64 * 1024

_Arriving = MemoryObjectSendStream[SessionMessage | Exception]


@asynccontextmanager
async def process_wire(settings: McpProcess, how: Separation) -> AsyncIterator[Wire]:
    """Starts the server and speaks with it; it and all its own are gone afterwards. To be entered and left by one
    task. Raises `UpstreamFailed` when it can't be started."""
    process = await _started(settings, how)
    arriving, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, leaving = anyio.create_memory_object_stream[SessionMessage](0)
    async with anyio.create_task_group() as group:
        group.start_soon(_read, process, arriving)
        group.start_soon(_write, process, leaving, arriving)
        group.start_soon(_drain, process)
        try:
            yield Wire(read, write, asyncio.Event(), lambda _: None)
        finally:
            read.close()  # what it still says is read and thrown away, so that it can end
            write.close()
            with anyio.CancelScope(shield=True):
                await end_all(process)
            group.cancel_scope.cancel()
            for stream in (arriving, leaving):
                stream.close()
            _close(process)


async def _started(settings: McpProcess, how: Separation) -> asyncio.subprocess.Process:
    try:
        return await start(settings.command, environment(settings), str(settings.directory or "/"), how)
    except (OSError, ValueError):
        raise UpstreamFailed("The MCP server's process can't be started.", code="upstream_away") from None


async def _read(process: asyncio.subprocess.Process, arriving: _Arriving) -> None:
    assert process.stdout is not None
    line = bytearray()
    async with arriving:
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, ConnectionError):
            while chunk := await process.stdout.read(_CHUNK):
                *whole, rest = chunk.split(b"\n")
                for piece in whole:
                    await _said(bytes(line) + piece, arriving)
                    line.clear()
                line += rest
                if len(line) > MAX_MESSAGE:
                    await arriving.send(ValueError("too long"))
                    break
    await _throw_away(process.stdout)


async def _said(line: bytes, arriving: _Arriving) -> None:
    if not line.strip():
        return
    if len(line) > MAX_MESSAGE:
        await arriving.send(ValueError("too long"))
        return
    try:
        message = jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValueError:
        await arriving.send(ValueError("not a message"))
        return
    await arriving.send(SessionMessage(message))


async def _write(
    process: asyncio.subprocess.Process, leaving: MemoryObjectReceiveStream[SessionMessage], arriving: _Arriving
) -> None:
    assert process.stdin is not None
    try:
        async with leaving:
            async for sent in leaving:
                process.stdin.write(sent.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
                await process.stdin.drain()
    except (OSError, RuntimeError, anyio.ClosedResourceError):
        arriving.close()  # nobody hears us: the session is over


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    count = await _throw_away(process.stderr)
    log.debug("mcp.server_ended", bytes_of_stderr=count)


async def _throw_away(stream: asyncio.StreamReader) -> int:
    count = 0
    with contextlib.suppress(ConnectionError):
        while chunk := await stream.read(_CHUNK):
            count += len(chunk)
    return count


def _close(process: asyncio.subprocess.Process) -> None:
    """Whoever got away may hold the other ends of the pipes; nothing public closes ours."""
    close = getattr(getattr(process, "_transport", None), "close", None)  # uvloop's is of another class
    if callable(close):
        with contextlib.suppress(PermissionError, ProcessLookupError):
            close()

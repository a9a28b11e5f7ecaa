"""A small HTTP/1.1 server on a real socket, for fakes of services: it keeps everything sent, and fails when it is told.

It reads what well-behaved clients send (a Content-Length, no chunks) and closes after each answer. Not safe to run in
earnest.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

LIMIT = 1024 * 1024  # bytes of a request
SECONDS = 30.0  # until a client that says nothing is left


class Fault(Enum):
    """What happens to the next request instead of an answer."""

    LOST_REQUEST = auto()  # nothing is done, the connection breaks
    LOST_ANSWER = auto()  # it is done, and the connection breaks before the answer
    HANG = auto()  # nothing is done, and nothing is said until the service stops


@dataclass(frozen=True)
class Request:
    """One request as it came: header names in lower case, the path unquoted, the raw query beside it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    raw: bytes = field(repr=False, default=b"")

    @property
    def json(self) -> Any:
        """The body read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """An answer; `body` is made JSON of unless it is bytes."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class HttpService:
    """Serves `answer` on 127.0.0.1 from `running()` on; may be stopped and started again at the same port.

    `faults` are taken one for each request, in order: a `Fault`, a `Reply` to give instead of doing anything, or None
    to serve it as ever.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: deque[Fault | Reply | None] = deque()
        self._server: asyncio.Server | None = None
        self._port = 0
        self._open: set[asyncio.Task[None]] = set()

    async def answer(self, request: Request) -> Reply:
        """What the service does; a fake fills this."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """Its address, with a slash at the end."""
        return f"http://127.0.0.1:{self._port}/"

    @property
    def everything(self) -> bytes:
        """Every byte that it was ever sent."""
        return b"\n".join(request.raw for request in self.requests)

    async def start(self) -> None:
        """Listens; at the same port as before."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port, limit=LIMIT)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Breaks every connection and listens no more; what it knows it keeps."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        self._server = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serves until the end of the block."""
        await self.start()
        try:
            yield
        finally:
            await self.stop()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._one(reader, writer))
        self._open.add(task)
        try:
            await asyncio.wait_for(task, SECONDS)
        except (TimeoutError, asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            writer.transport.abort()
        finally:
            self._open.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read(reader)
        self.requests.append(request)
        fault = self.faults.popleft() if self.faults else None
        if fault is Fault.HANG:
            await asyncio.Event().wait()
        if fault is Fault.LOST_REQUEST:
            writer.transport.abort()
            return
        reply = fault if isinstance(fault, Reply) else await self.answer(request)
        if fault is Fault.LOST_ANSWER:
            writer.transport.abort()
            return
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        head = f"HTTP/1.1 {reply.status} Done\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
        writer.write(head.encode() + b"\r\n" + body)
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Request:
    raw = await reader.readuntil(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(min(int(headers.get("content-length", "0")), LIMIT))
    parts = urlsplit(target)
    return Request(method, unquote(parts.path), dict(parse_qsl(parts.query)), headers, body, raw + body)

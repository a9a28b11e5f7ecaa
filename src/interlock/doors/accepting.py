"""Accepting connections that begin either in plain or with a TLS handshake, on one port.

Which one it is stands in the first byte that the client sends. That is looked at before the event loop gets the
connection, since what a loop has read can't be given to a handshake any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

import structlog

from interlock.doors.relay import Link
from interlock.doors.tls import ServerTls

BACKLOG = 1_024  # connections that the system keeps for us
AT_ONCE = 64  # connections taken in one go, so that others get their turn
MAX_SILENT = 1_024  # connections that say nothing; more are closed at once
HANDSHAKE = b"\x16"  # RFC 8446 section 5.1; no start-up packet is so long that its length began with it
HANDSHAKE_SECONDS = 10.0
PAUSE_SECONDS = 1.0  # when the system has no descriptor left for us

log = structlog.get_logger()


class Acceptor:
    """A listening port. `on_connect` gets each link, with the handshake done where the client began with one."""

    def __init__(self, tls: ServerTls | None, on_connect: Callable[[Link], None], seconds: float, late: bytes) -> None:
        """`seconds`: how long a client may take for its first byte; `late` is what it is told then."""
        self._tls, self._on_connect, self._seconds, self._late = tls, on_connect, seconds, late
        self._sockets: list[socket.socket] = []
        self._silent: set[asyncio.Task[None]] = set()

    @property
    def silent(self) -> int:
        """Connections of which nothing has come yet."""
        return len(self._silent)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._sockets[0].getsockname()[1])

    async def start(self, host: str, port: int) -> None:
        """Begins to listen on every address of `host`; raises `OSError`."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        try:
            for family, _, _, _, address in dict.fromkeys(found):
                self._sockets.append(_listening(family, address))
        except OSError:
            self.close()
            raise
        for listener in self._sockets:
            loop.add_reader(listener.fileno(), self._ready, listener)

    def close(self) -> None:
        """Stops listening; who hasn't said anything yet is let go."""
        for listener in self._sockets:
            if listener.fileno() >= 0:
                asyncio.get_running_loop().remove_reader(listener.fileno())
                listener.close()
        for task in tuple(self._silent):
            task.cancel()

    def _ready(self, listener: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, _ = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionError):
                return
            except OSError as error:  # no descriptor or memory left
                log.error("accept.failed", error=type(error).__name__)
                loop = asyncio.get_running_loop()
                loop.remove_reader(listener.fileno())
                loop.call_later(PAUSE_SECONDS, self._again, listener)
                return
            if len(self._silent) >= MAX_SILENT:
                connection.close()
                continue
            connection.setblocking(False)
            task = asyncio.ensure_future(self._begin(connection))
            self._silent.add(task)
            task.add_done_callback(self._silent.discard)

    def _again(self, listener: socket.socket) -> None:
        if listener.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listener.fileno(), self._ready, listener)

    async def _begin(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds):
                first = await _first_byte(connection)
            context = self._tls.context() if self._tls is not None and first == HANDSHAKE else None
            await loop.connect_accepted_socket(
                lambda: Link(self._on_connect),
                connection,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if context is not None else None,
            )
        except TimeoutError:
            with contextlib.suppress(OSError):
                connection.send(self._late)
            connection.close()
        except (OSError, asyncio.CancelledError):  # a handshake that failed: ssl.SSLError is an OSError
            connection.close()


async def _first_byte(connection: socket.socket) -> bytes:
    """The first byte that the peer sends, left where it is; b"" when the peer goes without one."""
    loop = asyncio.get_running_loop()
    readable = loop.create_future()
    loop.add_reader(connection.fileno(), _wake, readable)
    try:
        await readable
        return connection.recv(1, socket.MSG_PEEK)
    finally:
        loop.remove_reader(connection.fileno())


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _listening(family: int, address: object) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)  # type: ignore[arg-type]  # as getaddrinfo gave it
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener

"""A link: one TCP connection, received chunk by chunk, with back-pressure both ways and a notice when the peer is gone.

A Protocol of ours and not asyncio's streams, since a door must learn that a client left or that more bytes came while
it waits for something else (a vote, an upstream), without a read of its own pending.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import cast

from interlock.errors import UpstreamFailed
from interlock.model.peer import Peer

HIGH_WATER = 256 * 1024  # bytes received and not yet taken: above this the transport stops reading
IDLE_SECONDS, PROBE_SECONDS, PROBES = 60, 10, 6  # TCP keepalive: after so long, so often, so many unanswered
MAX_KEPT = 16 * 1024  # bytes; what is longer is sent by itself
STALLED_SECONDS = 300.0  # a peer that takes no byte for so long is gone
CLOSE_SECONDS = 30.0  # how long a peer may take for the last bytes once we have closed


class Link(asyncio.Protocol):
    """One connection. `receive` gives what has come; `write` and `drain` send; `lost` is set when the peer is gone."""

    def __init__(self, on_connect: Callable[[Link], None] | None = None) -> None:
        self._on_connect = on_connect
        self._transport: asyncio.Transport | None = None
        self._chunks: list[bytes] = []
        self._kept: list[bytes] = []
        self._held = 0
        self._reading = True
        self._arrived: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._may_write = True
        self._closing: asyncio.TimerHandle | None = None
        self.received = 0
        self.lost = asyncio.Event()
        self.on_lost: Callable[[], None] | None = None
        self.on_arrival: Callable[[], None] | None = None  # bytes have come, and nobody waits for them

    # -- called by the loop -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop's call at the start, and again after `start_tls`."""
        first = self._transport is None
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports have its methods, not its class
        if first:
            _keep_alive(self._transport)
        if first and self._on_connect is not None:
            self._on_connect(self)

    def data_received(self, data: bytes) -> None:
        """Keeps the chunk; stops the transport when too much lies here."""
        self._chunks.append(data)
        self._held += len(data)
        self.received += len(data)
        if self._held > HIGH_WATER and self._reading and self._transport is not None:
            self._transport.pause_reading()
            self._reading = False
        if self._arrived is None and self.on_arrival is not None:
            self.on_arrival()
        _wake(self._arrived)

    def eof_received(self) -> bool:
        """A peer that won't send any more is treated as gone: no protocol of ours uses half-closed connections."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Wakes everybody who waits on this link."""
        self.lost.set()
        if self._closing is not None:
            self._closing.cancel()
        self._may_write = True
        _wake(self._arrived)
        _wake(self._writable)
        if self.on_lost is not None:
            self.on_lost()

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._may_write = False

    def resume_writing(self) -> None:
        """The transport's buffer has room again."""
        self._may_write = True
        _wake(self._writable)

    # -- called by doors ----------------------------------------------------------------------------------------------

    @property
    def behind(self) -> bool:
        """Whether the peer doesn't take bytes as fast as they are sent, so that they lie here."""
        return not self._may_write

    @property
    def pending(self) -> int:
        """Bytes that have come and weren't taken yet."""
        return self._held

    @property
    def tls(self) -> ssl.SSLObject | None:
        """What a TLS handshake has come to; None on a plain connection."""
        return self._transport.get_extra_info("ssl_object") if self._transport is not None else None

    @property
    def inside(self) -> bool:
        """Whether both ends lie in this process (`doors/inside.py`)."""
        return False

    @property
    def peer(self) -> Peer:
        """Who is at the other end: the address, and the certificate that a TLS handshake verified."""
        if self._transport is None:
            return Peer()
        name, tls = self._transport.get_extra_info("peername"), self._transport.get_extra_info("ssl_object")
        address = str(name[0]) if isinstance(name, tuple) and name else ""
        return Peer(address, tls.getpeercert(binary_form=True) if tls is not None else None)

    async def receive(self) -> bytes:
        """All that has come since the last call, waiting for the first byte; b"" once the peer is gone."""
        while not self._chunks:
            if self.lost.is_set():
                return b""
            self._arrived = asyncio.get_running_loop().create_future()
            try:
                await self._arrived
            finally:
                self._arrived = None
        return self.take()

    def take(self) -> bytes:
        """All that has come since the last call, without waiting; b"" when nothing has."""
        if not self._chunks:
            return b""
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._held = 0
        if not self._reading and self._transport is not None and not self.lost.is_set():
            self._transport.resume_reading()
            self._reading = True
        return data

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Queues bytes; to a peer that is gone, or once we have closed, drops them."""
        if self._kept:
            data = b"".join((*self._kept, data))
            self._kept.clear()
        if data and self._transport is not None and self._closing is None and not self.lost.is_set():
            self._transport.write(data)

    def keep(self, data: bytes) -> None:
        """Queues bytes that more will follow at once: they go with the next `write`, `drain` or `close`.

        A send costs more than what a small result takes otherwise.
        """
        if len(data) > MAX_KEPT:
            self.write(data)
        elif data:
            self._kept.append(data)

    async def drain(self) -> None:
        """Waits until the peer takes bytes again; returns at once when it is gone, or has stalled for too long."""
        self.write(b"")
        while not self._may_write and not self.lost.is_set():
            self._writable = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(STALLED_SECONDS):
                    await self._writable
            except TimeoutError:
                self.abort()
                return
            finally:
                self._writable = None

    async def start_tls(self, context: ssl.SSLContext, *, server: bool, hostname: str | None = None) -> None:
        """Upgrades this connection; raises `ssl.SSLError` or `OSError` when the handshake fails."""
        assert self._transport is not None
        upgraded = await asyncio.get_running_loop().start_tls(
            self._transport, self, context, server_side=server, server_hostname=hostname, ssl_handshake_timeout=10.0
        )
        if upgraded is None:
            raise UpstreamFailed("the connection closed during the TLS handshake")
        self._transport = upgraded

    def close(self) -> None:
        """Sends what is queued, then closes; a peer that doesn't take it within `CLOSE_SECONDS` is cut off."""
        self.write(b"")
        if self._transport is not None and not self._transport.is_closing():
            self._closing = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self.abort)
            self._transport.close()

    def abort(self) -> None:
        """Closes at once."""
        if self._transport is not None:
            self._transport.abort()


async def connect(host: str, port: int, seconds: float) -> Link:
    """A link to `host:port`; raises `UpstreamFailed` when there is none within `seconds`."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            _, link = await loop.create_connection(Link, host, port)
    except (OSError, TimeoutError):
        raise UpstreamFailed("the protected system can't be reached") from None
    return link


def _keep_alive(transport: asyncio.Transport) -> None:
    """A peer that vanished without a word (its machine lost its power) is found out within two minutes.

    Small messages go out at once: uvloop and asyncio set TCP_NODELAY themselves.
    """
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", IDLE_SECONDS), ("TCP_KEEPINTVL", PROBE_SECONDS), ("TCP_KEEPCNT", PROBES)):
        if hasattr(socket, option):  # not every system has all of them
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)

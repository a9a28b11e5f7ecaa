"""Connections to one server for HTTP/1.1, kept alive between requests (RFC 9112); what comes is parsed by h11.

There is nothing here that a gateway doesn't want: no redirects, cookies, proxies or unpacking. A request is sent once
and never again, also when a kept connection turns out to be closed.

Whoever sends holds the answer, and closes it: a connection whose answer was read to its end is kept, any other closed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

import h11
import httpx2

AT_ONCE: Final = 256  # connections to one server in one session
KEPT: Final = 16  # of these, how many stay open without a request
KEPT_SECONDS: Final = 4.0  # less than servers keep theirs (5 s in uvicorn and Node): we don't meet a closing one
CONNECT_SECONDS: Final = 10.0  # to connect, TLS included; as long to wait for one of the connections
WRITE_SECONDS: Final = 30.0
_CLOSE_SECONDS: Final = 5.0
MAX_HEAD: Final = 64 * 1024  # bytes of an answer's status line and headers, and of a chunk's own line
_INTERIM: Final = 16  # interim answers (1xx) before the answer; a server that sends more means none
_A_TURN: Final = 64  # parts of an answer that are read at once; then others have their turn
_AHEAD: Final = 256 * 1024  # bytes that nobody has read yet; then the server waits

Header = tuple[bytes, bytes]


class Broken(Exception):
    """There is no answer, or no whole one: the server can't be reached, broke off, or speaks something else. Without a
    word of what it sent."""


class Answer:
    """What a server answers. To be closed; `header` gives the one header of that name, "" for none or several."""

    def __init__(self, connections: Connections, line: _Line, head: h11.Response) -> None:
        self._connections, self._line = connections, line
        self.status: int = head.status_code
        self.headers: Sequence[Header] = tuple(head.headers)
        self._over = self._closed = False

    def header(self, name: bytes) -> str:
        """By its lower-case name."""
        found = [value for each, value in self.headers if each == name]
        return found[0].decode("latin-1").strip() if len(found) == 1 else ""

    async def body(self, limit: int) -> bytes:
        """All of it; raises `Broken`, also for more than `limit` bytes."""
        whole = bytearray()  # not a list: a server may cut its answer into single bytes
        async for piece in self:
            whole += piece
            if len(whole) > limit:
                self._over = False  # nothing more is had from such a connection
                raise Broken("too long")
        return bytes(whole)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Its parts as they come, of any number; raises `Broken`. Those that are here are one: who reads keeps each."""
        while not self._over:
            piece, parts = bytearray(), 0
            event: h11.Event | None = await self._line.event()
            while isinstance(event, h11.Data):
                piece += event.data
                parts += 1
                event = self._line.ready() if parts < _A_TURN else None
            self._over = event is not None
            if piece:
                yield bytes(piece)
            if parts == _A_TURN:
                await asyncio.sleep(0)

    def close(self) -> None:
        """Nothing more is read of it."""
        if not self._closed:
            self._closed = True
            self._connections.give_back(self._line, whole=self._over)


class Connections:
    """All connections to the server of `url`. To be used in one event loop; `close` at the end."""

    def __init__(self, url: str, tls: ssl.SSLContext) -> None:
        place = httpx2.URL(url)
        secure = place.scheme == "https"
        self._host, self._port = place.raw_host.decode("ascii"), place.port or (443 if secure else 80)
        self._tls = tls if secure else None
        self._named = place.netloc
        self._idle: list[_Line] = []
        self._room = asyncio.Semaphore(AT_ONCE)
        self._lines: set[_Line] = set()
        self._leaving: set[_Line] = set()
        self._closed = False

    async def post(self, target: bytes, headers: Mapping[str, str], body: bytes) -> Answer:
        """Sends one POST and waits for the answer's head, which the caller bounds in time. Raises `Broken`."""
        try:
            told = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
            told += [(b"host", self._named), (b"content-length", b"%d" % len(body))]
            request = h11.Request(method=b"POST", target=target, headers=told)
        except (h11.LocalProtocolError, UnicodeEncodeError):
            raise Broken("a header that can't be sent") from None
        line = await self._line()
        try:
            await line.send(request, body)
            return Answer(self, line, await _head(line))
        except BaseException:
            self.give_back(line, whole=False)
            raise

    def give_back(self, line: _Line, *, whole: bool) -> None:
        """A connection without a request."""
        if line not in self._lines or line in self._idle:
            return
        self._room.release()
        if whole and len(self._idle) < KEPT and line.begin_anew():
            self._idle.append(line)
        else:
            self._drop(line)

    async def close(self) -> None:
        """Ends all of them; nothing is sent any more."""
        self._closed = True
        for line in tuple(self._lines):
            self._drop(line)
        if self._leaving:
            await asyncio.wait({line.gone for line in self._leaving}, timeout=_CLOSE_SECONDS)

    async def _line(self) -> _Line:
        if self._closed:
            raise Broken("it was ended")
        if self._room.locked():
            try:
                await asyncio.wait_for(self._room.acquire(), CONNECT_SECONDS)
            except TimeoutError:
                raise Broken("too many at once") from None
        else:
            await self._room.acquire()
        try:
            return self._kept() or await self._connected()
        except BaseException:
            self._room.release()
            raise

    def _kept(self) -> _Line | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            line = self._idle.pop()  # the one used last
            if line.is_good and now - line.since < KEPT_SECONDS:
                return line
            self._drop(line)
        return None

    async def _connected(self) -> _Line:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, line = await loop.create_connection(_Line, self._host, self._port, ssl=self._tls)
        except (OSError, TimeoutError, ValueError):  # ValueError: what is no name for TLS, or for DNS
            raise Broken("it can't be reached") from None
        if self._closed:  # meanwhile
            line.abort()
            raise Broken("it was ended")
        self._lines.add(line)
        line.gone.add_done_callback(lambda _: self._forget(line))
        return line

    def _forget(self, line: _Line) -> None:
        """It is gone, by whomever; who waits for its answer is told by it."""
        if line in self._idle:
            self._idle.remove(line)
            self._lines.discard(line)
        self._leaving.discard(line)

    def _drop(self, line: _Line) -> None:
        self._lines.discard(line)
        if line in self._idle:
            self._idle.remove(line)
        if not line.gone.done():
            self._leaving.add(line)
            line.abort()


async def _head(line: _Line) -> h11.Response:
    """The answer's, after any interim ones; raises `Broken`."""
    for _ in range(_INTERIM + 1):
        match await line.event():
            case h11.Response() as head:
                # RFC 9112 section 6.3: both may be an attempt at splitting answers, and ought to be taken as an error.
                if {b"transfer-encoding", b"content-length"} <= {name for name, _ in head.headers}:
                    raise Broken("two lengths")
                return head
            case h11.InformationalResponse():
                continue
            case _:
                raise Broken("not an answer")
    raise Broken("no end of interim answers")


class _Line(asyncio.Protocol):
    """One connection. What comes between requests ends it: an answer that nobody asked for is none."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self._transport: asyncio.Transport | None = None
        self._came: list[bytes] = []
        self._ahead = 0
        self._ended = self._busy = self._paused = False
        self._news: asyncio.Future[None] | None = None
        self._flowing: asyncio.Future[None] | None = None
        self.since = 0.0
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def is_good(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._ended and not self._transport.is_closing()

    # -- what the loop calls ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # of a stream
        """Connected."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if not self._busy:
            self.abort()
            return
        self._came.append(data)
        self._ahead += len(data)
        if self._ahead > _AHEAD and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._tell()

    def eof_received(self) -> bool:
        """The server sends nothing more."""
        self._ended = True
        self._tell()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._ended = True
        self._tell()
        if not self.gone.done():
            self.gone.set_result(None)
        if self._flowing is not None and not self._flowing.done():
            self._flowing.set_result(None)

    def pause_writing(self) -> None:
        """The server is slow to read."""
        self._flowing = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """It has read."""
        if self._flowing is not None and not self._flowing.done():
            self._flowing.set_result(None)
        self._flowing = None

    # -- what we do ---------------------------------------------------------------------------------------------------

    async def send(self, request: h11.Request, body: bytes) -> None:
        """One request, whole."""
        if self._transport is None or not self.is_good:
            raise Broken("it ended")
        self._busy = True
        try:
            parts = [self._http.send(request), self._http.send(h11.Data(body)), self._http.send(h11.EndOfMessage())]
        except h11.LocalProtocolError:
            raise Broken("a request that can't be sent") from None
        self._transport.write(b"".join(part for part in parts if part))
        if self._flowing is None:
            return
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self._flowing
        except TimeoutError:
            raise Broken("it doesn't take what is sent") from None

    async def event(self) -> h11.Event:
        """The next part of the answer; raises `Broken`."""
        while (event := self.ready()) is None:
            await self._read()
        return event

    def ready(self) -> h11.Event | None:
        """The same, if it is here; raises `Broken`."""
        try:
            event = self._http.next_event()
        except h11.RemoteProtocolError:
            raise Broken("not HTTP") from None
        if event is h11.NEED_DATA:
            return None
        if not isinstance(event, h11.Event) or isinstance(event, h11.ConnectionClosed):  # or another protocol
            raise Broken("it broke off")
        return event

    async def _read(self) -> None:
        if not self._came and not self._ended:
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        data, self._ahead = b"".join(self._came), 0
        self._came.clear()
        if self._paused and self._transport is not None and not self._ended:
            self._paused = False
            self._transport.resume_reading()
        try:
            self._http.receive_data(data)  # b"": the end
        except RuntimeError:  # bytes after the end
            raise Broken("it broke off") from None

    def begin_anew(self) -> bool:
        """Whether another request may follow on this connection; it is ready for it then."""
        if self._came or not self.is_good or self._http.trailing_data[0]:
            return False
        try:
            self._http.start_next_cycle()
        except h11.LocalProtocolError:
            return False
        self._busy, self.since = False, asyncio.get_running_loop().time()
        return True

    def abort(self) -> None:
        """Ends it at once."""
        self._ended = True
        if self._transport is not None:
            self._transport.abort()
        self._tell()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

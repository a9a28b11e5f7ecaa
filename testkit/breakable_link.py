"""A TCP relay that breaks when it is told to: after so many bytes, on certain bytes, for a while, or for good.

    async with BreakableLink(host, port) as link:
        link.cut_after(Way.ANSWERED, b"COMMIT")   # the next time that these bytes go that way: cut before they pass
        link.cut_after(Way.ANSWERED, b"COMMIT", passing=True)   # the same, once they have passed
        link.stall(Way.ANSWERED)                  # nothing goes that way any more, until resume
        link.refuse()                             # who connects is cut off at once, until accept

For tests of what a gateway does when either side of it dies, hangs or is slow. It keeps no bytes.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from testkit.recording_link import Way

HOST = "127.0.0.1"
CHUNK = 64 * 1024
CONNECT_SECONDS = 10.0


@dataclass(slots=True)
class _Fault:
    """Cut before `pattern` has passed (or, `passing`, behind it), or once `count` bytes have: whichever is given."""

    pattern: bytes | None = None
    count: int | None = None
    passing: bool = False
    before: bytes = field(default=b"", repr=False)  # the end of what passed, where a pattern may have begun


class BreakableLink:
    """One relay, from a free port of this machine to `host:port`. Faults are of all its connections together."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._server: asyncio.Server | None = None
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._relays: set[asyncio.Task[None]] = set()
        self._faults: dict[Way, _Fault] = {}
        self._may_pass = {way: asyncio.Event() for way in Way}
        for event in self._may_pass.values():
            event.set()
        self._refusing = False
        self.grain = CHUNK
        self.pause = 0.0
        self.accepted = 0
        self.cuts = 0
        self.passed = dict.fromkeys(Way, 0)

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        assert self._server is not None, "start first"
        return int(self._server.sockets[0].getsockname()[1])

    def cut_after(self, way: Way, what: bytes | int, *, passing: bool = False) -> None:
        """Once: cuts everything before the bytes `what` pass that way (or, `passing`, right behind them), or when so
        many more have passed. Whatever stands behind that is lost."""
        self._faults[way] = _Fault(pattern=what, passing=passing) if isinstance(what, bytes) else _Fault(count=what)

    def cut(self) -> None:
        """Breaks every connection at once, with resets."""
        self.cuts += 1
        for pair in tuple(self._pairs):
            for writer in pair:
                _reset(writer)

    def stall(self, way: Way) -> None:
        """Nothing goes that way until `resume`; the connections stay."""
        self._may_pass[way].clear()

    def resume(self, way: Way) -> None:
        """Goes on."""
        self._may_pass[way].set()

    def slow(self, grain: int, pause: float) -> None:
        """Passes bytes in pieces of `grain`, with `pause` seconds in between."""
        self.grain, self.pause = grain, pause

    def refuse(self) -> None:
        """Who connects from now on is cut off at once."""
        self._refusing = True

    def accept(self) -> None:
        """Connections are taken again."""
        self._refusing = False

    @property
    def open(self) -> int:
        """Connections that are open now."""
        return len(self._pairs)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, HOST, 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for event in self._may_pass.values():
            event.set()
        self.cut()
        if self._relays:
            await asyncio.wait(self._relays, timeout=CONNECT_SECONDS)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        task.add_done_callback(self._relays.discard)
        self.accepted += 1
        if self._refusing:
            _reset(writer)
            return
        try:
            up_reader, up_writer = await asyncio.wait_for(asyncio.open_connection(*self._to), CONNECT_SECONDS)
        except (OSError, TimeoutError):
            _reset(writer)
            return
        pair = (writer, up_writer)
        self._pairs.add(pair)
        try:
            await asyncio.gather(self._pump(reader, up_writer, Way.ASKED), self._pump(up_reader, writer, Way.ANSWERED))
        finally:
            self._pairs.discard(pair)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
        with suppress(OSError):
            while data := await reader.read(self.grain):
                await self._may_pass[way].wait()
                faulty = way in self._faults
                allowed = self._within(way, data)
                writer.write(data[:allowed])
                self.passed[way] += allowed
                if allowed < len(data) or (faulty and way not in self._faults):
                    await writer.drain()
                    self.cut()
                    return
                await writer.drain()
                if self.pause:
                    await asyncio.sleep(self.pause)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def _within(self, way: Way, data: bytes) -> int:
        """How many of these bytes pass before the fault."""
        fault = self._faults.get(way)
        if fault is None:
            return len(data)
        if fault.pattern is not None:
            seen = fault.before + data
            at = seen.find(fault.pattern)
            at += len(fault.pattern) if at >= 0 and fault.passing else 0
            fault.before = seen[-len(fault.pattern) + 1 :] if len(fault.pattern) > 1 else b""
            allowed = len(data) if at < 0 else max(0, at - (len(seen) - len(data)))
            if at < 0:
                return allowed
        else:
            assert fault.count is not None
            allowed = min(len(data), fault.count)
            fault.count -= allowed
            if fault.count > 0:
                return allowed
        del self._faults[way]
        return allowed


def _reset(writer: asyncio.StreamWriter) -> None:
    """Closes with a reset and not with a polite end, as a machine that lost its power."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()

"""A TCP relay that records every byte it passes, in one order over all its links, and that can be held or cut.

    tape = Tape()
    async with RecordingLink("upstream", host, port, tape) as link:
        ...                       # connect to 127.0.0.1:link.port instead of host:port
    tape.bytes("upstream", Way.ASKED)

A chunk is on the tape before it is passed on: what isn't on the tape wasn't passed.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
CHUNK = 64 * 1024
CONNECT_SECONDS = 10.0


class Way(Enum):
    """Which way a chunk went."""

    ASKED = "asked"  # from the client to the server
    ANSWERED = "answered"  # from the server to the client


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes as they were passed on: the how-manieth event of the tape, on which connection of which link."""

    at: int
    link: str
    connection: int
    way: Way
    data: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """Something else that happened, told by whoever makes it happen: a COMMIT, a vote."""

    at: int
    what: str


class Tape:
    """What several links recorded, in one order. `note` may be called from any thread."""

    def __init__(self) -> None:
        self._count = itertools.count()
        self.chunks: list[Chunk] = []
        self.notes: list[Note] = []

    def record(self, link: str, connection: int, way: Way, data: bytes) -> None:
        """Takes a chunk."""
        self.chunks.append(Chunk(next(self._count), link, connection, way, data))

    def note(self, what: str) -> int:
        """Takes a note; gives its place in the order."""
        note = Note(next(self._count), what)
        self.notes.append(note)
        return note.at

    def since(self, at: int, link: str, way: Way) -> Iterator[Chunk]:
        """The chunks behind a place in the order."""
        return (c for c in tuple(self.chunks) if c.at > at and c.link == link and c.way is way)

    def connections(self, link: str) -> list[int]:
        """The connections of a link that passed anything, in order of their first chunk."""
        return list(dict.fromkeys(c.connection for c in tuple(self.chunks) if c.link == link))

    def bytes(self, link: str, way: Way, connection: int | None = None) -> bytes:
        """All that went one way over a link, or over one connection of it. Connections are kept apart, in order."""
        chosen = self.connections(link) if connection is None else [connection]
        mine = [c for c in tuple(self.chunks) if c.link == link and c.way is way]
        return b"".join(c.data for number in chosen for c in mine if c.connection == number)


Bend = Callable[[bytes], bytes]
"""Makes other bytes of a server's: one for each connection, fed chunk by chunk."""


class RecordingLink:
    """One relay, from a free port of this machine to `host:port`.

    `bend` makes something else of what the server answers; `grain` passes answers on in pieces of so many bytes, and
    may be set anew at any time.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        tape: Tape,
        *,
        bend: Callable[[], Bend] | None = None,
        grain: int = CHUNK,
    ) -> None:
        self.name = name
        self.tape = tape
        self._to = (host, port)
        self._bend = bend
        self.grain = grain
        self._numbers = itertools.count(1)
        self._writers: set[asyncio.StreamWriter] = set()
        self._relays: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begins to listen."""
        self._server = await asyncio.start_server(self._accepted, HOST, 0)

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        assert self._server is not None, "start first"
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        """Breaks every connection at once, as a pulled cable with a reset behind it."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def close(self) -> None:
        """Stops listening and breaks what is open."""
        assert self._server is not None, "start first"
        self._server.close()
        self.cut()
        if self._relays:
            await asyncio.wait(self._relays, timeout=CONNECT_SECONDS)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        task.add_done_callback(self._relays.discard)
        number = next(self._numbers)
        try:
            up_reader, up_writer = await asyncio.wait_for(asyncio.open_connection(*self._to), CONNECT_SECONDS)
        except (OSError, TimeoutError):
            writer.transport.abort()
            return
        self._writers |= {writer, up_writer}
        try:
            await asyncio.gather(
                self._pump(reader, up_writer, number, Way.ASKED, None),
                self._pump(up_reader, writer, number, Way.ANSWERED, self._bend() if self._bend else None),
            )
        finally:
            self._writers -= {writer, up_writer}

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int, way: Way, bend: Bend | None
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if bend is not None:
                    data = bend(data)
                await self._pass(writer, number, way, data)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _pass(self, writer: asyncio.StreamWriter, number: int, way: Way, data: bytes) -> None:
        grain = self.grain if way is Way.ANSWERED else CHUNK
        for start in range(0, len(data), grain):
            piece = data[start : start + grain]
            self.tape.record(self.name, number, way, piece)
            writer.write(piece)
            await writer.drain()
            if grain < CHUNK:  # or a reader in this very loop would find the pieces together again
                await asyncio.sleep(0)

"""COPY FROM STDIN: a client's rows on their way into the protected system.

Where policy lets it run at once, rows stream through behind the release; where people must sign, the rows are collected
first, and what they sign for is what runs. Either way every row is searched for mask tokens: a masked value that was
written back would destroy the real one.

    collected:  G to the client   its rows, kept         (the review, the release)   the rows upstream   the outcome
    streamed:   (the release)     the server's G passed on   rows searched and passed on   CopyDone   the outcome

Flush and Sync mean nothing meanwhile (PostgreSQL documentation, "COPY Operations"). What a client says when it gives up
isn't passed on: the server would quote it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Protocol

from interlock.actions.from_sql import MASKED_BACK
from interlock.doors.postgres.copying import MAX_ROW, copy_options
from interlock.doors.postgres.units import Planned, Stop
from interlock.doors.postgres.upstream import Upstream
from interlock.errors import MalformedInput, UpstreamFailed
from interlock.masking.tokens import holds_token
from interlock.model.decision import Reason
from interlock.sql.shape import CopyFormat, CopyOptions
from interlock.wire.postgres import answers, backend, frontend
from interlock.wire.postgres.body import frame as frame_bytes
from interlock.wire.postgres.copy_in import CopyInReader, copy_in_reader
from interlock.wire.postgres.frames import Frame, Piece

MAX_COLLECTED = 8 * 1024 * 1024  # bytes of rows that people may be asked to sign for (decision 0006)
_SLICE = 64 * 1024  # bytes of collected rows that go in one message

MASKED = Reason("masked_back", f"{MASKED_BACK[:1].upper()}{MASKED_BACK[1:]}.")

Early = Callable[[Sequence[Piece]], Awaitable[bool]]
"""Takes what the server says while rows still go; whether its statement has ended with that."""


class Sender(Protocol):
    """The client, message by message."""

    async def frame(self) -> Frame | None:
        """Its next message, None when it is gone. Loses nothing when it is cancelled."""


class MaskedBack(Stop):
    """The client's rows hold a mask token."""

    def __init__(self) -> None:
        super().__init__("42501", f"Refused: {MASKED.sentence}", f"interlock: {MASKED.code}")


class CopyingIn:
    """The exchange of one client's COPY FROM STDIN."""

    def __init__(self, client: Sender, down: Sink) -> None:
        self._client, self._down = client, down

    async def collected(self, planned: Planned) -> bytes:
        """The client's rows, for people to sign for; it is told to send them here.

        Raises `Stop`: when they are more than `MAX_COLLECTED`, can't be read, hold a mask token (`MaskedBack`), or when
        the client gives up or leaves.
        """
        options, columns = _copy_of(planned)
        self._down.write(answers.write_copy_in_response(columns, options.format is CopyFormat.BINARY))
        search = _Search(options)
        kept: list[bytes] = []
        room = MAX_COLLECTED
        while True:
            frame = await self._client.frame()
            match frame.type if frame is not None else b"X":
                case b"d" if frame is not None:
                    room -= len(frame.body)
                    if room < 0:
                        raise Stop("54000", _TOO_MUCH, "interlock: copy_data")
                    search.feed(frame.body)
                    kept.append(frame.body)
                case b"c":
                    search.finish()
                    return b"".join(kept)
                case b"S" | b"H":
                    continue
                case b"f" | b"X":
                    raise Stop("57014", "The client gave up its COPY.")
                case _:
                    raise _unexpected()

    async def through(self, up: Upstream, planned: Planned, response: bytes, early: Early) -> Stop | None:
        """Sends the rows, once the server has asked for them by a CopyInResponse with the body `response`.

        Returns when CopyDone or CopyFail has been sent, or when the server has ended its statement before; the rest of
        its answer is the caller's to read. A `Stop` is what the client is to be told instead of the server's error.
        Raises `UpstreamFailed`, `MalformedInput`, for what the server does.
        """
        options, columns = _copy_of(planned)
        asked = backend.read_copy_in_response(response)
        if len(asked.columns) != columns or bool(asked.format) is not (options.format is CopyFormat.BINARY):
            up.link.write(frontend.write_copy_fail(_GIVEN_UP))
            raise UpstreamFailed("the protected system asks for other rows than were decided on", code="contradiction")
        rows = planned.payload.copy_data
        if rows is not None:
            return await _unless_ended(_sent(up, rows), up, early)
        self._down.write(frame_bytes(b"G", response))
        await self._down.drain()
        stop = await _unless_ended(self._streamed(up, _Search(options)), up, early)
        if stop is not None:  # only now that nobody hears the server: its error would be told besides ours
            up.link.write(frontend.write_copy_fail(_GIVEN_UP))
        return stop

    async def _streamed(self, up: Upstream, search: _Search) -> Stop | None:
        try:
            while (body := await self._row_data()) is not None:
                search.feed(body)
                up.link.write(frame_bytes(b"d", body))
                await up.link.drain()
            search.finish()
        except _GivenUp:
            up.link.write(frontend.write_copy_fail(_GIVEN_UP))
            return None
        except Stop as stop:
            return stop
        up.link.write(answers.write_copy_done())
        return None

    async def _row_data(self) -> bytes | None:
        """The body of the next CopyData, None at CopyDone; raises `_GivenUp`, `Stop`."""
        while True:
            frame = await self._client.frame()
            match frame.type if frame is not None else b"X":
                case b"d" if frame is not None:
                    return frame.body
                case b"c":
                    return None
                case b"S" | b"H":
                    continue
                case b"f" | b"X":
                    raise _GivenUp
                case _:
                    raise _unexpected()


class Sink(Protocol):
    """Where the client is told to send its rows."""

    def write(self, data: bytes) -> None:
        """Takes bytes."""

    async def drain(self) -> None:
        """Waits until more may come."""


class _GivenUp(Exception):
    """The client sends no more rows and doesn't want those that it sent."""


class _Search:
    """Looks for mask tokens in rows, wherever their messages are cut; raises `Stop`."""

    def __init__(self, options: CopyOptions) -> None:
        self._reader: CopyInReader = copy_in_reader(copy_options(options), MAX_ROW)

    def feed(self, data: bytes) -> None:
        try:
            self._look(self._reader.feed(data))
        except MalformedInput as error:
            raise _unreadable(error) from None

    def finish(self) -> None:
        try:
            self._look(self._reader.finish())
        except MalformedInput as error:
            raise _unreadable(error) from None

    @staticmethod
    def _look(pieces: Sequence[bytes]) -> None:
        if pieces and holds_token(b"\n".join(pieces)):
            raise MaskedBack


async def _sent(up: Upstream, rows: bytes) -> None:
    for at in range(0, len(rows), _SLICE):
        up.link.write(frame_bytes(b"d", rows[at : at + _SLICE]))
        await up.link.drain()
    up.link.write(answers.write_copy_done())


async def _unless_ended(sending: Coroutine[object, object, Stop | None], up: Upstream, early: Early) -> Stop | None:
    """What `sending` gives; or None, with `sending` cut off, once the server has ended its statement."""
    task, hearing = asyncio.ensure_future(sending), asyncio.ensure_future(_heard(up, early))
    try:
        await asyncio.wait((task, hearing), return_when=asyncio.FIRST_COMPLETED)
        if hearing.done():
            hearing.result()
            return None
        return task.result() if task.done() else None
    finally:
        task.cancel()
        hearing.cancel()
        await asyncio.gather(task, hearing, return_exceptions=True)


async def _heard(up: Upstream, early: Early) -> None:
    while not await early(await up.items()):
        continue


def _copy_of(planned: Planned) -> tuple[CopyOptions, int]:
    """Its options, and how many columns it has."""
    copy, width = planned.statement.copy, planned.statement.width
    if copy is None or width is None:
        raise UpstreamFailed("a COPY was let through that was never read", code="contradiction")
    return copy, width


def _unreadable(error: MalformedInput) -> Stop:
    return Stop("22P04", f"Refused: {error.sentence}.", "interlock: malformed")


def _unexpected() -> Stop:
    return Stop("08P01", "Something else than rows came in the middle of a COPY.")


_GIVEN_UP = "given up"
_TOO_MUCH = "Refused: people would have to sign for these rows, and they are more than 8 MiB; send fewer at once."

"""Cutting a byte stream into messages: one by one, or in runs.

`FrameReader` is for the side whose every message is read (the client's). `RunReader` is for bulk traffic from the
server: it looks at headers only and hands on what nobody reads as slices of the chunk it was given; an object for each
row costs two to six times as much as a scan of the headers (style.md).

Part of the row kernel, which is compiled where it can be (`kernel.py`). `frames.pxd` tells the types that its speed
rests on: every attribute of `RunReader` must stand there too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import interlock.wire.postgres.scanning as scanning
from interlock.errors import MalformedInput
from interlock.wire.postgres.startup import (
    CancelRequest,
    GSSENCRequest,
    SSLRequest,
    Startup,
    StartupPacket,
    StartupReader,
)

__all__ = [
    "Batch",
    "CancelRequest",
    "Frame",
    "FrameReader",
    "GSSENCRequest",
    "Piece",
    "Run",
    "RunReader",
    "SSLRequest",
    "Startup",
    "StartupPacket",
    "StartupReader",
]

_HEADER_SIZE = 5
# Taken bytes are cut off the buffer's front no more often than this, or many small messages cost a quadratic copy.
_COMPACT_AT = 65_536


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: its type byte and its body, without the length."""

    type: bytes
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Run:
    """Bytes to hand on as they are: any number of messages nobody reads, the first and last perhaps in part."""

    data: memoryview | bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Batch:
    """Whole messages of one type back to back, headers included: for `RowMasker.rewrite_batch` and its like."""

    type: bytes
    data: bytes = field(repr=False)


Piece = Run | Frame | Batch


def first_messages(data: bytes, most: int, at: int = 0) -> tuple[int, int]:
    """Where the first `most` messages of a `Batch`, from `at` on, end; and how many they are: fewer if it has no more.

    Raises `MalformedInput` when the lengths don't add up to the batch.
    """
    end, count = len(data), 0
    while count < most and at < end:
        length = scanning.message_head(data, at)[1] if end - at >= _HEADER_SIZE else 0
        _check(length, end - at - _HEADER_SIZE)
        at += 1 + length
        count += 1
    return at, count


class FrameReader:
    """Gives messages one by one. `limit` bounds a body in bytes, and may be changed (lower before login than after).

    What was fed and not yet taken is kept, so the caller must stop reading its socket while it doesn't call `next`.
    """

    __slots__ = ("_at", "_buffer", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._buffer = bytearray()
        self._at = 0

    def feed(self, data: bytes) -> None:
        """Takes bytes as they came."""
        self._buffer += data

    def next(self) -> Frame | None:
        """The next message, or None when more bytes are needed.

        Raises `MalformedInput` as soon as a header tells a length below 4 or a body over the limit; and again at each
        further call, since there is no telling where the next message starts.
        """
        if len(self._buffer) - self._at < _HEADER_SIZE:
            return None
        start = self._at + _HEADER_SIZE
        kind, length = scanning.message_head(bytes(self._buffer[self._at : start]), 0)
        _check(length, self.limit)
        stop = self._at + 1 + length
        if len(self._buffer) < stop:
            return None
        frame = Frame(bytes((kind,)), bytes(memoryview(self._buffer)[start:stop]))
        self._advance(stop)
        return frame

    @property
    def buffered(self) -> int:
        """How many bytes were fed and not yet taken."""
        return len(self._buffer) - self._at

    def _advance(self, stop: int) -> None:
        self._at = stop
        if stop == len(self._buffer) or stop >= _COMPACT_AT:
            del self._buffer[:stop]
            self._at = 0


class RunReader:
    """Tells apart what somebody reads from what is handed on, chunk by chunk.

    Types in `wanted` come as a `Frame` each; types in `gathered` as a `Batch` of whole messages, as many as lie
    together in the chunk; everything else as a `Run`, also in part, so that a message larger than the chunk isn't held
    back. Joined, the pieces are the stream. `limit` bounds the body of a wanted or gathered message, which must be held
    until it is whole.

    `wanted` and `gathered` may be changed between two feeds and hold from the next message whose header is complete. A
    reader that has raised `MalformedInput` is of no further use. `passed` counts the messages that weren't given as a
    `Frame`: rows, where all else is wanted; one counts when its header has come, if it is handed on.
    """

    __slots__ = ("_gathered", "_held", "_passing", "_special", "_wanted", "limit", "passed")

    def __init__(self, wanted: Iterable[bytes], limit: int, gathered: Iterable[bytes] = ()) -> None:
        self.limit = limit
        self.passed = 0
        self._wanted = frozenset(wanted)
        self._gathered = frozenset(gathered)
        self._special = _codes(self._wanted, self._gathered)
        self._held = bytearray()  # of a message that must be whole, or of a header cut in two
        self._passing = 0  # bytes still to come of a message that is being handed on

    @property
    def wanted(self) -> frozenset[bytes]:
        """Message types given as a `Frame` each."""
        return self._wanted

    @wanted.setter
    def wanted(self, types: Iterable[bytes]) -> None:
        self._wanted = frozenset(types)
        self._special = _codes(self._wanted, self._gathered)

    @property
    def gathered(self) -> frozenset[bytes]:
        """Message types given in a `Batch`."""
        return self._gathered

    @gathered.setter
    def gathered(self, types: Iterable[bytes]) -> None:
        self._gathered = frozenset(types)
        self._special = _codes(self._wanted, self._gathered)

    def feed(self, chunk: bytes) -> list[Piece]:
        """The pieces that this chunk makes complete. Runs are views of `chunk`, which must not change meanwhile."""
        pieces: list[Piece] = []
        start = 0
        if self._held:
            start = self._resume(chunk, pieces)
        if start < len(chunk):
            self._scan(chunk, start, start + self._passing, pieces)
        return pieces

    @property
    def mid_message(self) -> bool:
        """Whether the stream stands inside a message: an end of the stream here cuts one in two."""
        return bool(self._held) or self._passing > 0

    @property
    def torn(self) -> bool:
        """Whether a part of a message was handed on whose rest is still to come: nothing else may be said before it."""
        return bool(self._passing > 0)

    def _resume(self, chunk: bytes, pieces: list[Piece]) -> int:
        """Goes on with what the last chunk cut; gives the position in `chunk` behind it."""
        held = self._held
        at: int = max(0, _HEADER_SIZE - len(held))
        held += chunk[:at]
        if len(held) < _HEADER_SIZE:
            return len(chunk)
        kind, length = scanning.message_head(bytes(held[:_HEADER_SIZE]), 0)
        if not self._special[kind]:
            _check(length, None)
            self.passed += 1
            pieces.append(Run(bytes(held)))
            self._passing = length + 1 - len(held)
            held.clear()
            return at
        _check(length, self.limit)
        stop: int = at + length + 1 - len(held)
        held += chunk[at:stop]
        if stop <= len(chunk):
            self.passed += bytes((kind,)) in self._gathered
            pieces.append(self._whole(kind, bytes(held)))
            held.clear()
        return min(stop, len(chunk))

    def _scan(self, chunk: bytes, start: int, at: int, pieces: list[Piece]) -> None:
        """Walks the headers from `at`, perhaps beyond the chunk; what lies before is to be handed on from `start`."""
        end = len(chunk)
        last = end - _HEADER_SIZE
        special, view = self._special, memoryview(chunk)
        passed = 0
        while at <= last:
            kind, length = scanning.message_head(chunk, at)
            if not special[kind]:
                if length < 4:
                    _check(length, None)
                at += 1 + length
                passed += 1
                continue
            if start < at:
                pieces.append(Run(view[start:at]))
            start, at = at, self._reach(chunk, at, kind)
            if start == at:
                break
            pieces.append(self._whole(kind, chunk[start:at]))
            start = at
        self.passed += passed
        stop = min(at, end)
        if start < stop:
            pieces.append(Run(view[start:stop]))
        self._passing = max(0, at - end)
        self._held += chunk[stop:]

    def _reach(self, chunk: bytes, at: int, kind: int) -> int:
        """The end of the whole messages of this type from `at` on: one if wanted, all if gathered; `at` if none."""
        end, many = len(chunk), bytes((kind,)) in self._gathered
        last, limit = end - _HEADER_SIZE, self.limit + 4
        while at <= last:
            other, length = scanning.message_head(chunk, at)
            if other != kind:
                break
            if not 4 <= length <= limit:
                _check(length, self.limit)
            stop = at + 1 + length
            if stop > end:
                break
            at = stop
            if not many:
                break
            self.passed += 1
        return at

    def _whole(self, kind: int, data: bytes) -> Frame | Batch:
        code = bytes((kind,))
        return Batch(code, data) if code in self._gathered else Frame(code, data[_HEADER_SIZE:])


@lru_cache(maxsize=64)
def _codes(wanted: frozenset[bytes], gathered: frozenset[bytes]) -> bytes:
    """For each type byte whether it is of either. Remembered, since readers change between the same few sets at every
    statement, and all readers share them (140 us a statement, 9 KB a reader)."""
    both = wanted | gathered
    return bytes(bytes((code,)) in both for code in range(256))


def _check(length: int, limit: int | None) -> None:
    if length < 4:
        raise MalformedInput("a message's length is less than the four bytes it stands in")
    if limit is not None and length - 4 > limit:
        raise MalformedInput("a message is longer than is allowed here")

"""COPY's binary format: how it is cut into tuples, and the masking of what a COPY TO STDOUT sends in it.

    signature, flags, extension length, extension   then tuples: field count, and a length before each field   then -1

A tuple's fields are laid out as a DataRow's are, so `RowMasker` rewrites them. Masks see and give values in their
binary form.
Source: PostgreSQL documentation, COPY, "Binary Format".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import Struct, error

from interlock.errors import MalformedInput
from interlock.wire.postgres.rows import ColumnMask, RowMasker

SIGNATURE = b"PGCOPY\n\xff\r\n\0"
TRAILER = b"\xff\xff"

HEADER = Struct(">BI")  # a message's type and length
COPY_DATA = ord("d")

_FIXED = Struct(">II")  # flags, length of the extension
_FIXED_SIZE = len(SIGNATURE) + _FIXED.size
_COUNT = Struct(">h")
_LENGTH = Struct(">i")
_CRITICAL = 0xFFFF0000  # flags that a reader must know or refuse; bit 16, OIDs in the rows, is none of today's servers'
_FROM_BODY = 5  # where the body of a DataRow message begins


class BinaryTuples:
    """Cuts a binary COPY into its tuples, wherever the stream is cut itself. `limit` bounds one tuple in bytes.

    Every method raises `MalformedInput` on what isn't the format, a tuple over the limit, critical flags, or data
    behind the trailer; the object is then of no further use.
    """

    __slots__ = ("_held", "_left", "_limit", "_scanned", "_skip", "_state", "header")

    def __init__(self, limit: int) -> None:
        self.header = b""  # signature, flags and the extension's length, once they have come
        self._limit = limit
        self._held = bytearray()
        self._scanned = 0  # how much of the tuple held is known to be whole fields, with the count
        self._left = 0  # fields still to come of it
        self._skip = 0  # bytes still to come of the header's extension
        self._state = "header"

    @property
    def ended(self) -> bool:
        """Whether the trailer has come."""
        return self._state == "ended"

    @property
    def between(self) -> bool:
        """Whether the stream may end here: all tuples are whole."""
        return not self._held and not self._skip and self._state != "header"

    def feed(self, data: bytes) -> list[bytes]:
        """The tuples that this makes whole, each from its field count on."""
        if self._state == "ended" and data:
            raise MalformedInput("a binary COPY goes on behind its end")
        held = self._held
        held += data
        at = self._begun() if self._state == "header" or self._skip else 0
        tuples: list[bytes] = []
        while self._state == "tuples" and not self._skip and (stop := self._end(at)) >= 0:
            if self._state == "tuples":
                tuples.append(bytes(held[at:stop]))
            at = stop
        del held[:at]
        if self._state == "ended" and held:
            raise MalformedInput("a binary COPY goes on behind its end")
        return tuples

    def _begun(self) -> int:
        """Reads the header as far as it has come; gives where it ends."""
        held, at = self._held, 0
        if self._state == "header":
            if held[: len(SIGNATURE)] != SIGNATURE[: len(held)]:
                raise MalformedInput("a binary COPY begins with another signature")
            if len(held) < _FIXED_SIZE:
                return 0
            flags, extension = _FIXED.unpack_from(held, len(SIGNATURE))
            if flags & _CRITICAL:
                raise MalformedInput("a binary COPY has flags that aren't known here")
            if extension > self._limit:
                raise MalformedInput("a binary COPY has a header longer than is allowed here")
            self.header, self._skip, self._state = bytes(held[:_FIXED_SIZE]), extension, "tuples"
            at = _FIXED_SIZE
        skipped = min(self._skip, len(held) - at)
        self._skip -= skipped
        return at + skipped

    def _end(self, start: int) -> int:
        """Where the tuple at `start` ends; -1 when it isn't whole yet. The trailer is told apart by `ended`."""
        held, have, at = self._held, len(self._held), start + self._scanned
        if not self._scanned:
            if have - at < _COUNT.size:
                return -1
            (self._left,) = _COUNT.unpack_from(held, at)
            at += _COUNT.size
            if self._left < 0:
                return self._trailed(at)
        while self._left and have - at >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(held, at)
            stop = at + _LENGTH.size + max(size, 0)
            if size < -1 or stop - start > self._limit:
                raise MalformedInput("a field of a binary COPY has an impossible length, or one over the limit here")
            if stop > have:
                break
            at = stop
            self._left -= 1
        self._scanned = at - start if self._left else 0
        return -1 if self._left else at

    def _trailed(self, at: int) -> int:
        if self._left != -1:
            raise MalformedInput("a tuple of a binary COPY has a negative number of fields")
        self._left, self._state = 0, "ended"
        return at


class BinaryCopyMasker:
    """Masks one binary COPY's rows, as `CopyMasker` does the others. `masks` has one member a column.

    A header with flags or an extension, which no server writes, is refused: nobody could say what is in it. Every
    method raises `MalformedInput` on another number of fields, a row over `limit`, or data that isn't the format; the
    masker is then of no further use.
    """

    __slots__ = ("_begun", "_masker", "_tuples", "_unsent", "rows")

    def __init__(self, masks: Sequence[ColumnMask | None], limit: int) -> None:
        self.rows = 0
        self._masker = RowMasker(masks)
        self._tuples = BinaryTuples(limit)
        self._unsent = b""  # the header goes with what comes behind it, as servers send it
        self._begun = False

    @property
    def counts(self) -> tuple[int, ...]:
        """How many fields were masked so far, by column; a NULL that a `ConstantMask` keeps isn't counted."""
        return self._masker.counts

    def feed(self, data: bytes) -> bytes:
        """The payload in place of this one: the rows that it makes whole, perhaps none."""
        if self._tuples.ended:
            self._tuples.feed(data)
            return b""
        tuples = self._tuples.feed(data)
        if not self._begun and self._tuples.header:
            self._begun, self._unsent = True, self._tuples.header
            if self._unsent != SIGNATURE + _FIXED.pack(0, 0):
                raise MalformedInput("a binary COPY has flags or an extension in its header")
        out = b"".join([self._masker.rewrite(each)[_FROM_BODY:] for each in tuples])
        self.rows += len(tuples)
        if self._tuples.ended:
            out += TRAILER
        if not out:
            return b""
        out, self._unsent = self._unsent + out, b""
        return out

    def feed_batch(self, data: bytes) -> bytes:
        """Whole CopyData messages back to back (a `Batch` of type b"d"), each rewritten; an empty one is left out."""
        outs: list[bytes] = []
        for payload in payloads(data):
            out = self.feed(payload)
            if out:
                outs += (HEADER.pack(COPY_DATA, len(out) + 4), out)
        return b"".join(outs)

    def finish(self) -> bytes:
        """At CopyDone: nothing more to send, or `MalformedInput` when the trailer never came."""
        if not self._tuples.ended:
            raise MalformedInput("a binary COPY ended before its trailer")
        return b""


def payloads(data: bytes) -> Iterator[bytes]:
    """The payloads of whole CopyData messages back to back; raises `MalformedInput`."""
    at, end, unpack = 0, len(data), HEADER.unpack_from
    try:
        while at < end:
            kind, length = unpack(data, at)
            stop = at + 1 + length
            if kind != COPY_DATA or length < 4 or stop > end:
                raise MalformedInput("a batch holds something else than whole CopyData messages")
            yield data[at + HEADER.size : stop]
            at = stop
    except error:
        raise MalformedInput("a batch ends inside a message's header") from None

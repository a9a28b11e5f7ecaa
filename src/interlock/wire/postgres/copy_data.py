"""Masking what a COPY TO STDOUT sends, in text and CSV.

    CopyMasker(options, masks, limit)   feed(payload) -> payload to send instead, row by row; finish() at CopyDone

One CopyData message need not be one row, though servers send it so; whole rows come out as soon as they are whole. So a
client that takes one message for one row (psycopg's `Copy.rows`) still can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import Struct, error
from typing import NamedTuple

from interlock.errors import MalformedInput
from interlock.wire.postgres.answers import write_copy_data
from interlock.wire.postgres.copy_format import CopyFormat, CopyOptions, csv_options, dialect, text_options
from interlock.wire.postgres.rows import ColumnMask, ConstantMask

__all__ = ["CopyFormat", "CopyMasker", "CopyOptions", "csv_options", "text_options"]

_HEADER = Struct(">BI")
_COPY_DATA = ord("d")


class CopyMasker:
    """Masks one COPY's rows. `masks` has one member a column; `limit` bounds one row in bytes.

    Masks see and give values in their text form. A header row passes as it is. Every method raises `MalformedInput` on
    a row with another number of fields, over the limit, or cut off; the masker is then of no further use.
    """

    __slots__ = (
        "_columns",
        "_delimiter",
        "_dialect",
        "_header_due",
        "_held",
        "_limit",
        "_masked",
        "_null",
        "_steps",
        "rows",
    )

    def __init__(self, options: CopyOptions, masks: Sequence[ColumnMask | None], limit: int) -> None:
        self.rows = 0
        self._columns = len(masks)
        self._limit = limit
        self._delimiter = options.delimiter
        self._dialect = dialect(options)
        self._header_due = options.header
        self._held = bytearray()  # a row's beginning
        self._masked = [0] * len(masks)
        self._null = options.null if options.null_is_certain else None
        self._steps = tuple(self._step(column, mask) for column, mask in enumerate(masks) if mask is not None)

    @property
    def counts(self) -> tuple[int, ...]:
        """How many fields were masked so far, by column; a NULL that a `ConstantMask` keeps isn't counted."""
        return tuple(self._masked)

    def feed(self, data: bytes) -> bytes:
        """The payload in place of this one: the rows that it makes whole, perhaps none."""
        source: bytes | bytearray = data
        if self._held:
            self._held += data
            source = self._held
        stop = self._dialect.row_end(source, 0)
        if source is data and stop == len(data) - 1 and data:  # one whole row, as servers send them
            return self._row(data[:-1])
        rows: list[bytes] = []
        start = 0
        while stop >= 0:
            rows.append(self._row(bytes(source[start:stop])))
            start = stop + 1
            stop = self._dialect.row_end(source, start)
        self._check(len(source) - start)
        if source is self._held:
            del self._held[:start]
        else:
            self._held += source[start:]
        return b"".join(rows)

    def feed_batch(self, data: bytes) -> bytes:
        """Whole CopyData messages back to back (a `Batch` of type b"d"), each rewritten; an empty one is left out."""
        return b"".join(write_copy_data(out) for payload in _payloads(data) if (out := self.feed(payload)))

    def finish(self) -> bytes:
        """At CopyDone: nothing more to send, or `MalformedInput` when the data ended inside a row."""
        if self._held:
            raise MalformedInput("a COPY ended inside a row")
        return b""

    def _step(self, column: int, mask: ColumnMask) -> _Step:
        if isinstance(mask, ConstantMask):
            return _Step(column, mask, self._dialect.encode(mask.replacement), mask.keeps_null)
        return _Step(column, mask, None, False)

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise MalformedInput("a COPY row is longer than is allowed here")

    def _row(self, row: bytes) -> bytes:
        if len(row) > self._limit:
            self._check(len(row))
        fields = self._dialect.fields(row) if row or self._columns else []
        if len(fields) != self._columns:
            raise MalformedInput("a COPY row has other columns than were announced")
        if self._header_due:
            self._header_due = False
            return row + b"\n"
        self.rows += 1
        if not self._steps:
            return row + b"\n"
        null, masked = self._null, self._masked
        for column, mask, constant, keeps_null in self._steps:
            field = fields[column]
            if keeps_null and field == null:
                continue
            fields[column] = self._encoded(mask, field) if constant is None else constant
            masked[column] += 1
        return self._delimiter.join(fields) + b"\n"

    def _encoded(self, mask: ColumnMask, field: bytes) -> bytes:
        value = self._dialect.decode(field)
        # A null string that a value can equal tells nothing: the mask must take it for a value.
        return self._dialect.encode(mask(field if value is None and self._null is None else value))


class _Step(NamedTuple):
    """One masked column; `constant` is its written field, or None to call the mask."""

    column: int
    mask: ColumnMask
    constant: bytes | None
    keeps_null: bool


def _payloads(data: bytes) -> Iterator[bytes]:
    at = 0
    try:
        while at < len(data):
            kind, length = _HEADER.unpack_from(data, at)
            stop = at + 1 + length
            if kind != _COPY_DATA or length < 4 or stop > len(data):
                raise MalformedInput("a batch holds something else than whole CopyData messages")
            yield data[at + _HEADER.size : stop]
            at = stop
    except error:
        raise MalformedInput("a batch ends inside a message's header") from None

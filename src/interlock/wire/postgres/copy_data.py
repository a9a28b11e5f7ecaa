"""Masking what a COPY TO STDOUT sends: in text and CSV here, in binary in `copy_binary.py`.

    copy_masker(options, masks, limit)  -> CopyMasker | BinaryCopyMasker
        feed(payload) -> payload to send instead, row by row; finish() at CopyDone

One CopyData message need not be one row, though servers send it so; whole rows come out as soon as they are whole. So a
client that takes one message for one row (psycopg's `Copy.rows`) still can.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from interlock.errors import MalformedInput
from interlock.wire.postgres.copy_binary import COPY_DATA, HEADER, BinaryCopyMasker, payloads
from interlock.wire.postgres.copy_format import (
    CopyFormat,
    CopyOptions,
    CopyRewriter,
    binary_options,
    csv_options,
    dialect,
    text_options,
)
from interlock.wire.postgres.copy_rows import PlainRows
from interlock.wire.postgres.frames import first_messages
from interlock.wire.postgres.kernel import COMPILED
from interlock.wire.postgres.rows import ColumnMask, ConstantMask

__all__ = [
    "CopyFormat",
    "CopyMasker",
    "CopyOptions",
    "CopyRewriter",
    "binary_options",
    "copy_masker",
    "csv_options",
    "text_options",
]


def copy_masker(options: CopyOptions, masks: Sequence[ColumnMask | None], limit: int) -> CopyRewriter:
    """What masks a COPY with these options."""
    if options.format is CopyFormat.BINARY:
        return BinaryCopyMasker(masks, limit)
    return CopyMasker(options, masks, limit)


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
        "_plain_rows",
        "_special",
        "_steps",
        "rows",
    )

    def __init__(self, options: CopyOptions, masks: Sequence[ColumnMask | None], limit: int) -> None:
        self.rows = 0
        self._columns = len(masks)
        self._limit = limit
        self._delimiter = options.delimiter
        self._dialect = dialect(options)
        self._special = options.quote if options.format is CopyFormat.CSV else b"\\"
        self._header_due = options.header
        self._held = bytearray()  # a row's beginning
        self._masked = [0] * len(masks)
        self._null = options.null if options.null_is_certain else None
        self._steps = tuple(self._step(column, mask) for column, mask in enumerate(masks) if mask is not None)
        self._plain_rows = self._compiled_rows() if COMPILED else None

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
        outs: list[bytes] = []
        at = 0
        while self._plain_rows is not None and at < len(data):
            at = self._quickly(self._plain_rows, data, at, outs)
            behind, _ = first_messages(data, 1, at)
            self._one_by_one(data[at:behind], outs)
            at = behind
        self._one_by_one(data[at:], outs)
        return b"".join(outs)

    def _quickly(self, plain: PlainRows, data: bytes, at: int, outs: list[bytes]) -> int:
        """Rewrites messages from `at` on as far as the compiled kernel takes them; gives where it stopped."""
        if self._held or self._header_due:
            return at
        stop = plain.take(data, at, outs)
        rows, kept = plain.counted()
        self.rows += rows
        for step, left in zip(self._steps, kept, strict=True):
            self._masked[step.column] += rows - left
        return stop

    def _one_by_one(self, data: bytes, outs: list[bytes]) -> None:
        append, pack = outs.append, HEADER.pack
        for payload in payloads(data):
            out = self._plain(payload) if self._special not in payload else None
            if out is None:
                out = self.feed(payload)
            if out:
                append(pack(COPY_DATA, len(out) + 4))
                append(out)

    def finish(self) -> bytes:
        """At CopyDone: nothing more to send, or `MalformedInput` when the data ended inside a row."""
        if self._held:
            raise MalformedInput("a COPY ended inside a row")
        return b""

    def _step(self, column: int, mask: ColumnMask) -> _Step:
        if isinstance(mask, ConstantMask):
            return _Step(column, mask, self._dialect.encode(mask.replacement), mask.keeps_null)
        return _Step(column, mask, None, False)

    def _compiled_rows(self) -> PlainRows | None:
        """For rows that can be cut at their delimiters, if every mask writes the same everywhere."""
        constants = [(s.column, s.constant, s.keeps_null) for s in self._steps if s.constant is not None]
        if not self._columns or len(constants) < len(self._steps):
            return None
        return PlainRows(
            self._columns,
            constants,
            delimiter=self._delimiter,
            special=self._special,
            null=self._null,
            limit=self._limit,
        )

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise MalformedInput("a COPY row is longer than is allowed here")

    def _plain(self, payload: bytes) -> bytes | None:
        """A payload that holds no special character, rewritten if it is one whole row; None for any other.

        Such a row is cut at its delimiters and nowhere else, which takes a third of the general way's time.
        """
        size = len(payload) - 1
        if self._held or self._header_due or not self._columns or not 0 <= size <= self._limit:
            return None
        if payload.find(b"\n") != size:
            return None
        return self._masked_row(payload[:-1].split(self._delimiter))

    def _row(self, row: bytes) -> bytes:
        if len(row) > self._limit:
            self._check(len(row))
        fields = self._dialect.fields(row) if row or self._columns else []
        if len(fields) != self._columns:
            raise _other_columns()
        if self._header_due:
            self._header_due = False
            return row + b"\n"
        return self._masked_row(fields)

    def _masked_row(self, fields: list[bytes]) -> bytes:
        if len(fields) != self._columns:
            raise _other_columns()
        self.rows += 1
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
        shown = field if value is None and self._null is None else value
        masked = mask(shown)
        return field if masked is shown else self._dialect.encode(masked)  # what passes, passes as it was written


class _Step(NamedTuple):
    """One masked column; `constant` is its written field, or None to call the mask."""

    column: int
    mask: ColumnMask
    constant: bytes | None
    keeps_null: bool


def _other_columns() -> MalformedInput:
    return MalformedInput("a COPY row has other columns than were announced")

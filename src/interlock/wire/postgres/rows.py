"""Rewriting DataRow messages: the masked columns replaced, everything else copied as it is.

A row is walked by its lengths alone; what lies between two masked columns is copied as one slice. Masks that put the
same value everywhere (`ConstantMask`) are written out once, with their length in front.

`values_of` gives the values of some columns beforehand, for masks that must know a whole chunk before they are called.

Part of the row kernel, which is compiled where it can be (`kernel.py`). `rows.pxd` tells the types that its speed rests
on: every attribute of `RowMasker` must stand there too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct, error
from typing import NoReturn, Protocol, runtime_checkable

import interlock.wire.postgres.scanning as scanning
from interlock.errors import MalformedInput

# What replaces a value: it gets the column's bytes (None: NULL) in the result's format and gives those to send instead.
ColumnMask = Callable[[bytes | None], bytes | None]

_HEADER_SIZE = 7
_DATA_ROW = ord("D")
_LENGTH = Struct(">i")
_NULL = _LENGTH.pack(-1)


@runtime_checkable
class ConstantMask(Protocol):
    """A mask that replaces every value by the same one; NULL stays NULL where `keeps_null`.

    A mask that has these two attributes is never called by the fast path, so they must tell all it does.
    """

    @property
    def replacement(self) -> bytes | None:
        """What every value becomes; None: NULL."""

    @property
    def keeps_null(self) -> bool:
        """Whether NULL stays NULL."""

    def __call__(self, value: bytes | None) -> bytes | None:
        """The same, one value at a time."""


# One masked column: its number, its mask, its whole field if that is constant (None: the mask is called), and whether a
# NULL stays one.
_Masked = tuple[int, ColumnMask, bytes | None, bool]


# One step: as many members as there are untouched columns before masked ones, those, and their fields joined if all are
# constant. Plain tuples, and a tuple to count with: the compiled loop walks those without an object for each column.
_Step = tuple[tuple[None, ...], tuple[_Masked, ...], bytes | None]


class RowMasker:
    """Masks the rows of one result. `masks` has one member a column; None leaves that column as it is.

    Every method raises `MalformedInput` when a row's field count differs from the masks' or its lengths don't add up;
    nothing of what was given to that call may then be sent, and the masker is of no further use.
    """

    __slots__ = ("_columns", "_kept", "_steps", "_tail", "rows")

    def __init__(self, masks: Sequence[ColumnMask | None]) -> None:
        self.rows = 0
        self._columns = len(masks)
        self._kept = [0] * len(masks)
        self._steps = _steps(masks)
        self._tail = (None,) * (len(masks) - (self._steps[-1][1][-1][0] + 1 if self._steps else 0))

    @property
    def counts(self) -> tuple[int, ...]:
        """How many fields were masked so far, by column; a NULL that a `ConstantMask` keeps isn't counted."""
        counts = [0] * self._columns
        for _, group, _ in self._steps:
            for column, _, _, _ in group:
                counts[column] = self.rows - self._kept[column]
        return tuple(counts)

    def rewrite(self, body: bytes) -> bytes:
        """The whole DataRow message in place of the one with this body."""
        return self.rewrite_batch(b"D" + _LENGTH.pack(len(body) + 4) + body)

    def rewrite_batch(self, data: bytes) -> bytes:
        """Whole DataRow messages back to back (a `Batch` of type b"D"), rewritten."""
        out: list[bytes] = []
        try:
            stop = self._rewrite(data, out)
        except (error, OverflowError):
            _lying()
        if stop != len(data):
            _lying()
        return b"".join(out)

    def _rewrite(self, data: bytes, out: list[bytes]) -> int:
        """Appends the pieces of all rows, and gives where the last one ends.

        One long function on purpose: a call for each row, with its attribute look-ups, measured 40 % slower. Reading
        past a row's end needs no check on the way: positions only grow, so that `at` misses `stop` in the end. Masked
        columns side by side with constants are one step: where none of them is without bytes, they are one piece.
        """
        columns, steps, tail = self._columns, self._steps, self._tail
        at, end, rows = 0, len(data), 0
        while at < end:
            kind, length, count = scanning.row_head(data, at)
            if kind != _DATA_ROW or count != columns:
                raise MalformedInput("a row has other columns than were announced")
            stop = at + 1 + length
            start = at = at + _HEADER_SIZE
            slot = len(out)
            out.append(b"")  # the header's place, until the length is known
            for skip, group, joined in steps:
                for _ in skip:
                    size = scanning.int32(data, at)[0]
                    at += 4 + size if size > 0 else _empty(size)
                out.append(data[start:at])
                start = at
                for _ in group:
                    size = scanning.int32(data, at)[0]
                    if size <= 0:
                        break
                    at += 4 + size
                else:
                    if joined is not None:
                        out.append(joined)
                        length += len(joined) - (at - start)
                        start = at
                        continue
                at, grown = self._one_by_one(data, start, group, out)
                length += grown
                start = at
            for _ in tail:
                size = scanning.int32(data, at)[0]
                at += 4 + size if size > 0 else _empty(size)
            if at != stop:
                _lying()
            out.append(data[start:stop])
            out[slot] = scanning.write_row_head(_DATA_ROW, length, count)
            rows += 1
        self.rows += rows
        return at

    def _one_by_one(self, data: bytes, at: int, group: tuple[_Masked, ...], out: list[bytes]) -> tuple[int, int]:
        """The fields of a group from `at` on, each by itself; gives where they end, and how much longer they got."""
        grown = 0
        for column, mask, constant, keeps_null in group:
            size = scanning.int32(data, at)[0]
            behind = at + (4 + size if size > 0 else _empty(size))
            if size < 0 and keeps_null:
                out.append(data[at:behind])
                self._kept[column] += 1
            else:
                field = constant or _field(mask(data[at + 4 : behind] if size >= 0 else None))
                out.append(field)
                grown += len(field) - (behind - at)
            at = behind
        return at, grown


def values_of(data: bytes, columns: tuple[int, ...]) -> list[list[bytes | None]]:
    """The values of these columns (by position, rising) in whole DataRow messages back to back: a list a column.

    Raises `MalformedInput` where `RowMasker` would, as far as it has to look.
    """
    found: list[list[bytes | None]] = [[] for _ in columns]
    try:
        _gather(data, columns, found)
    except (error, OverflowError):
        _lying()
    return found


def _gather(data: bytes, columns: tuple[int, ...], found: list[list[bytes | None]]) -> None:
    at, end = 0, len(data)
    while at < end:
        kind, length, count = scanning.row_head(data, at)
        stop = at + 1 + length
        if kind != _DATA_ROW or stop > end:
            _lying()
        at += _HEADER_SIZE
        number = 0
        for place, column in enumerate(columns):
            if column >= count:
                raise MalformedInput("a row has other columns than were announced")
            while number < column:
                size = scanning.int32(data, at)[0]
                at += 4 + size if size > 0 else _empty(size)
                number += 1
            size = scanning.int32(data, at)[0]
            behind = at + (4 + size if size > 0 else _empty(size))
            if behind > stop:
                _lying()
            found[place].append(data[at + 4 : behind] if size >= 0 else None)
            at = behind
            number += 1
        at = stop


def _steps(masks: Sequence[ColumnMask | None]) -> tuple[_Step, ...]:
    """Masked columns side by side are one step if all their masks are constants; another mask is a step of its own."""
    steps: list[_Step] = []
    behind = 0
    for column, mask in enumerate(masks):
        if mask is None:
            continue
        constant, keeps_null = None, False
        if isinstance(mask, ConstantMask):
            constant, keeps_null = _field(mask.replacement), mask.keeps_null
        masked = (column, mask, constant, keeps_null)
        last = steps[-1] if steps and behind == column else None
        if constant is not None and last is not None and last[2] is not None:
            steps[-1] = (last[0], (*last[1], masked), last[2] + constant)
        else:
            steps.append(((None,) * (column - behind), (masked,), constant))
        behind = column + 1
    return tuple(steps)


def _field(value: bytes | None) -> bytes:
    return _NULL if value is None else _LENGTH.pack(len(value)) + value


def _empty(size: int) -> int:
    """The size of a field without bytes: a length of 0 or -1."""
    if size < -1:
        _lying()
    return 4


def _lying() -> NoReturn:
    raise MalformedInput("a row's lengths don't add up")

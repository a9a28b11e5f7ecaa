"""Masking the rows of a COPY as servers nearly always send them: one whole row a message, and nothing escaped in it.

    PlainRows(...).take(data, at, out) -> where the first message begins that isn't such a row

Part of the row kernel, and used where that is compiled (`kernel.py`): in Python, splitting the row and joining it again
is faster than looking for each delimiter. `copy_rows.pxd` tells the types that its speed rests on: every
attribute of `PlainRows` must stand there too.
"""

from __future__ import annotations

from collections.abc import Sequence

import interlock.wire.postgres.scanning as scanning
from interlock.errors import MalformedInput

_COPY_DATA = ord("d")
_HEADER_SIZE = 5
_NEWLINE = ord("\n")

Constant = tuple[int, bytes, bool]
"""A masked column: its number, what is written for every value, and whether a NULL stays one."""

# Members for the untouched columns before it, the written field, whether NULL stays, whether it is the row's last.
_Step = tuple[tuple[None, ...], bytes, bool, bool]


class PlainRows:
    """Rows cut at their delimiters and nowhere else."""

    __slots__ = ("_delimiter", "_kept", "_limit", "_null", "_null_size", "_rows", "_special", "_steps", "_tail")

    def __init__(
        self,
        columns: int,
        constants: Sequence[Constant],
        *,
        delimiter: bytes,
        special: bytes,
        null: bytes | None,
        limit: int,
    ) -> None:
        """`constants` rise by column. `special` is the byte that may give another a meaning; `null` None: no NULL is
        certain. `limit` bounds one row in bytes."""
        self._rows = 0
        self._kept = [0] * len(constants)
        self._delimiter = delimiter[0]
        self._special = special[0]
        self._null = null
        self._null_size = len(null or b"")
        self._limit = limit
        behind = 0
        steps: list[_Step] = []
        for column, field, keeps_null in constants:
            steps.append(((None,) * (column - behind), field, keeps_null and null is not None, column == columns - 1))
            behind = column + 1
        self._steps = tuple(steps)
        self._tail = columns - behind

    def counted(self) -> tuple[int, list[int]]:
        """The rows since it was last asked, and the NULLs left in them by masked column."""
        told = self._rows, self._kept
        self._rows, self._kept = 0, [0] * len(self._kept)
        return told

    def take(self, data: bytes, at: int, out: list[bytes]) -> int:
        """Rewrites the CopyData messages of `data` from `at` on, up to the first that isn't one plain row.

        Their pieces are appended to `out`. Raises `MalformedInput` for a row with another number of fields.
        """
        end = len(data)
        while end - at >= _HEADER_SIZE:
            kind, length = scanning.message_head(data, at)
            start, stop = at + _HEADER_SIZE, at + 1 + length
            last = stop - 1
            if kind != _COPY_DATA or last < start or stop > end or last - start > self._limit:
                break
            if scanning.find(data, _NEWLINE, start, stop) != last:
                break
            if scanning.find(data, self._special, start, last) >= 0:
                break
            slot = len(out)
            out.append(b"")  # the header's place, until the length is known
            grown = self._row(data, start, last, out)
            out[slot] = scanning.write_message_head(_COPY_DATA, length + grown)
            self._rows += 1
            at = stop
        return at

    def _row(self, data: bytes, at: int, last: int, out: list[bytes]) -> int:
        """One row from `at` to the newline at `last`; gives how much longer it got."""
        start, grown, delimiter, size = at, 0, self._delimiter, self._null_size
        number = -1
        for skip, field, keeps_null, ends in self._steps:
            number += 1
            for _ in skip:
                at = scanning.find(data, delimiter, at, last) + 1
                if at == 0:
                    raise _other_columns()
            behind = scanning.find(data, delimiter, at, last)
            if (behind < 0) != ends:
                raise _other_columns()
            if ends:
                behind = last
            if keeps_null and behind - at == size and data[at:behind] == self._null:
                self._kept[number] += 1
            else:
                out.append(data[start:at])
                out.append(field)
                grown += len(field) - (behind - at)
                start = behind
            at = behind + 1
        left = self._tail
        while left > 1:
            at = scanning.find(data, delimiter, at, last) + 1
            if at == 0:
                raise _other_columns()
            left -= 1
        if left == 1 and scanning.find(data, delimiter, at, last) >= 0:
            raise _other_columns()
        out.append(data[start : last + 1])
        return grown


def _other_columns() -> MalformedInput:
    return MalformedInput("a COPY row has other columns than were announced")

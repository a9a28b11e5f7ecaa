"""Reading what a client sends into a COPY FROM STDIN, so that what it would write can be searched.

    copy_in_reader(options, limit)      feed(payload) -> pieces to search; finish() at CopyDone

A piece is text or bytes as the server would store them: escapes read, quotes gone (also those that stand for a quote).
Each value lies whole in one piece; a piece may hold several, with what stands between them. Whether rows fit their
table is the server's to say, and what stands behind a `\\.` is searched though the server drops it.
Source: PostgreSQL documentation, COPY, "File Formats".
"""

from __future__ import annotations

from typing import Protocol

from interlock.errors import MalformedInput
from interlock.wire.postgres.copy_binary import BinaryTuples
from interlock.wire.postgres.copy_format import CopyFormat, CopyOptions, dialect


class CopyInReader(Protocol):
    """Reads one COPY FROM STDIN."""

    rows: int
    """Rows so far, without the header."""

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces that this payload makes whole; raises `MalformedInput` on what can't be read."""

    def finish(self) -> list[bytes]:
        """At CopyDone: what is left to search; raises `MalformedInput` when the data ended too early."""


def copy_in_reader(options: CopyOptions, limit: int) -> CopyInReader:
    """A reader for a COPY with these options; `limit` bounds one row in bytes."""
    if options.format is CopyFormat.BINARY:
        return BinaryRows(limit)
    return TextRows(options, limit)


class TextRows:
    """Text and CSV. A row ends at a newline; one that ends in a carriage return alone goes on to the next newline."""

    __slots__ = ("_dialect", "_header_due", "_held", "_limit", "_paired", "_special", "rows")

    def __init__(self, options: CopyOptions, limit: int) -> None:
        self.rows = 0
        self._limit = limit
        self._dialect = dialect(options)
        self._special = options.quote if options.format is CopyFormat.CSV else b"\\"
        self._paired = options.format is CopyFormat.CSV and options.escape == options.quote
        self._header_due = options.header
        self._held = bytearray()  # a row's beginning

    def feed(self, data: bytes) -> list[bytes]:
        """The rows that this payload makes whole: one piece where nothing in them is escaped or quoted."""
        pieces: list[bytes] = []
        at = self._continued(data, pieces) if self._held else 0
        rest = data[at:] if at else data
        if self._held or not rest:
            return pieces
        start = self._plain(rest, pieces) if self._special not in rest else self._rows(rest, pieces)
        self._held += rest[start:]
        self._check()
        return pieces

    def finish(self) -> list[bytes]:
        """The last row, if no newline ends it."""
        rest = bytes(self._held)
        self._held.clear()
        if not rest:
            return []
        self._count(1)
        return [self._decoded(rest)]

    def _continued(self, data: bytes, pieces: list[bytes]) -> int:
        """Goes on with the row that was cut, a line at a time; gives the position in `data` behind it."""
        held, at = self._held, 0
        while at < len(data):
            stop = data.find(b"\n", at) + 1 or len(data)
            held += data[at:stop]
            at = stop
            self._check()
            if held[-1:] == b"\n" and (end := self._dialect.row_end(held, 0)) >= 0:
                pieces.append(self._decoded(bytes(held[:end])))
                self._count(1)
                held.clear()
                break
        return at

    def _plain(self, data: bytes, pieces: list[bytes]) -> int:
        """Rows that stand as they are stored; gives where the last whole one ends."""
        stop = data.rfind(b"\n") + 1
        if stop:
            pieces.append(data[:stop])
            self._count(data.count(b"\n", 0, stop))
        return stop

    def _rows(self, data: bytes, pieces: list[bytes]) -> int:
        """Rows with something escaped or quoted; gives where the last whole one ends."""
        if self._paired:
            return self._quoted(data, pieces)
        start, count = 0, 0
        while (stop := self._dialect.row_end(data, start)) >= 0:
            start, count = stop + 1, count + 1
        if start:
            pieces.append(self._decoded(data[:start]))
        self._count(count)
        return start

    def _quoted(self, data: bytes, pieces: list[bytes]) -> int:
        """CSV whose escape is its quote: every other stretch between quotes lies inside them. Ten times as fast."""
        stretches = data.split(self._special)
        last = (len(stretches) - 1) // 2 * 2
        stop = len(data) - sum(len(each) + 1 for each in stretches[last + 1 :])  # where the stretch `last` ends
        while last >= 0 and b"\n" not in stretches[last]:
            stop -= sum(len(each) + 1 for each in stretches[max(0, last - 1) : last + 1])
            last -= 2
        if last < 0:
            return 0
        stop -= len(stretches[last]) - stretches[last].rindex(b"\n") - 1
        pieces.append(self._decoded(data[:stop]))
        self._count(b"".join(stretches[: last + 1 : 2]).count(b"\n"))
        return stop

    def _decoded(self, rows: bytes) -> bytes:
        """Rows with their escapes or quotes read; what reads as NULL may be a value all the same (FORCE_NOT_NULL)."""
        if self._paired:
            return rows.replace(self._special, b"")
        value = self._dialect.decode(rows)
        return rows if value is None else value

    def _count(self, rows: int) -> None:
        if rows and self._header_due:
            self._header_due, rows = False, rows - 1
        self.rows += rows

    def _check(self) -> None:
        if len(self._held) > self._limit:
            raise MalformedInput("a COPY row is longer than is allowed here")


class BinaryRows:
    """Binary: a piece is a tuple as it came. Its values have no escapes."""

    __slots__ = ("_tuples", "rows")

    def __init__(self, limit: int) -> None:
        self.rows = 0
        self._tuples = BinaryTuples(limit)

    def feed(self, data: bytes) -> list[bytes]:
        """The tuples that this payload makes whole."""
        tuples = self._tuples.feed(data)
        self.rows += len(tuples)
        return tuples

    def finish(self) -> list[bytes]:
        """Nothing; servers take a missing trailer for an end, but no tuple that is cut."""
        if not self._tuples.between:
            raise MalformedInput("a binary COPY ended inside a tuple, or before it began")
        return []

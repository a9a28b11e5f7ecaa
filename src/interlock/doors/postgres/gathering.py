"""Gathering what a run without a client gives: what would have gone down, bounded, made into a kept result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from interlock.doors.postgres.kept_results import MAX_KEPT, KeptResult, copied
from interlock.doors.postgres.units import Planned
from interlock.model.snapshot import DescribedColumn
from interlock.sql.shape import CopyFormat, Kind
from interlock.wire.postgres import backend
from interlock.wire.postgres.frames import Frame, FrameReader


class Gathered:
    """A place for results. Past `most` bytes it keeps nothing more, and calls `too_much` once."""

    def __init__(self, too_much: Callable[[], None], most: int = MAX_KEPT) -> None:
        self.overflowed = False
        self._too_much = too_much
        self._room = most
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Takes bytes."""
        self._room -= len(data)
        if self._room >= 0:
            self._pieces.append(data)
        elif not self.overflowed:
            self.overflowed = True
            self._pieces.clear()
            self._too_much()

    keep = write

    async def drain(self) -> None:
        """Nothing to wait for."""

    def result(self, statements: Sequence[Planned]) -> KeptResult:
        """What came, of the last statement that returned rows."""
        reader = FrameReader(MAX_KEPT)
        reader.feed(b"".join(self._pieces))
        found = _Found(statements)
        while (frame := reader.next()) is not None:
            found.take(frame)
        return found.kept


class _Found:
    """Walks over the messages, statement by statement."""

    def __init__(self, statements: Sequence[Planned]) -> None:
        self.kept = KeptResult()
        self._statements = statements
        self._at = 0
        self._described: tuple[DescribedColumn, ...] | None = None
        self._rows: list[bytes] = []
        self._copied: list[bytes] = []

    def take(self, frame: Frame) -> None:
        match frame.type:
            case b"T":
                self._described = backend.read_row_description(frame.body)
            case b"D":
                self._rows.append(frame.type + (len(frame.body) + 4).to_bytes(4, "big") + frame.body)
            case b"d":
                self._copied.append(frame.body)
            case b"C" | b"I" | b"s":
                self._completed(backend.read_command_complete(frame.body) if frame.type == b"C" else "")
            case b"E":
                self.kept = KeptResult(sqlstate=backend.read_complaint(frame.body).sqlstate)
            case _:
                return  # notices, and what frames a COPY

    def _completed(self, tag: str) -> None:
        planned = self._statements[self._at] if self._at < len(self._statements) else None
        self._at += 1
        columns = planned.columns if planned is not None and planned.statement.copy is None else None
        if planned is not None and planned.statement.copy is not None and planned.statement.kind is Kind.COPY_OUT:
            binary = planned.statement.copy.format is CopyFormat.BINARY
            made, rows, count = copied(b"".join(self._copied), binary=binary)
            self.kept = KeptResult(made, rows, f"SELECT {count}")
        elif columns is not None:
            self.kept = KeptResult(self._described or columns, b"".join(self._rows), tag)
        elif self.kept.columns is None:
            self.kept = replace(self.kept, tag=tag)
        self._described = None
        self._rows.clear()
        self._copied.clear()

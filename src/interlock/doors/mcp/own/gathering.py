"""What a call was answered with, within bounds: rows as JSON, how many there were, notices, the error."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from interlock.doors.mcp.own.cells import cell, type_name
from interlock.doors.mcp.own.speaking import Said, said_in
from interlock.errors import MalformedInput
from interlock.model.names import ReviewId
from interlock.model.snapshot import DescribedColumn
from interlock.wire.postgres import backend
from interlock.wire.postgres.body import Body
from interlock.wire.postgres.frames import Frame

DEFERRED: Final = "IL001"
MOST_BYTES: Final = 1024 * 1024  # of all values returned by a call
MOST_DRAINED: Final = 64 * 1024 * 1024  # of rows that are counted only; then the statement is given up
MOST_NOTICES: Final = 50
MOST_RESULTS: Final = 1_000

_A_CELL: Final = 4  # bytes that JSON puts around a value
_NO_COPY: Final = Said("ERROR", "0A000", "COPY isn't taken here: use SELECT, or INSERT with the values in its text.")
_TOO_MUCH: Final = Said(
    "ERROR", "54000", f"The rows are more than {MOST_DRAINED >> 20} MiB; the statement was given up. Ask for fewer."
)
_TOO_MANY: Final = Said("ERROR", "54000", f"More than {MOST_RESULTS} statements in one call aren't taken.")


@dataclass(slots=True)
class Result:
    """What one statement gave. `rows` are those within bounds; `count` is of all."""

    columns: tuple[DescribedColumn, ...] = ()
    rows: list[list[Any]] = field(default_factory=list, repr=False)
    count: int = 0
    command: str = ""

    def told(self) -> dict[str, Any]:
        """As the output schema has it."""
        return {
            "command": self.command,
            "columns": [{"name": each.name, "type": type_name(each.type_oid)} for each in self.columns],
            "rows": self.rows,
            "row_count": self.count,
            "truncated": bool(self.columns) and self.count > len(self.rows),
        }


class Gathering:
    """One call's. `most_rows`: over all its statements."""

    def __init__(self, most_rows: int) -> None:
        self.results: list[Result] = []
        self.notices: list[Said] = []
        self.masked: tuple[str, ...] = ()  # labels of values that were replaced
        self.error: Said | None = None
        self.given_up: Said | None = None  # why the session must be told to stop, whatever it answers then
        self.status = b"I"
        self.held: ReviewId | None = None  # the review that it waits for, or waited for, with the session open
        self.is_held = asyncio.Event()
        self._now: Result | None = None
        self._rows_left, self._bytes_left, self._drained = most_rows, MOST_BYTES, 0

    def take(self, frame: Frame) -> None:
        """One message of the door's; raises `MalformedInput`."""
        match frame.type:
            case b"T":
                self._now = Result(backend.read_row_description(frame.body))
            case b"D":
                self._row(frame.body)
            case b"C":
                self._completed(backend.read_command_complete(frame.body))
            case b"N":
                self._notice(said_in(frame))
            case b"E":
                self.error, self._now = self.error or said_in(frame), None
            case b"G" | b"H" | b"W":
                self.given_up = self.given_up or _NO_COPY
            case b"Z":
                self.status = backend.read_ready_for_query(frame.body).status
            case _:
                return

    @property
    def deferred(self) -> ReviewId | None:
        """The review of what the gateway will run by itself, where it was answered so."""
        error = self.error
        return ReviewId(error.review) if error is not None and error.sqlstate == DEFERRED and error.review else None

    def _notice(self, said: Said) -> None:
        if len(self.notices) < MOST_NOTICES:
            self.notices.append(said)
        if said.review:
            self.held = ReviewId(said.review)
            self.is_held.set()

    def _row(self, body: bytes) -> None:
        if self._now is None:
            raise MalformedInput("rows come before what they are")
        self._now.count += 1
        size = len(body) + _A_CELL * len(self._now.columns)
        if self._rows_left < 1 or size > self._bytes_left:
            self._rows_left = 0  # no later row either: what is returned is the beginning
            self._drained += len(body)
            if self._drained > MOST_DRAINED:
                self.given_up = self.given_up or _TOO_MUCH
            return
        self._rows_left, self._bytes_left = self._rows_left - 1, self._bytes_left - size
        self._now.rows.append(_cells(body, self._now.columns))

    def _completed(self, tag: str) -> None:
        result, self._now = self._now or Result(), None
        result.command = tag
        if not result.columns:
            result.count = backend.rows_in(tag)
        if len(self.results) >= MOST_RESULTS:
            self.given_up = self.given_up or _TOO_MANY
            return
        self.results.append(result)


def _cells(body: bytes, columns: tuple[DescribedColumn, ...]) -> list[Any]:
    reader = Body(body)
    if reader.u16() != len(columns):
        raise MalformedInput("a row has other columns than were told")
    return [cell(reader.value(), column.type_oid) for column in columns]

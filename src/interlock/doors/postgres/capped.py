"""Running a unit under a row cap.

Reads: rows are counted as they pass; at most so many go down, then an error, and the server is asked to stop.

Writes: all runs under a savepoint of ours, or in a transaction of ours where the client has none, and everything that
the client would be told is held back until the rows are counted. Within the cap it becomes true and is told; else it is
undone, and an error is all that the client hears. The same goes for an error of the server on the way or at COMMIT.

    SAVEPOINT | BEGIN   the statements   count them   RELEASE | COMMIT,  or  ROLLBACK TO and RELEASE | ROLLBACK

A client may have a savepoint of the same name: ours is always the inner one, and is gone before the client speaks
again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from interlock.actions.capping import parted
from interlock.doors.postgres.allowance import TOO_MANY, Allowance
from interlock.doors.postgres.complaining import Complained
from interlock.doors.postgres.results import Running
from interlock.doors.postgres.running import Allowed, Run, RunEnd, Sink
from interlock.doors.postgres.units import Planned, Stop, UnitPlan
from interlock.doors.postgres.upstream import Upstream
from interlock.errors import LedgerUnavailable
from interlock.model.release import Ending, Outcome, Release
from interlock.sql.shape import Kind
from interlock.wire.postgres.sentences import sentence_for

MAX_HELD = 8 * 1024 * 1024  # bytes of rows that a write returns, held back until it is counted

_SET, _BACK, _FORGET = (
    b"SAVEPOINT interlock",
    b"ROLLBACK TO SAVEPOINT interlock",
    b"RELEASE SAVEPOINT interlock",
)


class Held:
    """Results held back. Their rows are bounded by the allowance, the rest by the unit."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Keeps bytes."""
        self._pieces.append(data)

    keep = write

    async def drain(self) -> None:
        """Nothing to wait for."""

    def all(self) -> bytes:
        """Everything, in order."""
        return b"".join(self._pieces)


class CappedRun:
    """One released unit whose obligations have a row cap, while it runs. The action must be cappable."""

    def __init__(
        self,
        up: Upstream,
        down: Sink,
        unit: UnitPlan,
        release: Release,
        *,
        cancel: Callable[[], asyncio.Task[None]],
    ) -> None:
        assert release.obligations.row_cap is not None, "only for units with a cap"
        self._up, self._down, self._release = up, down, release
        before, body, behind = parted(unit.statements, [p.statement for p in unit.statements])
        self._writes = writes_rows(unit)
        room = MAX_HELD if self._writes else None
        self._rows = Allowance(release.obligations.row_cap, room, release.obligations.estimated)
        self._held = Held()
        sink: Sink = self._held if self._writes else down
        self._before = Run(up, sink, _part(unit, before), None, cancel=cancel) if before else None
        self._body = Run(
            up,
            sink,
            _part(unit, body, b"" if behind else unit.owed_after),
            release,
            cancel=cancel,
            part=slice(len(before), len(before) + len(body)),
            allowed=Allowed(self._rows),
        )
        self._behind = Run(up, sink, _part(unit, behind, unit.owed_after), None, cancel=cancel) if behind else None
        self._inside = False  # whether the transaction is the client's

    async def through(self, durable: Awaitable[object] | None) -> RunEnd:
        """As `Run.through`; nothing is sent before the release is durable."""
        try:
            if durable is not None:
                await durable
        except LedgerUnavailable as error:
            return RunEnd(Ending(Outcome.FAILED), 0, error, drifted=False)
        return await (self._written() if self._writes else self._read())

    def unknown(self) -> Ending:
        """The ending of a run that broke off."""
        return self._body.unknown()

    @property
    def ran(self) -> Sequence[Running]:
        """What has come of each statement so far: those that go on under an earlier release aren't capped anew."""
        return ()

    async def _read(self) -> RunEnd:
        """The parts one after the other: what stands behind a read that was stopped doesn't run."""
        end = RunEnd(Ending(Outcome.SUCCEEDED), 0, None, drifted=False)
        for run in (self._before, self._body, self._behind):
            if run is not None and not end.ending.sqlstate:
                end = _both(end, await run.through(None))
        return replace(end, stop=self._too_many()) if self._rows.overdrawn else end

    async def _written(self) -> RunEnd:
        end = RunEnd(Ending(Outcome.SUCCEEDED), 0, None, drifted=False)
        if self._before is not None:
            end = await self._before.through(None)
            if end.ending.sqlstate:
                return _failed(end, end.ending.sqlstate)
        self._inside = self._up.status == b"T"
        refused = await self._up.command(_SET if self._inside else b"BEGIN")
        if refused is not None:
            return _failed(end, refused.sqlstate)
        end = _both(end, await self._body.through(None))
        if end.ending.sqlstate:
            await self._undo()
            return self._undone(end) if self._rows.overdrawn else _failed(end, end.ending.sqlstate)
        return await self._kept(end)

    async def _kept(self, end: RunEnd) -> RunEnd:
        """What was within the cap becomes true, with what the client sent behind it, and is told."""
        refused = await self._up.command(_FORGET) if self._inside else None
        if refused is not None:
            await self._undo()
            return _failed(end, refused.sqlstate)
        if self._behind is not None:
            end = _both(end, await self._behind.through(None))
        failed = end.ending.sqlstate
        if not self._inside and self._up.status != b"I":  # not ended by what stood behind
            refused = await self._up.command(b"ROLLBACK" if failed else b"COMMIT")
            failed = failed or (refused.sqlstate if refused is not None else "")
        if failed:
            return _failed(end, failed)
        self._down.write(self._held.all())
        await self._down.drain()
        return end

    async def _undo(self) -> None:
        """Back to before the statements; if the server can't go there, the transaction has failed and can't commit."""
        if not self._inside:
            await self._up.command(b"ROLLBACK")
        elif await self._up.command(_BACK) is None:
            await self._up.command(_FORGET)

    def _undone(self, end: RunEnd) -> RunEnd:
        ending = Ending(Outcome.ROLLED_BACK, self._rows.rows, TOO_MANY)
        return replace(end, ending=ending, stop=self._too_many(), withheld=True)

    def _too_many(self) -> Stop:
        if self._rows.out_of_room:
            what = "Refused: what this write returns is too large to be held back until its rows are counted"
        else:
            what = self._rows.too_many
        detail = "interlock: row_cap" + (f"; review {self._release.review}" if self._release.review else "")
        return Stop(TOO_MANY, f"{what}; nothing of it was kept." if self._writes else f"{what}.", detail)


def writes_rows(unit: UnitPlan) -> bool:
    """Whether what it may do is counted afterwards and undone: that needs a transaction of its own, or a savepoint."""
    return any(p.statement.kind is Kind.WRITE for p in unit.statements)


def _part(unit: UnitPlan, statements: Sequence[Planned], owed_after: bytes = b"") -> UnitPlan:
    parted = unit.in_parts or len(statements) != len(unit.statements)
    return replace(unit, statements=tuple(statements), owed_after=owed_after, in_parts=parted)


def _both(one: RunEnd, other: RunEnd) -> RunEnd:
    """The end of two parts, the second of which ran behind the first."""
    ending = replace(
        other.ending, rows=max(one.ending.rows, other.ending.rows), masked=(*one.ending.masked, *other.ending.masked)
    )
    return replace(
        other,
        ending=ending,
        completed=one.completed + other.completed,
        drifted=one.drifted or other.drifted,
        ran=(*one.ran, *other.ran),
    )


def _failed(end: RunEnd, sqlstate: str) -> RunEnd:
    """Nothing of it is true, and nothing of it is told but the server's error."""
    ending = Ending(Outcome.FAILED, sqlstate=sqlstate)
    said = end.said if end.said is not None and end.said.sqlstate == sqlstate else None
    stop = Stop(sqlstate, sentence_for(sqlstate)) if said is None else Complained(said)
    return replace(end, ending=ending, stop=stop, withheld=True)

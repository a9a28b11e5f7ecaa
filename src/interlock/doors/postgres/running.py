"""Running a released payload: what goes upstream, and what of the answer goes down.

No result byte goes downstream before the release is durable: for what is proved effect-free the upstream may work in
the meantime, and if the release can't be written its results are thrown away.

    Query | Bind Describe Execute ... Sync        a unit, up to ReadyForQuery
    Bind Describe Execute ... Flush               one behind which the implicit transaction goes on; Sync once it failed
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from interlock.doors.postgres.allowance import TOO_MANY, Allowance
from interlock.doors.postgres.arranging import arranged
from interlock.doors.postgres.asking import CERTAIN_ERROR
from interlock.doors.postgres.complaining import Complaints
from interlock.doors.postgres.copying_in import CopyingIn
from interlock.doors.postgres.results import Results, Running
from interlock.doors.postgres.units import Planned, Stop, UnitPlan
from interlock.doors.postgres.upstream import EVERY_TYPE, Upstream
from interlock.errors import LedgerUnavailable, UpstreamFailed
from interlock.model.release import Ending, Outcome, Release
from interlock.sql import effects
from interlock.sql.shape import Kind
from interlock.wire.postgres import frontend
from interlock.wire.postgres.complaints import Told
from interlock.wire.postgres.frames import Piece
from interlock.wire.postgres.frontend import Target

CANCEL_SECONDS = 15.0  # how long a cancel request of ours is waited for once its statement has ended
WHOLE = slice(None)


@dataclass(frozen=True, slots=True)
class Allowed:
    """The rows that a unit may send or change."""

    rows: Allowance


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a unit ended: the first `completed` statements succeeded; `unrecordable` if its results were thrown away.

    `drifted`: something in it changed a setting of the session that only session traffic may change. `stop`: what the
    client is to be told instead of what is missing; `withheld`: that is all of it, as if nothing had been sent. `ran`
    are its statements, with what came of each. `copied`: the client was asked for the rows of a COPY. `said`: the
    server's error, as it may be told.
    """

    ending: Ending
    completed: int
    unrecordable: LedgerUnavailable | None
    drifted: bool
    stop: Stop | None = None
    withheld: bool = False
    ran: Sequence[Running] = field(default=(), repr=False)
    copied: bool = False
    said: Told | None = field(default=None, repr=False)


class Sink(Protocol):
    """Where results go: a client's link, or a place that holds them back."""

    def write(self, data: bytes) -> None:
        """Takes bytes."""

    def keep(self, data: bytes) -> None:
        """Takes bytes that more will follow at once."""

    async def drain(self) -> None:
        """Waits until more may come."""


class Run:
    """One unit while it runs. `release` None: it is under the session's own release, or under earlier ones."""

    def __init__(
        self,
        up: Upstream,
        down: Sink,
        unit: UnitPlan,
        release: Release | None,
        *,
        cancel: Callable[[], asyncio.Task[None]],
        part: slice = WHOLE,
        allowed: Allowed | None = None,
        copying: CopyingIn | None = None,
    ) -> None:
        """`part`: which of the release's statements the unit's are. `allowed`: how many rows. `cancel` asks the server
        to stop. `copying` has the client's rows of a COPY FROM STDIN."""
        self._up, self._down, self._unit, self._cancel, self._copying = up, down, unit, cancel, copying
        self._allowed = allowed
        self._query = unit.simple and all(p.payload.simple for p in unit.statements)
        self._flush = unit.flushed and stays_implicit(up, unit.statements)
        self._reader = up.reader  # of this very session, also once it is lost
        self._begun = self._reader.passed
        self._ended = self._query  # whether the Sync or Flush has been sent
        self._copied = False
        self._stop: Stop | None = None
        self._results = Results(
            self._arranged(release, part),
            unit.owed_after,
            unit.simple,
            flushed=self._flush,
            still=unit.still,
            hearing=Complaints(unit).hearing,
        )

    def _arranged(self, release: Release | None, part: slice) -> list[Running]:
        allowance = self._allowed.rows if self._allowed is not None else None
        running = arranged(self._unit, release, part, allowance)
        for each, planned in zip(running, self._unit.statements, strict=True):
            each.unbound, each.binds = planned.unbound, not self._query and _binds(planned)
        return running

    async def through(self, durable: Awaitable[object] | None) -> RunEnd:
        """Sends the payload, relays the results but ReadyForQuery; raises `UpstreamFailed`, `MalformedInput`."""
        self._results.arrange(self._up.reader)
        self._reader = self._up.reader
        self._begun = self._reader.passed
        try:
            self._up.link.write(self._messages())
            unrecordable = await _blocked(durable)
            await self._relay(silent=unrecordable is not None)
        finally:
            if self._up.is_open:
                self._up.reader.wanted = EVERY_TYPE
                self._up.reader.gathered = frozenset()
        self._up.behind_flush = not self._results.ready
        # Behind a Flush nothing tells the status: only an implicit transaction is left open there, and no block, also
        # where the unit began in one.
        self._up.status = self._results.status if self._results.ready else b"I"
        for body in self._results.parameters:
            self._up.parameter(body)
        for body in self._results.notified:
            self._up.heard(body)
        results = self._results
        return RunEnd(
            self._ending(),
            results.at,
            unrecordable,
            results.drifted,
            self._stop or self._too_many(),
            ran=results.running,
            copied=self._copied,
            said=results.said,
        )

    def unknown(self) -> Ending:
        """The ending of a run that broke off: nobody knows how it went on the other side."""
        one = len(self._unit.statements) == 1  # what goes on under an earlier release: its rows are that one's
        rows = self._reader.passed - self._begun if one else self._rows()
        return Ending(Outcome.UNKNOWN, rows=rows, masked=self._masked())

    @property
    def ran(self) -> Sequence[Running]:
        """What has come of each statement so far."""
        return self._results.running

    def _too_many(self) -> Stop | None:
        """What is told when an earlier release's cap is used up: this unit's own is told by who holds it."""
        running = self._results.overdrawn_by
        if running is None or running.allowance is None or self._allowed is not None:
            return None
        return Stop(TOO_MANY, f"{running.allowance.too_many}.", "interlock: row_cap")

    async def _relay(self, *, silent: bool) -> None:
        results = self._results
        owed = results.begin()  # goes with the first results: a send of its own costs as much as theirs
        cancelling: asyncio.Task[None] | None = None
        while not results.finished:
            items = await self._up.items()
            if results.unseen and self._unit.changes is not None and self._unit.changes.under_way:
                await self._unit.changes.settled()
            out = results.take(items) if not results.foresees else await results.taken(items)
            if silent:
                pass
            elif results.finished:
                self._down.keep(owed + out)  # ReadyForQuery goes with it
            else:
                self._down.write(owed + out if owed else out)
                await self._down.drain()
            owed = b""
            if results.copying is not None:
                await self._copy(results.copying)
            if results.overdrawn and cancelling is None:
                cancelling = self._cancel()
            if (results.failed or results.overdrawn) and (self._flush or not self._ended):
                self._undo(results)
        if cancelling is not None:  # or it would reach the next statement
            await asyncio.wait((cancelling,), timeout=CANCEL_SECONDS)

    def _undo(self, results: Results) -> None:
        """An error behind which the server waits for a Sync; where the error is ours, it must be the server's too."""
        self._flush, self._ended, results.flushed = False, True, False
        ours = CERTAIN_ERROR if results.overdrawn else b""
        self._up.link.write(ours + frontend.write_sync())

    async def _copy(self, response: bytes) -> None:
        """The server waits for rows: they come from the client, or are there because people signed for them."""
        planned = self._unit.statements[self._results.at]
        if self._copying is None:
            raise UpstreamFailed("rows are asked for where none can come", code="contradiction")
        self._results.copying = None
        self._copied = planned.payload.copy_data is None
        stop = await self._copying.through(self._up, planned, response, self._early)
        self._stop = None if self._results.failed else stop  # the server's error was told already
        self._results.muted = self._stop is not None
        if not self._ended and not self._results.failed:
            self._ended = True
            self._up.link.write(_end(self._flush))

    async def _early(self, pieces: Sequence[Piece]) -> bool:
        """What the server says while rows still go to it; whether it has ended the statement."""
        results, at = self._results, self._results.at
        self._down.write(results.take(pieces) if not results.foresees else await results.taken(pieces))
        await self._down.drain()
        return bool(results.failed) or results.at > at or results.finished

    def _messages(self) -> bytes:
        statements = self._unit.statements
        if self._query:
            return frontend.write_query(b"".join(p.payload.text for p in statements))
        closing = b"".join(frontend.write_close(Target.PORTAL, name) for name in self._unit.closing)
        bound = closing + b"".join(_bound(planned) for planned in statements)
        if any(p.statement.kind is Kind.COPY_IN for p in statements):
            return bound
        self._ended = True
        return bound + _end(self._flush)

    def _ending(self) -> Ending:
        failed = self._results.failed
        return Ending(
            outcome=Outcome.FAILED if failed else Outcome.SUCCEEDED,
            rows=self._rows() if self._allowed is None else self._allowed.rows.rows,
            sqlstate=failed if self._stop is None else self._stop.sqlstate,
            masked=self._masked(),
        )

    def _rows(self) -> int:
        """By the command tags, or as many as came: a statement that failed has no tag."""
        acting = [r for r, p in zip(self._results.running, self._unit.statements, strict=True) if p.goes_on is None]
        counted = sum(running.count for running in acting)
        if len(acting) < len(self._results.running):
            return counted
        return max(counted, self._reader.passed - self._begun)

    def _masked(self) -> tuple[tuple[str, int], ...]:
        total: Counter[str] = Counter()
        for running, planned in zip(self._results.running, self._unit.statements, strict=True):
            if planned.goes_on is None:
                total.update(running.masked())
        return tuple(sorted(total.items()))


async def _blocked(durable: Awaitable[object] | None) -> LedgerUnavailable | None:
    """None once the release is durable; the error when it never will be."""
    if durable is not None:
        try:
            await durable
        except LedgerUnavailable as error:
            return error
    return None


def stays_implicit(up: Upstream, statements: Iterable[Planned]) -> bool:
    """Whether an implicit transaction stands open once these have run: then only a Flush doesn't end it."""
    implicit, block = up.behind_flush, up.status != b"I"
    for planned in statements:
        match planned.statement.effect:
            case effects.Begin():
                implicit, block = False, True
            case effects.Commit() | effects.Rollback():
                implicit, block = False, False
            case _:
                implicit = not block
    return implicit


def _end(flush: bool) -> bytes:
    return frontend.write_flush() if flush else frontend.write_sync()


def _binds(planned: Planned) -> bool:
    """Whether a Bind of it is sent: not for a portal that goes on."""
    return planned.bound is None or planned.goes_on is None


def _bound(planned: Planned) -> bytes:
    """Bind, Describe and Execute of one statement. The Describe is ours: the shape is checked each time it runs."""
    payload = planned.payload
    ask = frontend.write_describe(Target.PORTAL, planned.portal) + frontend.write_execute(
        planned.portal, payload.max_rows
    )
    if not _binds(planned):
        return ask
    if planned.prepared is None:
        raise UpstreamFailed("a statement was released that was never prepared", code="contradiction")
    bind = frontend.Bind(
        portal=planned.portal,
        statement=planned.prepared.name,
        formats=payload.parameter_formats,
        values=payload.parameters,
        result_formats=payload.result_formats,
    )
    return frontend.write_bind(bind) + ask

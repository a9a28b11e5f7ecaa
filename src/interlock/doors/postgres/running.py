"""Running a released payload: what goes upstream, and what of the answer goes down.

No result byte goes downstream before the release is durable: for what is proved effect-free the upstream may work in
the meantime, and if the release can't be written its results are thrown away.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from interlock.doors.postgres.allowance import Allowance
from interlock.doors.postgres.copying import copy_options
from interlock.doors.postgres.results import Results, Running
from interlock.doors.postgres.units import Planned, Stop, UnitPlan
from interlock.doors.postgres.upstream import EVERY_TYPE, Upstream
from interlock.errors import LedgerUnavailable, UpstreamFailed
from interlock.masking.plan import MaskPlan, plan
from interlock.model.exposure import Output
from interlock.model.obligation import Obligations
from interlock.model.release import Ending, Outcome, Release
from interlock.wire.postgres import frontend
from interlock.wire.postgres.copy_data import CopyMasker
from interlock.wire.postgres.rows import RowMasker

MAX_ROW = 64 * 1024 * 1024  # bytes of one COPY row that is masked
CANCEL_SECONDS = 15.0  # how long a cancel request of ours is waited for once its statement has ended
WHOLE = slice(None)
_NARROW = 64  # columns; the plans of wider results aren't remembered, so that the memory has a bound


@dataclass(frozen=True, slots=True)
class Allowed:
    """The rows that a unit may send or change, and how to ask the server to stop when there are more."""

    rows: Allowance
    cancel: Callable[[], asyncio.Task[None]]


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a unit ended: the first `completed` statements succeeded; `unrecordable` if its results were thrown away.

    `drifted`: something in it changed a setting of the session that only session traffic may change. `stop`: what the
    client is to be told instead of what is missing; `withheld`: that is all of it, as if nothing had been sent.
    """

    ending: Ending
    completed: int
    unrecordable: LedgerUnavailable | None
    drifted: bool
    stop: Stop | None = None
    withheld: bool = False


class Sink(Protocol):
    """Where results go: a client's link, or a place that holds them back."""

    def write(self, data: bytes) -> None:
        """Takes bytes."""

    async def drain(self) -> None:
        """Waits until more may come."""


class Run:
    """One unit while it runs. `release` None: session traffic, under the session's own release."""

    def __init__(
        self,
        up: Upstream,
        down: Sink,
        unit: UnitPlan,
        release: Release | None,
        *,
        simple: bool,
        part: slice = WHOLE,
        allowed: Allowed | None = None,
    ) -> None:
        """`part`: which of the release's statements the unit's are. `allowed`: how many rows, and how to stop them."""
        self._up, self._down, self._unit, self._simple, self._allowed = up, down, unit, simple, allowed
        self._plans = _mask_plans(unit.statements, release, part)
        counted = allowed is not None
        self._begun = up.reader.passed
        self._results = Results(
            [_running(planned, masks, counted) for planned, masks in zip(unit.statements, self._plans, strict=True)],
            unit.owed_after,
            simple,
            allowance=allowed.rows if allowed is not None else None,
        )

    async def through(self, durable: Awaitable[object] | None) -> RunEnd:
        """Sends the payload, relays the results but ReadyForQuery; raises `UpstreamFailed`, `MalformedInput`."""
        self._results.arrange(self._up.reader)
        self._begun = self._up.reader.passed
        try:
            self._up.link.write(self._messages())
            unrecordable = await _blocked(durable)
            await self._relay(silent=unrecordable is not None)
        finally:
            self._up.reader.wanted = EVERY_TYPE
            self._up.reader.gathered = frozenset()
        self._up.status = self._results.status
        for body in self._results.parameters:
            self._up.parameter(body)
        return RunEnd(self._ending(), self._results.at, unrecordable, self._results.drifted)

    def unknown(self) -> Ending:
        """The ending of a run that broke off: nobody knows how it went on the other side."""
        return Ending(Outcome.UNKNOWN, rows=self._rows(), masked=self._masked())

    async def _relay(self, *, silent: bool) -> None:
        owed = self._results.begin()  # goes with the first results: a send of its own costs as much as theirs
        cancelling: asyncio.Task[None] | None = None
        while not self._results.finished:
            out = self._results.take(await self._up.items())
            if not silent:
                self._down.write(owed + out if owed else out)
                await self._down.drain()
            owed = b""
            if self._allowed is not None and self._results.overdrawn and cancelling is None:
                cancelling = self._allowed.cancel()
        if cancelling is not None:  # or it would reach the next statement
            await asyncio.wait((cancelling,), timeout=CANCEL_SECONDS)

    def _messages(self) -> bytes:
        if self._simple:
            return frontend.write_query(self._unit.statements[0].payload.text)
        return b"".join(_bound(planned) for planned in self._unit.statements) + frontend.write_sync()

    def _ending(self) -> Ending:
        failed = self._results.failed
        return Ending(
            outcome=Outcome.FAILED if failed else Outcome.SUCCEEDED,
            rows=self._rows() if self._allowed is None else self._allowed.rows.rows,
            sqlstate=failed,
            masked=self._masked(),
        )

    def _rows(self) -> int:
        """By the command tags, or as many as came: a statement that failed, or a portal fetched in part, has no tag."""
        return max(sum(r.count for r in self._results.running), self._up.reader.passed - self._begun)

    def _masked(self) -> tuple[tuple[str, int], ...]:
        total: Counter[str] = Counter()
        for running, masks in zip(self._results.running, self._plans, strict=True):
            for masker in (running.rows, running.copy):
                if masker is not None and masks is not None:
                    total.update(masks.counts(masker.counts))
        return tuple(sorted(total.items()))


async def _blocked(durable: Awaitable[object] | None) -> LedgerUnavailable | None:
    """None once the release is durable; the error when it never will be."""
    if durable is not None:
        try:
            await durable
        except LedgerUnavailable as error:
            return error
    return None


def _bound(planned: Planned) -> bytes:
    """Bind, Describe and Execute of one statement. The Describe is ours: the shape is checked each time it runs."""
    if planned.prepared is None:
        raise UpstreamFailed("a statement was released that was never prepared", code="contradiction")
    payload = planned.payload
    bind = frontend.Bind(
        portal=b"",
        statement=planned.prepared.name,
        formats=payload.parameter_formats,
        values=payload.parameters,
        result_formats=payload.result_formats,
    )
    return (
        frontend.write_bind(bind)
        + frontend.write_describe(frontend.Target.PORTAL, b"")
        + frontend.write_execute(b"", payload.max_rows)
    )


def _mask_plans(statements: tuple[Planned, ...], release: Release | None, part: slice) -> list[MaskPlan | None]:
    if release is None:
        return [None] * len(statements)
    outputs: list[tuple[Output, ...]] = [exposure.outputs for exposure in release.action.exposures[part]]
    if len(outputs) != len(statements):
        raise UpstreamFailed(
            "a release covers another number of statements than it was decided on", code="contradiction"
        )
    return [
        _plan(out, release.obligations, tuple(c.format for c in planned.columns))
        if planned.columns is not None
        else None
        for out, planned in zip(outputs, statements, strict=True)
    ]


def _plan(outputs: tuple[Output, ...], obligations: Obligations, formats: tuple[int, ...]) -> MaskPlan:
    made = _known_plan if len(outputs) <= _NARROW else plan
    return made(outputs, obligations, formats)


@lru_cache(maxsize=512)
def _known_plan(outputs: tuple[Output, ...], obligations: Obligations, formats: tuple[int, ...]) -> MaskPlan:
    """A plan is pure in what it is made of, and holds nothing that changes: the counting is the maskers'."""
    return plan(outputs, obligations, formats)


def _running(planned: Planned, masks: MaskPlan | None, counted: bool) -> Running:
    """`counted`: rows of a COPY are looked at though nothing in them is masked, since one message may hold several."""
    copy = planned.statement.copy
    masked = masks is not None and masks.masks_anything
    looked = masks is not None and (masked or counted)
    return Running(
        described=planned.columns,
        rows=RowMasker(masks.masks) if masks is not None and masked and copy is None else None,
        copy=CopyMasker(copy_options(copy), masks.masks, MAX_ROW) if masks is not None and looked and copy else None,
        copies=copy is not None,
        free=planned.statement.is_session_traffic,
        owed=planned.owed,
    )

"""A session: units of the client's messages in, decided and released, results out.

The unit of decision is a simple query, or everything up to a Sync or a Flush; nothing of it is sent if any of it is
held or denied. What is sent is the release's payload. A refusal inside a transaction fails that transaction, as an
error of the server would: the client sees a failed transaction until it rolls back, and a COMMIT of one rolls back; an
implicit one behind a Flush is undone at once.

    client >> UnitCollector >> Planning >> Deciding >> Run | CappedRun >> Aftermath
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from interlock.desk.words import MASKED as MASKED_WORDS
from interlock.doors.endings import Endings
from interlock.doors.postgres.aftermath import Aftermath
from interlock.doors.postgres.capped import CappedRun, writes_rows
from interlock.doors.postgres.changes import Change
from interlock.doors.postgres.client import Client
from interlock.doors.postgres.copying_in import MASKED, CopyingIn, MaskedBack
from interlock.doors.postgres.deciding import Deciding, Waiting
from interlock.doors.postgres.holding import STATEMENT_TIMEOUT, Holding
from interlock.doors.postgres.idle_limits import IdleLimits
from interlock.doors.postgres.listening import Listening, Resting
from interlock.doors.postgres.planning import Planning
from interlock.doors.postgres.portals import Opened
from interlock.doors.postgres.preparing import Preparing
from interlock.doors.postgres.refusing import Remembered, away, error, unrecordable
from interlock.doors.postgres.running import CANCEL_SECONDS, Run, RunEnd, stays_implicit
from interlock.doors.postgres.timeouts import Timeout
from interlock.doors.postgres.together import demand_fit
from interlock.doors.postgres.units import Planned, Stop, UnitPlan, plan_unit
from interlock.doors.postgres.upstream import LOST, LOST_CODE, UpstreamAway
from interlock.doors.postgres.watching import watched
from interlock.doors.relay import Link
from interlock.errors import LedgerUnavailable, UpstreamFailed
from interlock.gate import Cleared, Gate
from interlock.model.release import Ending, Outcome, Release
from interlock.ports import Clock
from interlock.sql import effects
from interlock.wire.postgres import answers, denial
from interlock.wire.postgres.frames import FrameReader
from interlock.wire.postgres.session import (
    ExtendedUnit,
    FlushedUnit,
    FunctionCall,
    SimpleUnit,
    Step,
    Terminate,
    Unit,
    UnitCollector,
)

MAX_UNIT_BYTES = 16 * 1024 * 1024
MAX_UNIT_STEPS = 4_000
DRAIN_SECONDS = 30.0  # how long a statement may go on to learn its outcome once its client has left

log = structlog.get_logger()


class PostgresSession:
    """One logged-in client with its upstream session."""

    def __init__(
        self,
        *,
        down: Link,
        preparing: Preparing,
        gate: Gate,
        endings: Endings,
        clock: Clock,
        public_url: str,
    ) -> None:
        self.down = down
        self.preparing = preparing
        self.up = preparing.up
        self.idle = IdleLimits({})
        self._listening = Listening(preparing.definitions, self.up, 0)
        self._endings = endings
        self._collector = UnitCollector(MAX_UNIT_BYTES, MAX_UNIT_STEPS)
        self._holding = Holding(gate, clock, down, public_url, Timeout(STATEMENT_TIMEOUT, {}))
        self._planning = Planning(preparing, gate, Opened(), Remembered(), public_url)
        self._deciding = Deciding(self._planning, gate, self._holding, public_url)
        self._after = Aftermath(self.up, self._planning, endings)
        self._copying: CopyingIn | None = None
        self._running = False
        self._taking = False  # a unit is being read, decided, run, or followed
        self._may_stop = False  # what the server does now for it is the client's to stop
        self._implicit = False  # an implicit transaction stood open behind a Flush when the present unit began
        self._owes_ready = True  # False: the ReadyForQuery belongs to a Sync that is still to come
        self._cancels: set[asyncio.Task[None]] = set()
        down.on_lost = self._client_left
        self.up.on_lost = self._server_left

    def known_as(self, pid: int, asked: Mapping[str, str]) -> None:
        """The process id that the client was told, and its start-up settings; call it before `serve`."""
        self._holding.timeout = Timeout(STATEMENT_TIMEOUT, asked)
        self._listening = Listening(self.preparing.definitions, self.up, pid)
        Resting(self.up, self.down, self._listening)

    # -- the loop -----------------------------------------------------------------------------------------------------

    async def serve(self, frames: FrameReader) -> None:
        """Serves the client until it leaves; raises `MalformedInput` and `UpstreamFailed`, which end the session."""
        client = Client(frames, self.down, self._waits)
        self._copying = CopyingIn(client, self.down)
        try:
            while (frame := frames.next() or await client.frame()) is not None:
                unit = self._collector.feed(frame)
                if isinstance(unit, Terminate):
                    return
                if unit is not None:
                    await self._unit(unit)
                    await self.down.drain()
        finally:
            await self._after.gone()

    async def _waits(self) -> bytes:
        """Nothing of the client's lies here: the server may rest, unless a unit is under way."""
        if self._running:
            return await self.down.receive()
        if not self._collector.collecting or self.up.behind_flush:
            self.up.rest()
        return await self.idle.receive(self.down, in_transaction=self._status != b"I")

    async def _unit(self, unit: Unit) -> None:
        """One unit; whatever refuses it is told, and fails the transaction that it stood in."""
        await self._cancelled()
        self._owes_ready = not isinstance(unit, FlushedUnit)
        self._implicit = self.up.behind_flush
        self._taking = self._may_stop = True
        try:
            await self._taken(unit)
        except Stop as stop:
            await self._refuse(stop)
        except LedgerUnavailable as broken:
            await self._refuse(unrecordable(broken))
        except UpstreamAway as server:
            await self._refuse(away(server))
        finally:
            self._taking = self._may_stop = False
        if self._owes_ready:
            self._tell_notified()
            self.down.write(answers.write_ready_for_query(self._status))

    async def _taken(self, unit: Unit) -> None:
        """No plan is kept here while it is decided: people may take days, and thousands may wait for them."""
        match unit:
            case SimpleUnit(text):
                await self._decided(await self._simple(text))
            case ExtendedUnit(steps):
                await self._decided(await self._extended(steps, flushed=False))
            case FlushedUnit(steps):
                await self._decided(await self._extended(steps, flushed=True))
            case _:
                assert isinstance(unit, FunctionCall)
                raise Stop("0A000", "The function call message isn't let through; use SELECT.")

    async def _simple(self, text: bytes) -> UnitPlan:
        await self.up.ready()
        names = self._after.names
        names.simple_query()
        with watched(self.up, self.down, self._holding.timeout.seconds):
            return await self._planning.simple(text, names)

    async def _extended(self, steps: Sequence[Step], *, flushed: bool) -> UnitPlan:
        if steps or self.up.behind_flush:
            await self.up.ready()
        block = self.up.status != b"I"
        with watched(self.up, self.down, self._holding.timeout.seconds):
            return await plan_unit(steps, self._after.names, self._planning, flushed=flushed, in_block=block)

    async def _refuse(self, stop: Stop) -> None:
        self.down.write(error(stop))
        if self.up.status == b"T":
            self.preparing.failed = True
        if self._implicit:
            await self.up.undo_implicit()
            await self._after.failed_implicit()
            await self._after.demand_path()
        if not self._owes_ready:
            self._collector.skip_to_sync()

    # -- deciding and running -----------------------------------------------------------------------------------------

    async def _decided(self, plan: UnitPlan) -> None:
        if not plan.statements and (plan.flushed or not self.up.behind_flush):
            # Only names and shapes were asked for: the server has nothing to do with that.
            self._after.names = plan.names
            self.down.write(plan.owed_after)
            return
        demand_fit(plan, path_set=self._after.path_set, put_off=self._after.put_off)
        self._after.demand_room(plan)
        implicit = plan.flushed and stays_implicit(self.up, plan.statements)
        self.preparing.temporary.demand_possible(plan.statements, flushed=implicit)
        await self._after.know_cursors(plan)
        if not any(p.acts for p in plan.statements):
            await self._run(plan, None)
            return
        wanting = self._deciding.wants_people(plan)
        if wanting is not None:
            plan = await self._collected(plan, wanting)
        plan, cleared = await self._deciding.asked(plan)
        if isinstance(cleared, Waiting):
            plan, cleared = await self._deciding.signed(plan, cleared)
        await self._demand_server(plan, cleared)
        await self._run(plan, cleared)

    async def _demand_server(self, plan: UnitPlan, cleared: Cleared) -> None:
        """Where the server's session was lost since this was prepared, nothing of it was sent: so it ended."""
        epochs = {p.prepared.epoch for p in plan.statements if p.prepared is not None}
        if self.up.is_open and epochs <= {self.up.epoch}:
            await self.up.ready()
            return
        await self._endings.record(cleared.release, Ending(Outcome.FAILED, sqlstate="08006"))
        if self.up.has_state:
            raise UpstreamFailed(LOST, code=LOST_CODE)
        raise Stop("08006", "The protected system closed its session before this was sent; nothing of it ran.")

    async def _collected(self, plan: UnitPlan, wanting: Planned) -> UnitPlan:
        """People must sign for the rows of a COPY FROM STDIN: these are taken first."""
        assert self._copying is not None, "set where the session is served"
        if not plan.simple:
            self._owes_ready = False  # the client sends another Sync behind its rows
        try:
            rows = await self._copying.collected(wanting)
        except MaskedBack:
            await self._deciding.refuse(plan, MASKED)
            raise
        with_rows = replace(wanting, payload=replace(wanting.payload, copy_data=rows))
        return replace(plan, statements=tuple(with_rows if p is wanting else p for p in plan.statements))

    async def _run(self, plan: UnitPlan, cleared: Cleared | None) -> None:
        if not self._planning.redefined and not any(p.redefines for p in plan.statements):
            await self._sent(replace(plan, changes=self.preparing.definitions.changes), cleared, None)
            return
        with self.preparing.definitions.changes.begun() as change:
            await self._sent(plan, cleared, change)

    async def _sent(self, plan: UnitPlan, cleared: Cleared | None, change: Change | None) -> None:
        plan = replace(plan, closing=self._after.closing()) if self._after.has_to_close else plan
        plan = self.preparing.known_to(plan)
        block = self.up.status != b"I" and not self.up.behind_flush
        self.preparing.temporary.sent(plan.statements, cleared.release.action if cleared is not None else None)
        if any(isinstance(p.statement.effect, effects.SearchPath) for p in plan.statements):
            self.up.path_moves = True
        run = await self._runner(plan, cleared.release if cleared else None)
        self._running = True
        try:
            with watched(self.up, self.down, self._longest(plan)):
                end = await run.through(cleared.durable if cleared else None)
                if change is not None:
                    change.answered.set()
        except BaseException:
            if self.up.torn:  # anything said now would be read as the rest of a row
                self.down.close()
            await self._after.broke(plan, cleared, run.unknown(), run.ran, block=block)
            raise
        finally:
            self._running = False
        if end.copied and not plan.simple:
            self._owes_ready = False  # the client sends another Sync behind its rows
        await self._followed(plan, cleared, end)

    async def _followed(self, plan: UnitPlan, cleared: Cleared | None, end: RunEnd) -> None:
        self._may_stop = False
        await self._cancelled()
        await self._after.follow(plan, cleared, end)
        for n, planned in enumerate(plan.statements[: end.completed]):
            effect = planned.statement.effect
            if effect is None:
                continue
            if isinstance(effect, effects.Commit) and n < len(end.ran) and end.ran[n].tag == "ROLLBACK":
                effect = effects.Rollback()
            if isinstance(effect, effects.GiveReason | effects.GiveTicket) and effect.masked:
                self.down.write(denial.notice(MASKED_WORDS))
            self.idle.follow(effect)
            self._holding.timeout.follow(effect)
            self._listening.follow(effect)
        if self.up.status == b"I" and not self.up.behind_flush:
            self._holding.timeout.outside()
            self.idle.outside()
            self._listening.transaction_ended(committed=not end.ending.sqlstate and not _rolls_back(plan, end))
        self._keep_hearing()
        await self._after.demand_same(plan, drifted=end.drifted)
        if self._planning.redefined and self.up.status == b"I":
            await self._refreshed()
            self._planning.redefined = False
        if end.unrecordable is not None:
            raise end.unrecordable
        if end.stop is not None:
            raise end.stop
        if end.ending.sqlstate and not self._owes_ready:
            self._collector.skip_to_sync()  # the server was told to do so as well

    async def _refreshed(self) -> None:
        """Reads the definitions that this session changed; raises `UpstreamFailed`, without saying where they are."""
        try:
            await self.preparing.definitions.refresh()
        except UpstreamFailed:
            raise UpstreamFailed("the definitions that it changed can't be read again") from None

    async def _runner(self, plan: UnitPlan, release: Release | None) -> Run | CappedRun:
        if release is not None:
            plan = replace(plan, still=self.preparing.still(release.action, plan.statements))
        if release is None or release.obligations.row_cap is None:
            return Run(self.up, self.down, plan, release, cancel=self._cancel_upstream, copying=self._copying)
        if not release.action.cappable:  # policy denies such a thing; whatever says otherwise, the cap can't be held
            await self._endings.record(release, Ending(Outcome.FAILED))
            raise Stop("42501", "Refused: policy limits its rows, and they can't be counted.", "interlock: row_cap")
        if writes_rows(plan) and (self.up.behind_flush or (plan.flushed and stays_implicit(self.up, plan.statements))):
            await self._endings.record(release, Ending(Outcome.FAILED))
            raise Stop("0A000", "Policy limits its rows, which can't be undone behind a Flush; send Sync instead.")
        return CappedRun(self.up, self.down, plan, release, cancel=self._cancel_upstream)

    def _tell_notified(self) -> None:
        """Notifications that came with a unit's answers: they are told between units."""
        if self.up.notified:
            bodies, self.up.notified = self.up.notified, []
            self.down.write(self._listening.told(bodies))

    def _keep_hearing(self) -> None:
        if self._listening.hears:
            self.up.held_by.add("listen")
        else:
            self.up.held_by.discard("listen")

    # -- failing, cancelling, leaving ---------------------------------------------------------------------------------

    @property
    def _status(self) -> bytes:
        return b"E" if self.preparing.failed and self.up.status == b"T" else self.up.status

    def cancel(self) -> None:
        """A cancel request with the right key: ends a wait, or asks the server to stop."""
        if self._holding.waiting:
            self._holding.cancel()
        elif self._may_stop:
            self._interrupt()

    def _client_left(self) -> None:
        if not self._taking:
            return
        if self._holding.waiting:
            self._holding.leave()
        elif self._may_stop:
            self._interrupt()
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, self.up.abort)

    def _interrupt(self) -> None:
        """Ends the wait for a session with the server, or asks the server to stop: a lock may be waited for already
        while a statement is prepared. One request at a time is enough."""
        self.up.stop_opening()
        if self.up.is_open and not self._cancels:
            self._cancel_upstream()

    async def _cancelled(self) -> None:
        """Returns once no cancel request is under way: a late one would reach what is asked next."""
        if self._cancels:
            await asyncio.wait(tuple(self._cancels), timeout=CANCEL_SECONDS)

    def _longest(self, plan: UnitPlan) -> float | None:
        """How long the server may be silent while these run: each may take its statement_timeout, and so may the
        COMMIT behind them; None where one changes a setting, perhaps this."""
        seconds = self._holding.timeout.seconds
        if seconds is None or any(p.statement.effect is not None for p in plan.statements):
            return None
        return seconds * (len(plan.statements) + 1)

    def _server_left(self) -> None:
        """The server's session is gone, and with it what the client had in it."""
        self.down.write(denial.refuse_session("57P01", f"The session ends: {LOST}."))
        self.down.close()

    def _cancel_upstream(self) -> asyncio.Task[None]:
        task = asyncio.ensure_future(self._cancel())
        self._cancels.add(task)
        task.add_done_callback(self._cancels.discard)
        return task

    async def _cancel(self) -> None:
        try:
            await self.up.cancel(self.preparing.definitions.upstream)
        except UpstreamFailed as failed:
            log.warning("cancel.failed", code=failed.code)


def _rolls_back(plan: UnitPlan, end: RunEnd) -> bool:
    """Whether the last end of a transaction among what ran undid it: a ROLLBACK, or a COMMIT of a failed one."""
    for planned, running in reversed(tuple(zip(plan.statements, end.ran, strict=False))):
        match planned.statement.effect:
            case effects.Rollback():
                return True
            case effects.Commit():
                return running.tag == "ROLLBACK"
            case _:
                pass
    return False

"""A session: units of the client's messages in, decided and released, results out.

The unit of decision is a simple query, or everything up to a Sync; nothing of it is sent if any of it is held or
denied. What is sent is the release's payload. A refusal inside a transaction fails that transaction, as an error of the
server would: the client sees a failed transaction until it rolls back, and a COMMIT of one rolls back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

import structlog

from interlock.doors.endings import Endings
from interlock.doors.postgres.capped import CappedRun
from interlock.doors.postgres.definitions import Look
from interlock.doors.postgres.facts import may_run_code
from interlock.doors.postgres.holding import Holding, told
from interlock.doors.postgres.preparing import Preparing
from interlock.doors.postgres.running import Run, RunEnd
from interlock.doors.postgres.units import Planned, Stop, UnitPlan, plan_unit
from interlock.doors.relay import Link
from interlock.errors import InterlockError, LedgerUnavailable, NotUnderstood, UpstreamFailed
from interlock.gate import Answer, Cleared, Denied, Gate, Held
from interlock.model.action import Action
from interlock.model.decision import Reason
from interlock.model.names import ReviewId
from interlock.model.payload import Payload, SqlPayload, SqlStatement
from interlock.model.release import Ending, Outcome, Release
from interlock.ports import Clock
from interlock.sql import effects
from interlock.sql.shape import Kind
from interlock.wire.postgres import answers
from interlock.wire.postgres.frames import FrameReader
from interlock.wire.postgres.frontend import Close, Target
from interlock.wire.postgres.session import (
    ExtendedUnit,
    FunctionCall,
    PrepareFlush,
    RefusedFlush,
    Session,
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
        self._gate = gate
        self._endings = endings
        self._public_url = public_url
        self._names = Session()
        self._collector = UnitCollector(MAX_UNIT_BYTES, MAX_UNIT_STEPS)
        self._holding = Holding(gate, clock, down, public_url, asyncio.Event())
        self._running = False
        self._redefined = False  # definitions were changed here since they were last read
        self._doubtful = False  # code that we can't read may have run since the session was last looked at
        self._cancels: set[asyncio.Task[None]] = set()
        down.on_lost = self._client_left

    # -- the loop -----------------------------------------------------------------------------------------------------

    async def serve(self, frames: FrameReader) -> None:
        """Serves the client until it leaves; raises `MalformedInput` and `UpstreamFailed`, which end the session."""
        while True:
            frame = frames.next()
            if frame is None:
                data = await self.down.receive()
                if not data:
                    return
                frames.feed(data)
                continue
            unit = self._collector.feed(frame)
            if isinstance(unit, Terminate):
                return
            if unit is not None:
                await self._unit(unit)
                await self.down.drain()

    async def _unit(self, unit: Unit) -> None:
        try:
            match unit:
                case SimpleUnit(text):
                    await self._simple(text)
                case ExtendedUnit(steps):
                    await self._extended(steps)
                case PrepareFlush(steps):
                    await self._flush(steps)
                    return
                case RefusedFlush():
                    self.down.write(_error(Stop("0A000", "Flush behind Execute isn't built yet; send Sync instead.")))
                    self._fail()
                    return
                case _:
                    assert isinstance(unit, FunctionCall)
                    raise Stop("0A000", "The function call message isn't let through; use SELECT.")
        except Stop as stop:
            self.down.write(_error(stop))
            self._fail()
        except LedgerUnavailable as error:
            self.down.write(_error(_unrecordable(error)))
            self._fail()
        self.down.write(answers.write_ready_for_query(self._status))

    async def _simple(self, text: bytes) -> None:
        self._names.simple_query()
        planned = await self._planned(SqlStatement(text=text, simple=True))
        if isinstance(planned.statement.effect, effects.Deallocate) and planned.statement.effect.name is not None:
            self.down.write(self._deallocate(planned.statement.effect.name))
            return
        await self._decide(UnitPlan((planned,), b"", self._names), simple=True)

    async def _extended(self, steps: Sequence[Step]) -> None:
        plan = await plan_unit(steps, self._names, self._planned)
        await self._decide(plan, simple=False)

    async def _flush(self, steps: Sequence[Step]) -> None:
        try:
            plan = await plan_unit(steps, self._names, self._planned)
        except Stop as stop:
            self.down.write(_error(stop))
            self._fail()
            self._collector.skip_to_sync()
        except LedgerUnavailable as error:
            self.down.write(_error(_unrecordable(error)))
            self._fail()
            self._collector.skip_to_sync()
        else:
            self._names = plan.names
            self.down.write(plan.owed_after)

    def _deallocate(self, name: str) -> bytes:
        """SQL's DEALLOCATE of a statement that the protocol prepared: the names live here, not upstream."""
        if self._names.statement(name.encode()) is None:
            raise Stop("26000", "There is no prepared statement of this name.")
        self._names.close(Close(Target.STATEMENT, name.encode()))
        return answers.write_command_complete("DEALLOCATE")

    # -- deciding -----------------------------------------------------------------------------------------------------

    async def _planned(self, payload: SqlStatement) -> Planned:
        """Reads a text, and has it described upstream only if policy wouldn't refuse it anyway; raises `Stop`."""
        preparing = self.preparing
        if preparing.facts_of != preparing.definitions.snapshot.version and self.up.status != b"E":
            await self._look_again()
        try:
            statement = preparing.read(payload, failed=preparing.failed)
        except NotUnderstood as error:
            return await self._refused(await self._gate.ask(preparing.refused(error.sentence)))
        if self._redefined and not statement.is_session_traffic:
            raise Stop(
                "0A000", "Behind a change of definitions in its own transaction nothing is judged; commit first."
            )
        if not statement.is_session_traffic and not preparing.is_prepared(payload):
            foreseen = preparing.foreseen(statement, payload)
            if self._gate.foresees_denial(foreseen):
                return await self._refused(await self._gate.ask(foreseen))
        return await preparing.described(statement, payload, failed=preparing.failed)

    async def _look_again(self) -> None:
        """After the definitions moved the path may resolve to other schemas; nothing else may have changed."""
        version = self.preparing.definitions.snapshot.version
        now = await self.up.facts()
        if not self.preparing.facts.same_but_schemas(now):
            raise UpstreamFailed("something outside changed this session's settings", code="drift")
        self.preparing.facts, self.preparing.facts_of = now, version

    async def _decide(self, plan: UnitPlan, *, simple: bool) -> None:
        if not any(not p.statement.is_session_traffic for p in plan.statements):
            await self._run(plan, None, simple=simple)
            return
        _demand_alone(plan)
        action = self.preparing.action(plan.statements)
        rebuilt: list[Planned] = list(plan.statements)
        look = Look(self.preparing.definitions.refresh)

        async def rebuild(payload: Payload) -> Action:
            """The sealed payload, read and described anew: definitions and session state of this moment."""
            assert isinstance(payload, SqlPayload)
            await look.done()
            fresh = [await self._anew(statement) for statement in payload.statements]
            rebuilt[:] = [replace(f, owed=p.owed) for f, p in zip(fresh, plan.statements, strict=True)]
            return replace(self.preparing.action(rebuilt), id=action.id)

        answer = await self._gate.ask(action)
        if isinstance(answer, Held):
            in_transaction = self.up.status != b"I"
            answer = await self._holding.until_answered(
                answer, action, rebuild, look.begin, in_transaction=in_transaction
            )
        if isinstance(answer, Cleared):
            await self._run(replace(plan, statements=tuple(rebuilt)), answer, simple=simple)
        else:
            await self._refused(answer)

    async def _anew(self, payload: SqlStatement) -> Planned:
        statement = self.preparing.read(payload, failed=False)
        return await self.preparing.described(statement, payload, anew=True)

    async def _refused(self, answer: Answer) -> NoReturn:
        match answer:
            case Denied(reasons, review):
                hint = _ONLY_OBSERVED if self.preparing.definitions.connection.unsafe_observe else ""
                raise _refusal(reasons, review, self._public_url, hint)
            case Cleared(release):
                raise AssertionError(f"a refused statement was cleared: {release.entry}")
            case Held(review, reasons):
                raise _refusal(reasons, review.id, self._public_url)

    # -- running ------------------------------------------------------------------------------------------------------

    async def _run(self, plan: UnitPlan, cleared: Cleared | None, *, simple: bool) -> None:
        run = await self._runner(plan, cleared.release if cleared else None, simple=simple)
        self._running = True
        try:
            end = await run.through(cleared.durable if cleared else None)
        except InterlockError:
            if cleared is not None:
                await self._endings.record(cleared.release, run.unknown())
            raise
        finally:
            self._running = False
        if cleared is not None:
            if cleared.release.review is not None:
                await self._endings.record(cleared.release, end.ending)
            else:
                self._endings.soon(cleared.release, end.ending)
        self._follow(plan, end)
        await self._demand_same(plan, end)
        if self._redefined and self.up.status == b"I":
            await self.preparing.definitions.refresh()
            self._redefined = False
        if end.unrecordable is not None:
            raise end.unrecordable
        if end.stop is not None:
            raise end.stop

    async def _runner(self, plan: UnitPlan, release: Release | None, *, simple: bool) -> Run | CappedRun:
        if release is None or release.obligations.row_cap is None:
            return Run(self.up, self.down, plan, release, simple=simple)
        if not release.action.cappable:  # policy denies such a thing; whatever says otherwise, the cap can't be held
            await self._endings.record(release, Ending(Outcome.FAILED))
            raise Stop("42501", "Refused: policy limits its rows, and they can't be counted.", "interlock: row_cap")
        return CappedRun(self.up, self.down, plan, release, simple=simple, cancel=self._cancel_upstream)

    async def _demand_same(self, plan: UnitPlan, end: RunEnd) -> None:
        """Ends the session when code inside a statement changed what texts mean in it (`facts.py`)."""
        self._doubtful = self._doubtful or any(may_run_code(p.statement) for p in plan.statements)
        if self._doubtful and self.up.status != b"E" and not end.drifted:
            end = replace(end, drifted=not self.preparing.facts.same(await self.up.facts()))
            self._doubtful = False
        if end.drifted:
            raise UpstreamFailed("code inside a statement changed this session's settings", code="drift")

    def _follow(self, plan: UnitPlan, end: RunEnd) -> None:
        """What the session is after the unit: names, transaction, and the effects of what succeeded."""
        if not end.withheld:
            self._names = plan.names
        self._redefined = self._redefined or any(p.statement.kind is Kind.SCHEMA for p in plan.statements)
        for planned in plan.statements[: end.completed]:
            match planned.statement.effect:
                case effects.DiscardAll() | effects.Deallocate(None):
                    self._names.forget_statements()
                    self.up.forget_all()
                case effects.RollbackTo():
                    self.preparing.failed = False
                case _:
                    pass
            self.preparing.follow(planned.statement.effect)
        if self.up.status == b"I":
            self.preparing.failed = False
            self._names.transaction_ended()

    # -- failing, cancelling, leaving ---------------------------------------------------------------------------------

    @property
    def _status(self) -> bytes:
        return b"E" if self.preparing.failed and self.up.status == b"T" else self.up.status

    def _fail(self) -> None:
        if self.up.status == b"T":
            self.preparing.failed = True

    def cancel(self) -> None:
        """A cancel request with the right key: ends a wait, or asks the server to stop."""
        if self._holding.waiting:
            self._holding.cancelled.set()
        elif self._running:
            self._cancel_upstream()

    def _client_left(self) -> None:
        if self._running:
            self._cancel_upstream()
            asyncio.get_running_loop().call_later(DRAIN_SECONDS, self.up.link.abort)

    def _cancel_upstream(self) -> asyncio.Task[None]:
        task = asyncio.ensure_future(self._cancel())
        self._cancels.add(task)
        task.add_done_callback(self._cancels.discard)
        return task

    async def _cancel(self) -> None:
        try:
            await self.up.cancel(self.preparing.definitions.upstream)
        except UpstreamFailed as error:
            log.warning("cancel.failed", code=error.code)


def _demand_alone(plan: UnitPlan) -> None:
    """What may change what later texts mean, or was judged as session traffic, isn't followed by more in one unit.

    A unit is decided whole before any of it runs: behind a view whose code sets the search path, or a table that was
    swapped, the next statement would run as something else than what was judged.
    """
    statements = [p.statement for p in plan.statements]
    mixed = any(s.is_session_traffic and not isinstance(s.effect, _HARMLESS_IN_UNITS) for s in statements)
    if len(statements) > 1 and (mixed or any(may_run_code(s) for s in statements if s.kind is not Kind.WRITE)):
        raise Stop("0A000", "This can't be decided together with other statements in one unit; send Sync in between.")
    if any(s.because for s in statements) and len(statements) > 1:
        raise Stop("0A000", "This can't be decided together with other statements in one unit; send Sync in between.")


_HARMLESS_IN_UNITS = (effects.Begin, effects.Commit, effects.Rollback, effects.Savepoint, effects.ReleaseSavepoint)


def _error(stop: Stop) -> bytes:
    return answers.write_error("ERROR", stop.sqlstate, stop.sentence, stop.detail, stop.hint)


_ONLY_OBSERVED = "Policy stops nothing on this connection, but what can't be read isn't run here either."
_SQLSTATES = {"cancelled": "57014", "client_left": "57014"}


def _refusal(reasons: Sequence[Reason], review: ReviewId | None, public_url: str, hint: str = "") -> Stop:
    """What a refused client is told: a stable code, a safe sentence, the review's id. The ledger tells more."""
    code = reasons[0].code if reasons else "denied"
    sentence = told(reasons) or "No policy lets it through."
    detail = f"interlock: {code}" + (f"; review {review}" if review else "")
    hint = f"{public_url}/reviews/{review}" if review else hint
    return Stop(_SQLSTATES.get(code, "42501"), f"Refused: {sentence}", detail, hint)


def _unrecordable(error: LedgerUnavailable) -> Stop:
    return Stop(
        "58030", f"Refused: {error.sentence}, and what can't be recorded may not run.", f"interlock: {error.code}"
    )

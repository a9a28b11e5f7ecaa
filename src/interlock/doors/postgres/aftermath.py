"""What a session is after a unit: its names, what is open, its transaction, and what is settled by it.

How an action ended is recorded at once when it failed, or is proved effect-free, or ran outside a transaction; when its
transaction is settled otherwise; and what was fetched in part when it is closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from interlock.doors.endings import Endings
from interlock.doors.postgres.facts import Facts, may_run_code
from interlock.doors.postgres.planning import Planning
from interlock.doors.postgres.portals import MAX_CURSORS, Open, Tally
from interlock.doors.postgres.results import Running
from interlock.doors.postgres.running import RunEnd
from interlock.doors.postgres.transactions import MAX_SAVEPOINTS, MAX_UNSETTLED, Settled, Transaction
from interlock.doors.postgres.units import Planned, Stop, UnitPlan
from interlock.doors.postgres.upstream import Upstream
from interlock.errors import UpstreamFailed
from interlock.gate import Cleared
from interlock.model.exposure import Output
from interlock.model.release import Ending, Outcome, Release
from interlock.sql import effects
from interlock.sql.shape import Kind, Statement
from interlock.wire.postgres.session import Session


@dataclass(slots=True)
class _Unit:
    """One unit while it is followed. `acted`: at which depth statements of it ran that nothing has settled yet."""

    release: Release | None
    tally: Tally = field(default_factory=Tally)
    acted: list[int] = field(default_factory=list)
    committed: bool = False
    undone: bool = False


class Aftermath:
    """One session's. `doubtful`: code that we can't read may have run since the session was last looked at."""

    def __init__(self, up: Upstream, planning: Planning, endings: Endings) -> None:
        self.names = Session()
        self.doubtful = False
        self.path_set = (
            False  # the client set the search path in this transaction, or it isn't known yet what it is now
        )
        self._up, self._planning, self._endings = up, planning, endings
        self._opened = planning.opened
        self._transaction = Transaction()
        self._closing: list[bytes] = []
        self._settled: list[Settled] = []
        self.put_off = False  # code that we can't read ran in this transaction, and may have put off more to its COMMIT
        self._wrote = False  # what ran in this transaction may run code at its COMMIT
        self._made: dict[str, str] = {}  # what is open upstream, and when each was made, before code could run

    # -- before a unit runs -------------------------------------------------------------------------------------------

    def demand_room(self, plan: UnitPlan) -> None:
        """Raises `Stop` when more would be kept open or unsettled than is allowed."""
        for planned in plan.statements:
            match planned.statement.effect:
                case effects.Savepoint() if self._transaction.depth >= MAX_SAVEPOINTS:
                    raise Stop("54000", "This transaction has too many savepoints; release some.")
                case effects.Declare() if self._opened.cursors >= MAX_CURSORS:
                    raise Stop("54000", "This session has too many cursors; close some.")
                case _:
                    pass
        if len(self._transaction) >= MAX_UNSETTLED and any(
            p.acts and not p.statement.effect_free for p in plan.statements
        ):
            raise Stop("54000", f"More than {MAX_UNSETTLED} actions in one transaction can't be followed; commit.")

    async def know_cursors(self, plan: UnitPlan) -> None:
        """Asks which cursor is which, before code runs that may close one and open another under its name."""
        unknown = any(_upstream(opened) not in self._made for opened in self._opened)
        if unknown and any(may_run_code(p.runs) for p in plan.statements) and self._up.status != b"E":
            self._made = dict((await self._up.facts()).cursors)

    def _exchanged(self, now: Facts) -> bool:
        """Whether one that is open isn't the one that was released: it would be fetched from under another's masks."""
        names = [_upstream(opened) for opened in self._opened]
        return any(self._made[name] != now.cursors.get(name) for name in names if name in self._made)

    @property
    def has_to_close(self) -> bool:
        """Whether there are portals to close upstream."""
        return bool(self._closing)

    def closing(self) -> tuple[bytes, ...]:
        """Portals of ours that are to be closed upstream, once."""
        found, self._closing = tuple(self._closing), []
        return found

    # -- after it ran -------------------------------------------------------------------------------------------------

    async def follow(self, plan: UnitPlan, cleared: Cleared | None, end: RunEnd) -> None:
        """Takes how a unit ended, and records what is settled by it."""
        if not end.withheld:
            self.names = plan.names if end.completed == len(plan.statements) else plan.names_after(end.completed)
        unit = _Unit(cleared.release if cleared is not None else None)
        failed = end.ending.outcome is not Outcome.SUCCEEDED
        for n, planned in enumerate(plan.statements):
            running = end.ran[n] if n < len(end.ran) else None
            if n < end.completed:
                self._completed(planned, running, unit)
            elif n == end.completed and planned.goes_on is not None and running is not None:
                _fell(planned.goes_on, running, end.ending.sqlstate)
            self.doubtful = self.doubtful or may_run_code(planned.runs)
        if self._up.status == b"I" and not self._up.behind_flush:
            self._transaction_over(committed=not failed, unit=unit)
            self.names.transaction_ended()
            self._planning.preparing.failed = False
        if unit.release is not None:
            self._end_unit(unit, unit.release, end.ending, failed=failed)
        if self._opened:
            self._sweep()
        await self._record()

    def _completed(self, planned: Planned, running: Running | None, unit: _Unit) -> None:
        if planned.statement.kind is Kind.SCHEMA and not planned.statement.temporary:
            self._planning.redefined = True
        if planned.acts:
            self.put_off = self.put_off or may_hold(planned.statement)
            self._wrote = self._wrote or may_run_code(planned.statement)
            unit.acted.append(self._transaction.depth)
            if may_hold(planned.statement):
                self._up.held_by.add("code")
        if planned.goes_on is not None and running is not None:
            _went_on(planned, running)
        elif running is not None and running.suspended and planned.portal:
            self._open_portal(planned, running, unit)
        if planned.statement.effect is not None:
            self._effect(planned, running, unit)
            self._planning.preparing.follow(planned.statement.effect)

    def _effect(self, planned: Planned, running: Running | None, unit: _Unit) -> None:
        match planned.statement.effect:
            case effects.Commit():
                self._transaction_over(committed=running is None or running.tag != "ROLLBACK", unit=unit)
            case effects.Rollback():
                self._transaction_over(committed=False, unit=unit)
            case effects.Savepoint(name):
                self._transaction.savepoint(name)
            case effects.ReleaseSavepoint(name):
                depth = self._transaction.release(name)
                self._opened.shallower(depth)
                unit.acted = [min(at, depth) for at in unit.acted]
            case effects.RollbackTo(name):
                self._rolled_back_to(name, unit)
            case effects.Declare():
                self._declared(planned, running, planned.statement.effect, unit)
            case effects.CloseCursor(name):
                self._close(self._opened.close_cursor(name), unit)
            case effects.DiscardAll():
                self._close(self._opened.all_gone(), unit)
                self.names.forget_statements()
                self._up.forget_all()
                self._up.held_by.clear()
                self.path_set = self._up.path_moves
            case effects.SearchPath():
                self.path_set = self._up.path_moves = True
                self._up.held_by.add("settings")
            case effects.Reset() if self._up.path_moves:
                self.path_set = True
            case effects.SetSession() | effects.SetLocal():
                self._up.held_by.add("settings")
            case _:
                pass

    def _rolled_back_to(self, name: str, unit: _Unit) -> None:
        depth, undone = self._transaction.rollback_to(name)
        self._settled += undone
        self._close(self._opened.undone_to(depth), unit, undone=True)
        unit.undone = unit.undone or any(at >= depth for at in unit.acted)
        unit.acted = [at for at in unit.acted if at < depth]
        self._planning.preparing.failed = False

    def _transaction_over(self, *, committed: bool, unit: _Unit) -> None:
        """COMMIT or ROLLBACK, or an implicit transaction's end."""
        self.doubtful = self.doubtful or (self._wrote and committed)
        self.put_off = self._wrote = False
        self._close(self._opened.transaction_ended(committed=committed), unit)
        self._settled += self._transaction.committed() if committed else self._transaction.rolled_back()
        if unit.acted:
            unit.committed, unit.undone = unit.committed or committed, unit.undone or not committed
            unit.acted = []
        self._hold_cursors()

    def _end_unit(self, unit: _Unit, release: Release, ending: Ending, *, failed: bool) -> None:
        """Where the unit's own action stands: ended, or waiting for its transaction or for what it left open."""
        unit.tally.rows += ending.rows
        unit.tally.masked.update(dict(ending.masked))
        self._planning.remembered.masked = ", ".join(sorted(label for label, count in ending.masked if count))
        if not failed and unit.tally.opens:
            return  # recorded with what it left open
        unit.tally.recorded = True
        free = release.action.effect_free
        if not failed and not free and unit.undone and not unit.committed and not unit.acted:
            ending = replace(ending, outcome=Outcome.ROLLED_BACK)
        spared = bool(unit.acted) and min(unit.acted) < self._transaction.depth  # before a savepoint of its own
        if failed and not free and (unit.committed or spared):
            ending = replace(ending, outcome=Outcome.UNKNOWN)  # part of it holds, or will
        if free or not unit.acted or (failed and not spared):
            self._settled.append((release, ending))
        else:
            self._transaction.ran(release, ending, min(unit.acted))

    async def demand_same(self, plan: UnitPlan, *, drifted: bool) -> None:
        """Ends the session when code inside a statement changed what texts mean in it (`facts.py`)."""
        preparing = self._planning.preparing
        if self._up.status != b"E" and not drifted:
            await self._read_temporary([p.statement for p in plan.statements])
            if self.path_set and (self._outside or all(p.statement.is_session_traffic for p in plan.statements)):
                await self.demand_path()
            elif self.doubtful:
                now = await self._up.facts()
                drifted = not preparing.facts.same(now) or self._exchanged(now)
            self.doubtful = False
        if drifted:
            raise UpstreamFailed("code inside a statement changed this session's settings", code="drift")

    async def _read_temporary(self, ran: Sequence[Statement]) -> None:
        """Asks what is temporary in the session, where a text may have changed it; nothing else of it may differ."""
        preparing = self._planning.preparing
        if not preparing.temporary.needs_reading(ran, self._up.status, outside=self._outside):
            return
        now = await self._up.facts()
        await preparing.temporary.read(self._up, outside=self._outside)
        preparing.facts = replace(preparing.facts, temporary=now.temporary)
        if now.temporary:
            self._up.held_by.add("temporary")
        else:
            self._up.held_by.discard("temporary")

    async def demand_path(self) -> None:
        """Asks anew what the search path is, where the client has set it or a transaction's end has taken that back;
        raises `UpstreamFailed` when more has changed than that."""
        if not self.path_set:
            return
        preparing = self._planning.preparing
        now = await self._up.facts()
        if not preparing.facts.same_but_path(now) or self._exchanged(now):
            raise UpstreamFailed("code inside a statement changed this session's settings", code="drift")
        preparing.facts, self.path_set = now, not self._outside

    @property
    def _outside(self) -> bool:
        """Whether no transaction is open, nor an implicit one behind a Flush."""
        return self._up.status == b"I" and not self._up.behind_flush

    # -- what is open -------------------------------------------------------------------------------------------------

    def _open_portal(self, planned: Planned, running: Running, unit: _Unit) -> None:
        if unit.release is None or planned.columns is None or planned.bound is None:
            return
        unit.tally.allowance = running.allowance
        opened = self._new(planned, unit, planned.portal, running.outputs)
        opened.bound = planned.bound
        self._opened.add_portal(planned.client_portal, opened)

    def _declared(self, planned: Planned, running: Running | None, effect: effects.Declare, unit: _Unit) -> None:
        if unit.release is None or planned.columns is None or running is None:
            return
        unit.tally.allowance = running.allowance
        opened = self._new(planned, unit, effect.name.encode(), running.outputs)
        opened.hold = effect.hold
        self._opened.add_cursor(effect.name, opened)
        self._hold_cursors()

    def _new(self, planned: Planned, unit: _Unit, name: bytes, outputs: tuple[Output, ...]) -> Open:
        assert unit.release is not None, "what is open was released"
        assert planned.columns is not None, "what is open has columns"
        unit.tally.opens += 1
        self._made.pop(name.decode("utf-8", "replace"), None)  # that was another of the same name
        return Open(
            name=name,
            release=unit.release,
            statement=planned.statement,
            columns=planned.columns,
            outputs=outputs,
            depth=self._transaction.depth,
            tally=unit.tally,
        )

    def _close(self, gone: Iterable[Open], unit: _Unit | None, *, undone: bool = False) -> None:
        """What was open has ended; it is recorded once all that its release left open has."""
        for opened in gone:
            tally = opened.tally
            tally.opens -= 1
            if tally.opens or tally.recorded or (unit is not None and tally is unit.tally):
                continue
            tally.recorded = True
            free = opened.release.action.effect_free
            ending = tally.ending()
            if undone and not free:
                self._settled.append((opened.release, replace(ending, outcome=Outcome.ROLLED_BACK)))
            elif free or ending.outcome is Outcome.FAILED or opened.depth < 0:
                self._settled.append((opened.release, ending))
            else:
                self._transaction.ran(opened.release, ending, min(opened.depth, self._transaction.depth))

    def _sweep(self) -> None:
        """Portals that came to their end, or whose names the client gave to others."""
        gone = self._opened.dropped(self.names)
        self._closing += [opened.name for opened in gone]
        self._close(gone, None)

    def _hold_cursors(self) -> None:
        if any(opened.hold for opened in self._opened):
            self._up.held_by.add("cursor")
        else:
            self._up.held_by.discard("cursor")

    # -- when it breaks -----------------------------------------------------------------------------------------------

    async def broke(
        self, plan: UnitPlan, cleared: Cleared | None, unknown: Ending, ran: Sequence[Running], *, block: bool
    ) -> None:
        """The run broke off, and with it the session. `block`: it ran inside a transaction block; whether that was
        committed isn't known only where this unit was to do so."""
        ends = [p.statement.effect for p in plan.statements]
        commits = any(isinstance(e, effects.Commit) for e in ends) or not (block or plan.flushed)
        if cleared is not None:
            free = cleared.release.action.effect_free
            outside = commits or any(isinstance(e, effects.Rollback) for e in ends)  # what stands behind a ROLLBACK
            outcome = Outcome.UNKNOWN if outside or free else Outcome.ROLLED_BACK
            self._settled.append((cleared.release, replace(unknown, outcome=outcome)))
        for n, planned in enumerate(plan.statements):
            if planned.goes_on is not None:
                tally = planned.goes_on.tally
                tally.broke = True
                tally.rows += unknown.rows if len(plan.statements) == 1 and not planned.moves else 0
                tally.masked.update(Counter(ran[n].masked()) if n < len(ran) else {})
        self._close(self._opened.all_gone(), None)
        self._settled += self._transaction.unknown() if commits else self._transaction.rolled_back()
        await self._record()

    async def gone(self) -> None:
        """The session ends: what is open is closed, and its transaction rolled back."""
        self._close(self._opened.all_gone(), None)
        self._settled += self._transaction.rolled_back()
        await self._record()

    async def failed_implicit(self) -> None:
        """The implicit transaction behind a Flush was undone, since something in it was refused or failed."""
        unit = _Unit(None)
        self._transaction_over(committed=False, unit=unit)
        self.names.transaction_ended()
        await self._record()

    async def _record(self) -> None:
        """What people signed for is on record before the client hears of it."""
        while self._settled:
            release, ending = self._settled.pop(0)
            if release.review is not None:
                await self._endings.record(release, ending)
            else:
                self._endings.soon(release, ending)


def may_hold(statement: Statement) -> bool:
    """Whether code that we can't read may have left something in the server's session: a lock, a setting, a name."""
    if statement.because or statement.kind in (Kind.SCHEMA, Kind.PRIVILEGE):
        return True
    relations = [touch.relation for touch in statement.touches if touch.relation is not None]
    return any(r.hidden_effects or not r.is_base_table for r in relations)


def _upstream(opened: Open) -> str:
    """Its name as the server has it."""
    return opened.name.decode("utf-8", "replace")


def _went_on(planned: Planned, running: Running) -> None:
    assert planned.goes_on is not None, "only what goes on"
    tally = planned.goes_on.tally
    if not planned.moves:
        tally.rows += running.count
    tally.masked.update(Counter(running.masked()))
    planned.goes_on.over = planned.bound is not None and not running.suspended


def _fell(opened: Open, running: Running, sqlstate: str) -> None:
    """A fetch failed: what came of it counts, and nothing more will come."""
    opened.tally.masked.update(Counter(running.masked()))
    opened.tally.sqlstate = sqlstate
    opened.over = opened.bound is not None

"""What may stand together in one unit of decision.

A unit is decided whole before any of it runs: behind a view whose code sets the search path, or a table that was
swapped, the next statement would run as something else than what was judged. So nothing follows what may change what
texts mean; and what was judged as session traffic stands only where nothing can have changed what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from interlock.doors.postgres.facts import may_run_code
from interlock.doors.postgres.units import Planned, Stop, UnitPlan
from interlock.sql import effects
from interlock.sql.shape import Kind, Statement

_TOGETHER = "This can't be decided together with other statements in one unit; send Sync in between."
_ALONE = "This can't be sent together with other statements in one text; send it by itself."

# Anywhere: they show nothing, and change nothing of what a text means.
_HARMLESS = (effects.Begin, effects.Commit, effects.Rollback, effects.Savepoint, effects.ReleaseSavepoint)
_OWN = (effects.GiveReason, effects.GiveTicket, effects.AskReveal, effects.ChooseWait, effects.GiveKey)
# Behind all that acts: they show nothing.
_LAST = (*_HARMLESS, effects.RollbackTo, effects.CloseCursor, effects.Unlisten, effects.Reset, effects.Deallocate)
# What may take back a SET of the search path; and what may give a cursor's name to another, or drop it.
_UNDOING = (effects.Commit, effects.Rollback, effects.RollbackTo)
_RENAMING = (*_UNDOING, effects.Declare, effects.CloseCursor, effects.DiscardAll)
_SOLITARY = (effects.Declare, effects.Listen)


def demand_fit(plan: UnitPlan, *, path_set: bool = False, put_off: bool = False) -> None:
    """Raises `Stop` where statements stand in one unit that can't be decided, or sent, together.

    `path_set`: this transaction has set the search path, so that its end or a part's undoing sets another one.
    `put_off`: its COMMIT may run code.
    """
    if len(plan.statements) < 2:
        return
    if plan.simple and any(p.executes for p in plan.statements):
        raise Stop("0A000", _ALONE)  # it runs by other messages than a text does
    acting = [n for n, p in enumerate(plan.statements) if p.acts]
    if not acting and not any(p.goes_on for p in plan.statements):
        return
    if len(acting) > 1 and any(_solitary(plan.statements[n]) for n in acting):
        raise Stop("0A000", _ALONE if plan.simple else _TOGETHER)
    weighing = [n for n, p in enumerate(plan.statements) if p.acts or p.goes_on is not None]
    if path_set and any(isinstance(p.statement.effect, _UNDOING) for p in plan.statements):
        raise Stop("0A000", _TOGETHER)
    if put_off and any(isinstance(p.statement.effect, effects.Commit) for p in plan.statements[: weighing[-1]]):
        raise Stop("0A000", _TOGETHER)
    for n, planned in enumerate(plan.statements):
        if not _fits(planned, plan.statements, first=weighing[0], last=weighing[-1], at=n):
            raise Stop("0A000", _TOGETHER)


def _fits(planned: Planned, unit: Sequence[Planned], *, first: int, last: int, at: int) -> bool:
    if planned.acts or planned.goes_on is not None:
        if planned.bound is not None and planned.goes_on is not None and any(p.acts for p in unit):
            return False  # a portal that goes on isn't part of what is decided here
        if planned.goes_on is not None and any(_renames(p) for p in unit[:at]):
            return False  # what goes on by then may be another cursor of the same name
        behind = unit[at + 1 :]
        return not _risky(planned.runs) or all(isinstance(p.statement.effect, _LAST) for p in behind)
    if planned.local is not None:
        return True
    effect = planned.statement.effect
    if isinstance(effect, _HARMLESS):
        return True
    if isinstance(effect, effects.SetSession | effects.SetLocal):
        return at > last or not effect.changes_meaning
    if isinstance(effect, _OWN):
        return at < first or at > last
    if effect is None:
        return at < first and planned.statement.kind in (Kind.SHOW, Kind.SET, Kind.EMPTY)
    return at > last and isinstance(effect, _LAST)


def _renames(planned: Planned) -> bool:
    return isinstance(planned.statement.effect, _RENAMING) or (planned.acts and may_run_code(planned.statement))


def _solitary(planned: Planned) -> bool:
    return isinstance(planned.statement.effect, _SOLITARY) or planned.statement.kind is Kind.COPY_IN


def _risky(statement: Statement) -> bool:
    return bool(statement.because) or (may_run_code(statement) and statement.kind is not Kind.WRITE)

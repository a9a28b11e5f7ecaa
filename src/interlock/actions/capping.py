"""Whether a row cap can be held for an action: its rows can be counted, and stopped or undone when they are too many.

Reads are counted as they pass. Writes are counted by their command tags, under a savepoint of the door's; so what
changes rows that no tag counts can't be capped (`sql/counting.py`), nor what can't be undone. Session traffic may stand
before and behind (BEGIN, COMMIT), never in between: there would be no one place for the savepoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from interlock.actions.prepared import PreparedStatement
from interlock.sql import effects
from interlock.sql.shape import Kind, Statement

T = TypeVar("T")

_READS = frozenset({Kind.QUERY, Kind.COPY_OUT, Kind.EXPLAIN})
_BEFORE = (effects.Begin, effects.Commit, effects.Rollback, effects.Savepoint, effects.ReleaseSavepoint)
_BEHIND = (effects.Commit, effects.Rollback, effects.ReleaseSavepoint)
_ENDS = (effects.Commit, effects.Rollback)


def cappable(prepared: Sequence[PreparedStatement]) -> bool:
    """Whether the door can hold a row cap for these statements as one unit."""
    before, body, behind = parted(prepared, [p.statement for p in prepared])
    return (
        bool(body)
        and all(_countable(p) for p in body)
        and all(isinstance(p.statement.effect, _BEFORE) for p in before)
        and all(isinstance(p.statement.effect, _BEHIND) for p in behind)
        # Behind a COMMIT the writes are true: an error there would be told as theirs.
        and not any(isinstance(p.statement.effect, _ENDS) for p in behind[:-1])
    )


def parted(items: Sequence[T], statements: Sequence[Statement]) -> tuple[Sequence[T], Sequence[T], Sequence[T]]:
    """The items (one a statement) in three: session traffic before, the rest, session traffic behind."""
    acting = [n for n, statement in enumerate(statements) if not statement.is_session_traffic]
    if not acting:
        return items, (), ()
    first, last = acting[0], acting[-1] + 1
    return items[:first], items[first:last], items[last:]


def _countable(prepared: PreparedStatement) -> bool:
    statement = prepared.statement
    if statement.kind in _READS:
        return statement.countable
    # A write whose rows are fetched in part runs whole all the same, and its tag, with the count, doesn't come.
    return statement.kind is Kind.WRITE and statement.countable and prepared.payload.max_rows == 0

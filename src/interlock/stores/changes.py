"""Guards: each change and the condition that must hold for it, on the writer's own connection.

A condition is part of the statement itself (a WHERE, a unique index), so that of two that race exactly one finds it
true. A guard that fails raises `Conflict`; the flush then takes the whole unit back (ledger.md 1.10). Whoever can write
to the store can reset a row: what may be said only once is held against the entries themselves, in the flush.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, assert_never

from interlock.errors import Conflict, EntryRefused, LedgerCorrupt
from interlock.ledger.fields import format_time
from interlock.model.change import AddKey, AddVote, Change, EndRun, MoveReview, OpenReview, RetireKey, TakeUse
from interlock.model.names import ReviewId
from interlock.model.review import ReviewState
from interlock.stores.rows import review_row, vote_row

_LIMITS: Final = frozenset({"expires_at", "approved_until"})


def apply(connection: sqlite3.Connection, change: Change, now: datetime) -> None:
    """Makes `change` inside the open transaction, or raises `Conflict`. `now` is the store's clock at this flush."""
    match change:
        case OpenReview():
            _insert(connection, "il_review", review_row(change), "such a review is open already")
        case MoveReview():
            _move(connection, change, now)
        case TakeUse():
            _take(connection, change, now)
        case EndRun():
            _end(connection, change)
        case AddVote(vote):
            _insert(connection, "il_vote", vote_row(vote), "this person has voted on the review, or there is none")
        case AddKey(key, holder, expires_at):
            expires = None if expires_at is None else format_time(expires_at)
            row = {"id": key, "holder": holder, "state": "live", "expires_at": expires}
            _insert(connection, "il_key", row, "a key of this id exists already")
        case RetireKey():
            _retire(connection, change, now)
        case _:
            assert_never(change)


def touched(change: Change) -> ReviewId | None:
    """The review whose waiters must be told of `change`."""
    match change:
        case OpenReview(review):
            return review.id
        case MoveReview(review=moved) | TakeUse(review=moved) | EndRun(review=moved):
            return moved
        case AddVote(vote):
            return vote.review
        case AddKey() | RetireKey():
            return None
        case _:
            assert_never(change)


def weight(change: Change) -> int:
    """About how many bytes `change` puts into the transaction."""
    match change:
        case OpenReview(_, lookup, payload, card):
            return 1024 + len(lookup) + len(payload) + len(card)
        case MoveReview() | TakeUse() | EndRun() | AddVote() | AddKey() | RetireKey():
            return 256
        case _:
            assert_never(change)


def _insert(connection: sqlite3.Connection, table: str, row: Mapping[str, object], refusal: str) -> None:
    columns = ", ".join(row)
    places = ", ".join(f":{name}" for name in row)
    try:
        # Table and column names are ours, from this file and rows.py; values are bound.
        inserted = connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", row)  # noqa: S608
    except sqlite3.IntegrityError:
        raise Conflict(refusal) from None
    if inserted.rowcount != 1:
        raise LedgerCorrupt(f"{table} took a row and didn't keep it")


def _move(connection: sqlite3.Connection, change: MoveReview, now: datetime) -> None:
    states = sorted(state.value for state in change.frm)
    bound: dict[str, object] = {f"from_{i}": state for i, state in enumerate(states)}
    bound |= {"id": change.review, "to": change.to.value, "now": format_time(now), "approved_until": None}
    sets = ["state = :to"]
    wheres = ["id = :id", f"state IN ({', '.join(f':from_{i}' for i in range(len(states)))})"]
    if change.approved_for is not None:
        bound["approved_until"] = format_time(now + timedelta(seconds=change.approved_for))
        sets.append("approved_until = :approved_until")
    # A column that is NULL compares as neither, so an approval without a limit never counts as within it.
    if change.before is not None:
        wheres.append(f"{_limit(change.before)} > :now")
    if change.after is not None:
        wheres.append(f"{_limit(change.after)} <= :now")
    statement = f"UPDATE il_review SET {', '.join(sets)} WHERE {' AND '.join(wheres)}"  # noqa: S608
    if connection.execute(statement, bound).rowcount != 1:
        raise Conflict("the review has moved on, or its time has run out")


def _take(connection: sqlite3.Connection, change: TakeUse, now: datetime) -> None:
    taken = connection.execute(
        "UPDATE il_review SET state = ?, uses_left = uses_left - 1, running = running + 1 "
        "WHERE id = ? AND state = ? AND uses_left = ? AND uses_left > 0 AND approved_until > ?",
        (change.to.value, change.review, ReviewState.APPROVED.value, change.left, format_time(now)),
    )
    if taken.rowcount != 1:
        raise Conflict("the approval was used, or its time has run out")


def _end(connection: sqlite3.Connection, change: EndRun) -> None:
    """No condition on the state: what a row says must never keep an end out of the ledger."""
    ended = connection.execute(
        "UPDATE il_review SET running = max(running - 1, 0), "
        "state = CASE WHEN state = ? AND running <= 1 THEN ? ELSE state END WHERE id = ?",
        (ReviewState.RELEASED.value, change.to.value, change.review),
    )
    if ended.rowcount != 1:
        raise Conflict("there is no such review")


def _limit(name: str) -> str:
    if name not in _LIMITS:
        raise EntryRefused("a change names a time limit that reviews don't have")
    return name


def _retire(connection: sqlite3.Connection, change: RetireKey, now: datetime) -> None:
    retired = connection.execute(
        "UPDATE il_key SET state = 'retired' WHERE id = ? AND state = 'live' "
        "AND (expires_at IS NULL OR expires_at > ?)",
        (change.key, format_time(now)),
    )
    if retired.rowcount != 1:
        raise Conflict("the key is used up, revoked or expired")

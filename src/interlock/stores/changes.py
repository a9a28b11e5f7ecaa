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
from interlock.model.change import (
    AddComment,
    AddKey,
    AddVote,
    Change,
    DropDocument,
    EndRun,
    MoveReview,
    NarrowReview,
    OpenReview,
    PutDocument,
    RetireKey,
    TakeUse,
)
from interlock.model.document import Document
from interlock.model.names import ReviewId
from interlock.model.review import ReviewState, Vote
from interlock.stores.rows import comment_row, document_row, requirements_text, review_row, vote_row

_ENDS: Final = frozenset(ReviewState) - {ReviewState.PENDING, ReviewState.APPROVED, ReviewState.RELEASED}
_LIMITS: Final = frozenset({"expires_at", "approved_until"})


def apply(connection: sqlite3.Connection, change: Change, now: datetime) -> None:
    """Makes `change` inside the open transaction, or raises `Conflict`. `now` is the store's clock at this flush."""
    match change:
        case OpenReview():
            _insert(connection, "il_review", review_row(change), "such a review is open already")
        case MoveReview():
            _move(connection, change, now)
        case NarrowReview():
            _narrow(connection, change, now)
        case TakeUse():
            _take(connection, change, now)
        case EndRun():
            _end(connection, change)
        case AddVote(vote, again):
            if again:
                _forget(connection, vote)
            _insert(connection, "il_vote", vote_row(vote), "this person has voted on the review, or there is none")
        case AddComment():
            _comment(connection, change)
        case PutDocument(document):
            _put(connection, document)
        case DropDocument(kind, id_):
            dropped = connection.execute("DELETE FROM il_document WHERE kind = ? AND id = ?", (kind.value, id_))
            if dropped.rowcount != 1:
                raise Conflict("there is no such document")
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
        case MoveReview(review=moved) | TakeUse(review=moved) | EndRun(review=moved) | NarrowReview(review=moved):
            return moved
        case AddComment(comment):
            return comment.review
        case AddVote(vote):
            return vote.review
        case AddKey() | RetireKey() | PutDocument() | DropDocument():
            return None
        case _:
            assert_never(change)


def weight(change: Change) -> int:
    """About how many bytes `change` puts into the transaction."""
    match change:
        case OpenReview(_, lookup, form, payload, card):
            return 1024 + len(lookup) + len(form) + len(payload) + len(card)
        case NarrowReview(sealed_payload=payload, sealed_card=card):
            return 512 + len(payload) + len(card)
        case AddComment(comment):
            return 256 + len(comment.sealed_text)
        case PutDocument(document):
            return 256 + len(document.sealed)
        case MoveReview() | TakeUse() | EndRun() | AddVote() | AddKey() | RetireKey() | DropDocument():
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
    if change.to in _ENDS:
        sets.append("settled_at = :now")
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


def _narrow(connection: sqlite3.Connection, change: NarrowReview, now: datetime) -> None:
    narrowed = connection.execute(
        "UPDATE il_review SET digest = ?, card_digest = ?, requirements = ?, sealed_payload = ?, sealed_card = ? "
        "WHERE id = ? AND state = ? AND digest = ? AND expires_at > ?",
        (
            change.digest,
            change.card_digest,
            requirements_text(change.requirements),
            change.sealed_payload,
            change.sealed_card,
            change.review,
            ReviewState.PENDING.value,
            change.previous,
            format_time(now),
        ),
    )
    if narrowed.rowcount != 1:
        raise Conflict("the review has moved on, or its time has run out")


def _forget(connection: sqlite3.Connection, vote: Vote) -> None:
    """Takes the row of the same vote by the same credential out, if there is one; its entry stays."""
    key = (
        "review = :review AND person = :person AND verdict = :verdict AND action_digest = :action_digest"
        " AND card_digest = :card_digest AND presence = :presence AND key = :key AND credential = :credential"
    )
    connection.execute(f"DELETE FROM il_vote WHERE {key}", vote_row(vote))  # noqa: S608  our own names


def _comment(connection: sqlite3.Connection, change: AddComment) -> None:
    count = connection.execute("SELECT count(*) FROM il_comment WHERE review = ?", (change.comment.review,)).fetchone()
    if count[0] >= change.most:
        raise Conflict("this review has as many comments as one may have")
    if change.most_by_one is not None:
        mine = "SELECT count(*) FROM il_comment WHERE review = ? AND who = ?"
        said = connection.execute(mine, (change.comment.review, change.comment.who)).fetchone()
        if said[0] >= change.most_by_one:
            raise Conflict("you have said as much about this review as one may")
    _insert(connection, "il_comment", comment_row(change.comment), "there is no such review")


def _put(connection: sqlite3.Connection, document: Document) -> None:
    row = document_row(document)
    if document.version == 1:
        _insert(connection, "il_document", row, "there is one of that id or name already")
        return
    try:
        put = connection.execute(
            "UPDATE il_document SET name = :name, version = :version, at = :at, due_at = :due_at, sealed = :sealed "
            "WHERE kind = :kind AND id = :id AND version = :version - 1",
            row,
        )
    except sqlite3.IntegrityError:
        raise Conflict("there is one of that name already") from None
    if put.rowcount != 1:
        raise Conflict("the document was changed meanwhile")


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

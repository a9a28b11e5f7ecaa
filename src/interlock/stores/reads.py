"""Reading the store, on connections of its own that can't write, in a few threads."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import Connection, Engine, RowMapping, Select, and_, create_engine, func, or_, select, tuple_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from interlock.errors import InterlockError, LedgerCorrupt, LedgerUnavailable
from interlock.ledger.fields import format_time, parse_time
from interlock.model.comment import Comment
from interlock.model.document import Document, DocumentKind
from interlock.model.names import ActorId, EntryId, ReviewId
from interlock.model.review import Review, ReviewState, Vote
from interlock.ports import Clock
from interlock.stores import schema
from interlock.stores.connections import open_reader
from interlock.stores.rows import comment_from_row, document_from_row, review_from_row, vote_from_row
from interlock.stores.schema import LOG_ID

_log = structlog.get_logger(__name__)

T = TypeVar("T")

READERS: Final = 2
DUE_LIMIT: Final = 1000  # how many overdue reviews one sweep takes
ENTRIES_LIMIT: Final = 4096  # how many entries one read hands out at most
LAST: Final = "\U0010ffff"  # sorts behind whatever a name goes on with

_REVIEW: Final = tuple(
    column
    for column in schema.review.columns
    if column.name not in ("lookup", "form", "sealed_payload", "sealed_card", "settled_at")
)
"""What a review is read from: a list doesn't carry the sealed parts along."""

_COPIES: Final = frozenset(kind for kind in DocumentKind if kind.value.startswith("copy_"))
_MOST_TOLD: Final = 1_000
_OPEN: Final = (ReviewState.PENDING.value, ReviewState.APPROVED.value)


class Reader:
    """`ports.Records` over SQLAlchemy Core, and the log's raw entries for the signer and others who follow it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        def connect() -> sqlite3.Connection:
            connection = open_reader(path)
            # Text that isn't UTF-8 any more makes its own row unreadable, not the whole answer.
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            return connection

        self._clock = clock
        self._engine: Engine = create_engine(
            "sqlite://", creator=connect, poolclass=QueuePool, pool_size=READERS, max_overflow=0
        )
        self._told: set[str] = set()  # spoilt copies, each told of once
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")

    async def review(self, review: ReviewId) -> Review | None:
        """One review; raises `LedgerCorrupt` when its row isn't one that Interlock wrote, which lists pass over."""
        query = select(*_REVIEW).where(schema.review.c.id == review)
        rows = await self._run(lambda c: c.execute(query).mappings().all())
        return review_from_row(rows[0]) if rows else None

    async def open_review(self, actor: ActorId, lookup: bytes) -> Review | None:
        """The actor's pending or approved, unexpired review of this form."""
        table, now = schema.review.c, format_time(self._clock.now())
        query = select(*_REVIEW).where(
            table.actor == actor,
            table.lookup == lookup,
            or_(
                and_(table.state == ReviewState.PENDING.value, table.expires_at > now),
                and_(table.state == ReviewState.APPROVED.value, table.approved_until > now),
            ),
        )
        rows = await self._run(lambda c: c.execute(query).mappings().all())
        return review_from_row(rows[0]) if rows else None

    async def reviews(
        self, states: frozenset[ReviewState] | None, limit: int, before: tuple[datetime, ReviewId] | None = None
    ) -> Sequence[Review]:
        """Reviews in these states (None: all), newest first; with `before` those that come after it in this order."""
        return await self._reviews(select(*_REVIEW), states, limit, before)

    async def reviews_of(
        self,
        actor: ActorId,
        states: frozenset[ReviewState] | None,
        limit: int,
        before: tuple[datetime, ReviewId] | None = None,
    ) -> Sequence[Review]:
        """The reviews of one actor, likewise."""
        return await self._reviews(select(*_REVIEW).where(schema.review.c.actor == actor), states, limit, before)

    async def earlier(self, review: ReviewId, limit: int) -> Sequence[Review]:
        """Reviews of the same form by the same actor, opened before this one, newest first."""
        table, this = schema.review.c, schema.review.alias()
        same = and_(
            this.c.id == review,
            table.actor == this.c.actor,
            table.form == this.c.form,
            table.opened_at <= this.c.opened_at,
        )
        return await self._reviews(select(*_REVIEW).join(this, same).where(table.id != review), None, limit)

    async def _reviews(
        self,
        query: Select[Any],
        states: frozenset[ReviewState] | None,
        limit: int,
        before: tuple[datetime, ReviewId] | None = None,
    ) -> Sequence[Review]:
        table = schema.review.c
        if before is not None:
            query = query.where(tuple_(table.opened_at, table.id) < (format_time(before[0]), before[1]))
        if states is not None:
            query = query.where(table.state.in_(sorted(state.value for state in states)))
        query = query.order_by(table.opened_at.desc(), table.id.desc()).limit(limit)
        rows = await self._run(lambda c: c.execute(query).mappings().all())
        return _readable(rows)

    async def count_open(self, actor: ActorId) -> int:
        """How many reviews of this actor are pending."""
        table = schema.review.c
        query = (
            select(func.count())
            .select_from(schema.review)
            .where(table.actor == actor, table.state == ReviewState.PENDING.value)
        )
        return await self._run(lambda c: int(c.execute(query).scalar_one()))

    async def sealed(self, review: ReviewId) -> tuple[bytes, bytes] | None:
        """(sealed payload, sealed card) of a review; raises `LedgerCorrupt` when they aren't bytes."""
        table = schema.review.c
        query = select(table.sealed_payload, table.sealed_card).where(table.id == review)
        row = await self._run(lambda c: c.execute(query).one_or_none())
        if row is not None and not (isinstance(row[0], bytes) and isinstance(row[1], bytes)):
            raise LedgerCorrupt("a row of il_review isn't one that Interlock wrote")
        return None if row is None else (row[0], row[1])

    async def votes(self, review: ReviewId) -> Sequence[Vote]:
        """The votes on a review, oldest first: for showing, not for counting."""
        table = schema.vote.c
        query = select(schema.vote).where(table.review == review).order_by(table.at, table.entry)
        rows = await self._run(lambda c: c.execute(query).mappings().all())
        return [vote_from_row(row) for row in rows]

    async def comments(self, review: ReviewId) -> Sequence[Comment]:
        """What was said about a review, oldest first."""
        table = schema.comment.c
        query = select(schema.comment).where(table.review == review).order_by(table.at, table.entry)
        rows = await self._run(lambda c: c.execute(query).mappings().all())
        return [comment_from_row(row) for row in rows]

    async def denials(self, actor: ActorId, form: bytes, since: datetime) -> tuple[int, datetime | None]:
        """How many of the actor's reviews were denied since then, and when this very form was last."""
        table = schema.review.c
        query = select(table.form, table.settled_at).where(
            table.actor == actor, table.state == ReviewState.DENIED.value, table.settled_at > format_time(since)
        )
        rows = await self._run(lambda c: c.execute(query).all())
        return len(rows), max((parse_time(row[1]) for row in rows if row[0] == form), default=None)

    async def document(self, kind: DocumentKind, id_: str) -> Document | None:
        """One document."""
        table = schema.document.c
        return await self._document(select(schema.document).where(table.kind == kind.value, table.id == id_))

    async def document_named(self, kind: DocumentKind, name: str) -> Document | None:
        """The document of that name."""
        table = schema.document.c
        return await self._document(select(schema.document).where(table.kind == kind.value, table.name == name))

    async def documents(self, kind: DocumentKind, after: str, limit: int) -> Sequence[Document]:
        """Documents of a kind by id, from behind `after` on."""
        query = select(schema.document).where(schema.document.c.kind == kind.value)
        return await self._page(kind, query, ("id",), (after,), limit)

    async def count_documents(self, kind: DocumentKind) -> int:
        """How many documents of a kind there are."""
        query = select(func.count()).select_from(schema.document).where(schema.document.c.kind == kind.value)
        return await self._run(lambda c: int(c.execute(query).scalar_one()))

    async def count_named(self, kind: DocumentKind, prefix: str) -> int:
        """How many documents of a kind have a name that begins so; found in the index of names."""
        table = schema.document.c
        named = and_(table.name >= prefix, table.name < prefix + LAST)
        query = select(func.count()).select_from(schema.document).where(table.kind == kind.value, named)
        return await self._run(lambda c: int(c.execute(query).scalar_one()))

    async def documents_due(
        self, kind: DocumentKind, now: datetime, limit: int, after: tuple[datetime, str] | None = None
    ) -> Sequence[Document]:
        """Documents that are due, the longest first; with `after` those behind that (due_at, id) in this order."""
        table = schema.document.c
        query = select(schema.document).where(table.kind == kind.value, table.due_at <= format_time(now))
        behind = None if after is None else (format_time(after[0]), after[1])
        return await self._page(kind, query, ("due_at", "id"), behind, limit)

    async def documents_waiting(self, kind: DocumentKind) -> tuple[int, datetime | None]:
        """How many documents of a kind have a time at which they are due, and the earliest of these times."""
        table = schema.document.c
        query = select(func.count(), func.min(table.due_at)).where(table.kind == kind.value, table.due_at.is_not(None))
        count, first = await self._run(lambda c: c.execute(query).one())
        return int(count), None if first is None else parse_time(first)

    async def _page(
        self, kind: DocumentKind, query: Select[Any], order: Sequence[str], behind: tuple[Any, ...] | None, limit: int
    ) -> Sequence[Document]:
        """Up to `limit` documents in this order, from `behind` on. Of copies, a spoilt row is passed over: it must not
        keep the others from their readers."""
        key, found = [schema.document.c[name] for name in order], list[Document]()
        while len(found) < limit:
            asked, here = limit - len(found), behind
            more = query if here is None else query.where(tuple_(*key) > here)
            more = more.order_by(*key).limit(asked)
            rows = await self._run(lambda c, q=more: c.execute(q).mappings().all())  # type: ignore[misc]
            found += self._documents_in(kind, rows)
            behind = tuple(rows[-1][name] for name in order) if rows else here
            if len(rows) < asked or behind == here:
                break
        return found

    def _documents_in(self, kind: DocumentKind, rows: Sequence[RowMapping]) -> list[Document]:
        if kind not in _COPIES:
            return [document_from_row(row) for row in rows]
        documents = []
        for row in rows:
            try:
                documents.append(document_from_row(row))
            except LedgerCorrupt as spoilt:
                if (which := repr(row["id"])) not in self._told and len(self._told) < _MOST_TOLD:
                    self._told.add(which)
                    _log.critical("integrity.alarm", because=spoilt.sentence)
        return documents

    async def _document(self, query: Select[Any]) -> Document | None:
        rows = await self._run(lambda c: c.execute(query).mappings().all())
        return document_from_row(rows[0]) if rows else None

    async def due(self, now: datetime) -> Sequence[Review]:
        """Pending reviews past `expires_at` and approved ones past `approved_until`, oldest first, some at a time."""
        table, limit = schema.review.c, format_time(now)
        query = (
            select(*_REVIEW)
            .where(
                table.state.in_(_OPEN),
                or_(
                    and_(table.state == ReviewState.PENDING.value, table.expires_at <= limit),
                    and_(table.state == ReviewState.APPROVED.value, table.approved_until <= limit),
                ),
            )
            .order_by(table.opened_at, table.id)
            .limit(DUE_LIMIT)
        )
        rows = await self._run(lambda c: c.execute(query).mappings().all())
        return _readable(rows)

    async def entry(self, entry: EntryId) -> bytes | None:
        """The stored bytes of an entry."""
        table = schema.entry.c
        query = select(table.body).where(table.log_id == LOG_ID, table.id == entry)
        body: bytes | None = await self._run(lambda c: c.execute(query).scalar_one_or_none())
        return body

    async def entries(self, first: int, limit: int) -> Sequence[bytes]:
        """Up to `limit` entries from index `first` on, in order, without a gap."""
        table = schema.entry.c
        query = (
            select(table.body)
            .where(table.log_id == LOG_ID, table.idx >= first, table.idx < first + min(limit, ENTRIES_LIMIT))
            .order_by(table.idx)
        )
        return await self._run(lambda c: c.execute(query).scalars().all())

    async def head(self) -> tuple[int, bytes]:
        """The head row: size and encoded frontier."""
        query = select(schema.head.c.size, schema.head.c.frontier).where(schema.head.c.log_id == LOG_ID)
        row = await self._run(lambda c: c.execute(query).one())
        return int(row[0]), row[1]

    async def checkpoint(self) -> str | None:
        """The newest checkpoint published, as its signed note."""
        table = schema.checkpoint.c
        query = select(table.note).where(table.log_id == LOG_ID).order_by(table.size.desc()).limit(1)
        note: str | None = await self._run(lambda c: c.execute(query).scalar_one_or_none())
        return note

    async def close(self) -> None:
        """Waits for what is being read, then closes the connections."""
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)
        self._engine.dispose()

    async def _run(self, question: Callable[[Connection], T]) -> T:
        def ask() -> T:
            with self._engine.connect() as connection:
                return question(connection)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        except InterlockError:
            raise
        except (SQLAlchemyError, sqlite3.Error, RuntimeError):
            # RuntimeError: the pool of threads is shut down, the store closed.
            raise LedgerUnavailable("the store can't be read now") from None


def _readable(rows: Sequence[RowMapping]) -> list[Review]:
    """The reviews in `rows`. One spoilt row must not hide the others, nor keep them from expiring."""
    reviews: list[Review] = []
    for row in rows:
        try:
            reviews.append(review_from_row(row))
        except LedgerCorrupt as spoilt:
            _log.critical("integrity.alarm", because=spoilt.sentence)
    return reviews

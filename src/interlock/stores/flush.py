"""One flush: what waits becomes durable in one transaction, in the order that ledger.md 1.10 sets.

    1. begin, and check that the head is the one we left, in a database that is built as we built it
    2. refuse a unit that says again what may be said once, whatever the rows say; run the others' guards: a unit whose
       guard fails is taken back, its caller alone is refused
    3. number, chain and seal the survivors; hash them into the tree
    4. insert entries and full tiles, see that they are there, move the head, COMMIT
    5. only then does anything of it count: the chain goes on from there, callers are answered

Whatever fails before the COMMIT leaves nothing behind. A COMMIT that fails may still have landed (SQLite reports a
failed clean-up of its log that way): the head then tells, since its frontier commits to every entry.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import structlog

from interlock.errors import Conflict, EntryRefused, InterlockError, LedgerCorrupt, LedgerUnavailable, MalformedInput
from interlock.ledger.claims import Marks, marks, refusal
from interlock.ledger.entry import ChainState, Entry, chain
from interlock.ledger.merkle import Frontier, leaf_hash
from interlock.ledger.note import Signer
from interlock.ledger.tiles import RightEdge, Tile
from interlock.model.names import EntryId, ReviewId
from interlock.ports import Clock, Entropy, Receipt
from interlock.stores import changes, retries, shape
from interlock.stores.clock import Floored
from interlock.stores.jobs import Job, Publish, Ready
from interlock.stores.own import authoritative
from interlock.stores.schema import LOG_ID

Connect = Callable[[], sqlite3.Connection]
Answer = Receipt | InterlockError

_log = structlog.get_logger(__name__)

# What a value that no column takes makes of an INSERT; the unit that brought it is refused, not the batch.
_UNSTORABLE: Final = (
    ValueError,
    TypeError,
    OverflowError,
    MalformedInput,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the writer knows of a store without asking it: what its entries claim, and its schema's version."""

    said: Marks
    schema_version: int


@dataclass(frozen=True, slots=True)
class Tail:
    """Where the log ends: what the next entry needs to know. `edge` is never changed in place."""

    frontier: Frontier
    edge: RightEdge
    chain: ChainState


@dataclass(frozen=True, slots=True)
class Flushed:
    """What came of a batch: an answer a job, what is new for the authority, the reviews that have moved."""

    answers: tuple[Answer, ...]
    entries: tuple[Entry, ...] = ()
    moved: tuple[ReviewId, ...] = ()


@dataclass(frozen=True, slots=True)
class _Laid:
    """Rows in their places, the tiles they fill, and the tail behind them; `entries` are for the authority.

    `marks` are of what the entries claim: claimed only once they have landed.
    """

    entries: tuple[Entry, ...]
    rows: tuple[tuple[int, int, EntryId, bytes, bytes], ...]
    tiles: tuple[tuple[Tile, bytes], ...]
    tail: Tail
    moved: tuple[ReviewId, ...]
    marks: tuple[int, ...]
    at: datetime


@dataclass(slots=True)
class _Round:
    """What one transaction settles. Jobs that it leaves without an answer go into the next."""

    answers: dict[int, Answer] = field(default_factory=dict)
    kept: dict[int, Ready] = field(default_factory=dict)
    marks: set[int] = field(default_factory=set)


class Flusher:
    """Writes batches, one at a time, from one thread. Holds the connection and the tail."""

    def __init__(
        self, connect: Connect, tail: Tail, remembered: Remembered, *, signer: Signer, entropy: Entropy, clock: Clock
    ) -> None:
        """`remembered.said` is the flusher's from here on."""
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._fresh = True
        self._tail = tail
        self._remembered = remembered
        self._signer = signer
        self._entropy = entropy
        self._clock = clock
        self._doubt: _Laid | None = None
        self._corrupt: LedgerCorrupt | None = None

    def flush(self, jobs: Sequence[Job]) -> Flushed:
        """Writes what can be written; never raises. Answers come in the order of `jobs`."""
        answers: dict[int, Answer] = {}
        landed: list[_Laid] = []
        while left := {i: job for i, job in enumerate(jobs) if i not in answers}:
            try:
                self._resolve(landed)
                answers |= self._round(left, landed)
            except Exception as error:
                refusal = self._failed(error)
                answers |= dict.fromkeys(left, refusal)
        return Flushed(
            answers=tuple(answers[i] for i in range(len(jobs))),
            entries=tuple(entry for laid in landed for entry in laid.entries),
            moved=tuple(review for laid in landed for review in laid.moved),
        )

    def close(self) -> None:
        """Closes the connection; a flush after this opens it anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _round(self, jobs: Mapping[int, Job], landed: list[_Laid]) -> dict[int, Answer]:
        """One transaction over `jobs` that answers at least the first of them."""
        try:
            return self._transaction(jobs, landed, known=False)
        except sqlite3.IntegrityError:
            self._roll_back()  # an id is in the log already: once more, looking each one up
        try:
            return self._transaction(jobs, landed, known=True)
        except sqlite3.IntegrityError:
            raise LedgerCorrupt("entries or tiles lie in the store beyond its head") from None

    def _transaction(self, jobs: Mapping[int, Job], landed: list[_Laid], *, known: bool) -> dict[int, Answer]:
        connection = self._begin()
        now = self._clock.now().astimezone(UTC)
        done = self._guards(connection, jobs, now, known=known)
        laid = self._lay(tuple(done.kept.values()), now)
        self._insert(connection, laid)
        self._commit(connection, laid)
        self._arrived(laid, landed)
        return done.answers | _receipts(done.kept, laid)

    def _begin(self) -> sqlite3.Connection:
        if self._corrupt is not None:
            raise self._corrupt
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        self._check_shape(connection)
        if read_head(connection) != self._tail.frontier:
            raise LedgerCorrupt("the store's head isn't where this process left it: someone else wrote to the store")
        return connection

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection, self._fresh = self._connect(), True
        return self._connection

    def _check_shape(self, connection: sqlite3.Connection) -> None:
        """Whoever plants a trigger may put the version back: a connection that was open before doesn't see the trigger
        then, and a new one looks at everything."""
        found = shape.check(connection) if self._fresh else shape.version(connection)
        if found != self._remembered.schema_version:
            raise LedgerCorrupt("the database was rebuilt under the running gateway: someone else wrote to the store")
        self._fresh = False

    def _guards(self, connection: sqlite3.Connection, jobs: Mapping[int, Job], now: datetime, *, known: bool) -> _Round:
        done, seen = _Round(), set[EntryId]()
        for i, job in jobs.items():
            if isinstance(job, Publish):
                done.answers[i] = _publish(connection, job)
            elif seen.isdisjoint(job.ids):  # else: the same unit again, which the next round finds in the log
                seen.update(job.ids)
                answer = (
                    (retries.find(connection, job) if known else None)
                    or self._said_before(connection, job, done.marks)
                    or _guard(connection, job, now)
                )
                if answer is None:
                    done.kept[i] = job
                    done.marks.update(marks(job.claims))
                else:
                    done.answers[i] = answer
        return done

    def _said_before(self, connection: sqlite3.Connection, unit: Ready, batch: set[int]) -> Answer | None:
        """Refuses a unit whose entries claim what earlier ones have claimed, in this batch or ever."""
        because = refusal(unit.claims, self._remembered.said, batch) if unit.claims else None
        if because is None:
            return None
        return retries.find(connection, unit) or Conflict(because)

    def _lay(self, units: Sequence[Ready], now: datetime) -> _Laid:
        seal = EntryId(self._entropy.uuid7())
        drafts = [e for unit in units for e in unit.entries]
        bodies, state = chain(drafts, self._tail.chain, now, self._signer, seal)
        ids = [*(id_ for unit in units for id_ in unit.ids), seal]  # the seal is there if a plain entry is
        first, leaves = self._tail.frontier.size, [leaf_hash(body) for body in bodies]
        rows = tuple((LOG_ID, first + i, ids[i], leaves[i], body) for i, body in enumerate(bodies))
        edge = self._tail.edge.copy()
        tiles = tuple(full for leaf in leaves for full in edge.append(leaf))
        moved = dict.fromkeys(changes.touched(change) for unit in units for change in unit.changes)
        return _Laid(
            entries=authoritative(bodies, [draft.type for draft in drafts]),
            rows=rows,
            tiles=tiles,
            tail=Tail(self._tail.frontier.extend(leaves), edge, state),
            moved=tuple(review for review in moved if review is not None),
            marks=tuple(mark for unit in units for mark in marks(unit.claims)),
            at=now,
        )

    def _insert(self, connection: sqlite3.Connection, laid: _Laid) -> None:
        if not laid.rows:
            return
        connection.executemany("INSERT INTO il_entry (log_id, idx, id, leaf, body) VALUES (?, ?, ?, ?, ?)", laid.rows)
        query = "SELECT count(*) FROM il_entry WHERE log_id = ? AND idx >= ?"
        landed = connection.execute(query, (LOG_ID, laid.rows[0][1])).fetchone()[0]
        if landed != len(laid.rows):
            raise LedgerCorrupt("the store took entries and didn't keep them")
        tiles = [(LOG_ID, tile.level, tile.index, data) for tile, data in laid.tiles]
        insert = "INSERT INTO il_tile (log_id, level, n, data) VALUES (?, ?, ?, ?)"
        if tiles and connection.executemany(insert, tiles).rowcount != len(tiles):
            raise LedgerCorrupt("the store took tiles and didn't keep them")
        frontier = laid.tail.frontier
        moved = connection.execute(
            "UPDATE il_head SET size = ?, frontier = ? WHERE log_id = ?", (frontier.size, frontier.encode(), LOG_ID)
        )
        if moved.rowcount != 1:
            raise LedgerCorrupt("the store's head didn't move with its entries")

    def _commit(self, connection: sqlite3.Connection, laid: _Laid) -> None:
        try:
            connection.execute("COMMIT")
        except sqlite3.Error:
            self._doubt = laid
            self._roll_back()
            self.close()
            if not laid.rows or not self._landed():
                raise
        self._doubt = None

    def _arrived(self, laid: _Laid, landed: list[_Laid]) -> None:
        """Only here do entries count: the chain goes on from them, and what they claim is claimed."""
        self._tail = laid.tail
        self._remembered.said.update(laid.marks)
        if isinstance(self._clock, Floored):
            self._clock.raise_floor(laid.at)
        landed.append(laid)

    def _landed(self) -> bool:
        """Whether the transaction in doubt is in the store; forgets the doubt when it knows."""
        assert self._doubt is not None
        found = read_head(self._open())
        if found == self._doubt.tail.frontier:
            return True
        self._doubt = None
        return False

    def _resolve(self, landed: list[_Laid]) -> None:
        """Settles an earlier doubt before anything new is written; raises `sqlite3.Error` while that can't be told."""
        if (doubt := self._doubt) is not None and self._landed():
            self._doubt = None
            self._arrived(doubt, landed)

    def _roll_back(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                self.close()

    def _failed(self, error: Exception) -> InterlockError:
        """What every caller of the batch is told; the chain stays where it was."""
        self._roll_back()
        match error:
            case LedgerCorrupt():
                self._corrupt = error
                _log.critical("ledger_corrupt", because=error.sentence)
                return error
            case sqlite3.Error():
                refusal = LedgerUnavailable(f"the ledger can't be written now: {_because(error)}")
            case _:
                refusal = LedgerUnavailable("the ledger can't be written: an error inside the writer")
        _log.error("flush_failed", error=type(error).__name__, because=refusal.sentence)
        return refusal


def read_head(connection: sqlite3.Connection) -> Frontier:
    """The head row as a frontier; raises `LedgerCorrupt`."""
    row = connection.execute("SELECT size, frontier FROM il_head WHERE log_id = ?", (LOG_ID,)).fetchone()
    try:
        if row is None or not isinstance(row[1], bytes):
            raise LedgerCorrupt("the store has lost its head row")
        frontier = Frontier.decode(row[1])
    except MalformedInput:
        raise LedgerCorrupt("the store's head row isn't one that Interlock wrote") from None
    if frontier.size != row[0]:
        raise LedgerCorrupt("the store's head row names another size than its frontier")
    return frontier


def _guard(connection: sqlite3.Connection, unit: Ready, now: datetime) -> Answer | None:
    """Runs a unit's changes; None when all hold. Otherwise none of them is left, and the answer says why."""
    if not unit.changes:
        return None
    connection.execute("SAVEPOINT unit")
    try:
        for change in unit.changes:
            changes.apply(connection, change, now)
    except (Conflict, EntryRefused) as refusal:
        answer: Answer = refusal
    except _UNSTORABLE:
        answer = EntryRefused("a change holds a value that can't be stored")
    else:
        connection.execute("RELEASE unit")
        return None
    connection.execute("ROLLBACK TO unit")
    connection.execute("RELEASE unit")
    # A guard also fails for a unit that is done already, when its caller couldn't know and asks again.
    return retries.find(connection, unit) or answer


def _publish(connection: sqlite3.Connection, job: Publish) -> Answer:
    row = (LOG_ID, job.size, job.root, job.note)
    query = "SELECT log_id, size, root, note FROM il_checkpoint WHERE log_id = ? AND size = ?"
    found = connection.execute(query, (LOG_ID, job.size)).fetchone()
    if found is None:
        insert = "INSERT INTO il_checkpoint (log_id, size, root, note) VALUES (?, ?, ?, ?)"
        if connection.execute(insert, row).rowcount != 1:
            raise LedgerCorrupt("the store took a checkpoint and didn't keep it")
    elif found != row:
        return Conflict("another checkpoint of this size is published already")
    return Receipt(())


def _receipts(kept: Mapping[int, Ready], laid: _Laid) -> dict[int, Answer]:
    receipts: dict[int, Answer] = {}
    at = 0
    for i, unit in kept.items():
        rows = laid.rows[at : at + len(unit.ids)]
        receipts[i] = Receipt(tuple((row[1], row[3].hex()) for row in rows))
        at += len(unit.ids)
    return receipts


def _because(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return "the disk is full"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "another process holds the store's lock"
    if name.startswith("SQLITE_IOERR"):
        return "the disk fails"
    if name == "SQLITE_READONLY":
        return "the store is read-only"
    return name or "the store was closed"

"""The store on SQLite: one file, one owner, one writer."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from interlock.errors import InterlockError, LedgerCorrupt, LedgerUnavailable, MalformedInput
from interlock.ledger.authority import Authority
from interlock.ledger.entry import ChainState, Entry
from interlock.ledger.merkle import Frontier
from interlock.ledger.note import Signer, VerifyingKey
from interlock.model.change import Unit
from interlock.ports import Bell, Clock, Entropy, Receipt
from interlock.stores import startup
from interlock.stores.clock import Floored
from interlock.stores.connections import open_writer
from interlock.stores.flush import Connect, Flushed, Flusher, Tail
from interlock.stores.jobs import Publish
from interlock.stores.lock import StoreLock
from interlock.stores.migrate import migrate_sqlite
from interlock.stores.reads import Reader
from interlock.stores.writer import PATIENCE_SECONDS, Writer

QUEUE_LIMIT: Final = 8192
CLOSE_SECONDS: Final = 10.0
_BOOT_BYTES: Final = 16
log = structlog.get_logger()

_PASSING: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY")


@dataclass(frozen=True, slots=True)
class Trust:
    """The public keys that a store is held against; from local settings, never from the store."""

    node_keys: tuple[VerifyingKey, ...]
    log_key: VerifyingKey


class SqliteStore:
    """`ports.Ledger`, and the log as the signer reads it; `records` is `ports.Records`.

    Made by `open`. The process that holds it is the store's only owner until `close`.
    """

    def __init__(self, lock: StoreLock, writer: Writer, records: Reader, waypoint: Frontier | None) -> None:
        """Use `open`."""
        self._lock = lock
        self._writer = writer
        self.records = records
        self.waypoint = waypoint

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        node: str,
        signer: Signer,
        trust: Trust,
        authority: Authority,
        entropy: Entropy,
        clock: Clock,
        bell: Bell,
        queue_limit: int = QUEUE_LIMIT,
        waypoint: int = 0,
        listener: Callable[[Entry], None] | None = None,
        follower: Callable[[Entry], None] | None = None,
        connect: Callable[[Path], sqlite3.Connection] = open_writer,
        patience: float = PATIENCE_SECONDS,
    ) -> SqliteStore:
        """Takes the store at `path`, makes it if there is none, verifies all of it and starts the writer.

        `authority` must be fresh: it is fed with every entry, now and as they become durable. `signer` is the node's
        key. `waypoint` is a size: what the first so many entries lead to is found on the way, and left in the attribute
        of that name (None if there are fewer). `listener` hears every entry that is there already, in order, on another
        thread, before this returns; after an error, what it heard counts for nothing. `follower` hears them likewise,
        and from then on those of `Authority.reads` as they become durable; what it raises then is logged. A clock that
        takes a floor is never below the newest entry again. `patience`: the seconds that endings may wait for others
        to be flushed with. Raises `InterlockError` ("store_locked", "store_newer"), `LedgerCorrupt`,
        `LedgerUnavailable`.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = StoreLock(path)
        try:
            hears = [each for each in (listener, follower) if each is not None]
            verified = await asyncio.to_thread(_prepare, path, trust, authority, waypoint, hears)
            chain = ChainState(node, entropy.token(_BOOT_BYTES).hex())
            tail = Tail(verified.frontier, verified.edge, chain)
            connection: Connect = partial(connect, path)
            if verified.newest is not None and isinstance(clock, Floored):
                clock.raise_floor(verified.newest)
            flusher = Flusher(connection, tail, verified.remembered, signer=signer, entropy=entropy, clock=clock)
            records = Reader(path, clock)
            writer = Writer(
                flusher, queue_limit=queue_limit, settle=partial(_settle, authority, bell, follower), patience=patience
            )
        except BaseException:
            lock.release()
            raise
        return cls(lock, writer, records, verified.waypoint)

    def commit(self, unit: Unit) -> Awaitable[Receipt]:
        """Queues the unit at once; the awaitable resolves when it is durable and the authority has seen it.

        Units keep the order of these calls. Raises `Conflict`, `EntryRefused`, `LedgerUnavailable`, as `ports.Ledger`
        says. Call it on the event loop that opened the store.
        """
        return self._writer.submit(unit)

    async def head(self) -> tuple[int, bytes]:
        """The log's size and root, as durable."""
        size, encoded = await self.records.head()
        try:
            frontier = Frontier.decode(encoded)
        except MalformedInput:
            raise LedgerCorrupt("the store's head row isn't one that Interlock wrote") from None
        if frontier.size != size:
            raise LedgerCorrupt("the store's head row names another size than its frontier")
        return size, frontier.root()

    async def entries(self, first: int, limit: int) -> Sequence[bytes]:
        """Up to `limit` entries from index `first` on, in order."""
        return await self.records.entries(first, limit)

    async def checkpoint(self) -> str | None:
        """The newest checkpoint, as its signed note."""
        return await self.records.checkpoint()

    async def put_checkpoint(self, size: int, root: bytes, note: str) -> None:
        """Keeps a signed checkpoint; raises `Conflict` when there is another of this size, `LedgerUnavailable`."""
        await self._writer.submit(Publish(size, root, note))

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Writes what waits, for at most `seconds`, refuses the rest, and lets the next owner in."""
        try:
            # Readers first: the last connection to close folds the write-ahead log in, which a reader may not.
            await self.records.close()
            await self._writer.close(seconds)
        finally:
            self._lock.release()


def _prepare(
    path: Path, trust: Trust, authority: Authority, waypoint: int, hears: Sequence[Callable[[Entry], None]]
) -> startup.Verified:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        migrate_sqlite(path)
        with closing(open_writer(path)) as connection:
            return startup.check(
                connection,
                node_keys=trust.node_keys,
                log_key=trust.log_key,
                authority=authority,
                waypoint=waypoint,
                listener=_each(hears),
            )
    except InterlockError:
        raise
    except (sqlite3.Error, SQLAlchemyError, OSError) as error:
        raise _cannot_open(path, getattr(error, "orig", error)) from None


def _cannot_open(path: Path, error: object) -> InterlockError:
    """Trouble that may pass, or a file that isn't what it was."""
    name = getattr(error, "sqlite_errorname", "")
    if isinstance(error, OSError) or name.startswith(_PASSING):
        return LedgerUnavailable(f"the store {path.name} can't be opened now ({name or type(error).__name__})")
    return LedgerCorrupt(f"the store {path.name} can't be read as Interlock's database ({name})")


def _each(hears: Sequence[Callable[[Entry], None]]) -> Callable[[Entry], None] | None:
    def tell(entry: Entry) -> None:
        for hear in hears:
            hear(entry)

    return tell if hears else None


def _settle(authority: Authority, bell: Bell, follower: Callable[[Entry], None] | None, flushed: Flushed) -> None:
    for entry in flushed.entries:
        authority.apply(entry)
    for review in flushed.moved:
        bell.ring(review)
    if follower is not None:
        try:
            for entry in flushed.entries:
                follower(entry)
        except Exception as error:  # it authorises nothing, so nothing waits for it to be right
            log.error("ledger.follower_failed", error=type(error).__name__)

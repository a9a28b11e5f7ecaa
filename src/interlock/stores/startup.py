"""The check before a store is used: everything in it is read, verified, and folded into the authority.

    0. the shape: the database is built as our migrations build it, nothing more and nothing less
    1. entries: indices without a gap, ids and leaves that are the bodies' own, then steps 5 to 9 of the verifier
    2. tiles: the full ones are those that the leaves make, no more and no fewer
    3. checkpoints: each signed by the log's key, with the root that the entries before its size have
    4. the head: the size and frontier that all entries lead to

Rows of reviews, votes and keys aren't checked: they are caches, and nothing is released on their word.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from interlock.errors import LedgerCorrupt, MalformedInput
from interlock.ledger import checkpoint as checkpoints
from interlock.ledger.authority import Authority
from interlock.ledger.claims import Marks
from interlock.ledger.entry import Entry
from interlock.ledger.merkle import Frontier, leaf_hash
from interlock.ledger.note import VerifyingKey
from interlock.ledger.tiles import RightEdge, Tile
from interlock.ledger.verify import verify_entries
from interlock.stores import shape
from interlock.stores.flush import Remembered, read_head
from interlock.stores.schema import LOG_ID

_HASHED_AT_ONCE: Final = 1024


@dataclass(frozen=True, slots=True)
class Verified:
    """A log that was found in order: where it ends, what it claims, and its newest time (None: it is empty).

    `waypoint` is the frontier at the size asked for; None if the log is smaller.
    """

    frontier: Frontier
    edge: RightEdge
    remembered: Remembered
    newest: datetime | None
    waypoint: Frontier | None


def check(
    connection: sqlite3.Connection,
    *,
    node_keys: Sequence[VerifyingKey],
    log_key: VerifyingKey,
    authority: Authority,
    waypoint: int = 0,
    listener: Callable[[Entry], None] | None = None,
) -> Verified:
    """Reads the whole log; raises `LedgerCorrupt`, naming what is wrong and where.

    `authority` and `listener` are fed on the way: after an error what they took must be thrown away.
    """
    # Text that isn't UTF-8 any more must come out different, not as an error of the driver's.
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.execute("BEGIN")  # all that is read is of one moment
    remembered = Remembered(Marks(), shape.check(connection))
    scan, newest = _Scan(connection, log_key, waypoint), None
    for entry in verify_entries(scan.bodies(), node_keys, remembered.said):
        if entry.id != scan.id:
            raise LedgerCorrupt(f"entry {scan.size - 1}: its row has another id than it has itself")
        authority.apply(entry)
        if listener is not None:
            listener(entry)
        newest = entry.ts if newest is None else max(newest, entry.ts)
    frontier = scan.finish()
    if read_head(connection) != frontier:
        raise LedgerCorrupt(f"the head row isn't the one that the {frontier.size} entries lead to")
    return Verified(frontier, scan.edge, remembered, newest, scan.waypoint)


class _Scan:
    """Goes through the entries in order, and builds tiles and roots beside."""

    def __init__(self, connection: sqlite3.Connection, log_key: VerifyingKey, waypoint: int) -> None:
        self._connection = connection
        self._log_key = log_key
        self._checkpoints: Iterator[Any] = connection.execute(
            "SELECT size, root, note FROM il_checkpoint WHERE log_id = ? ORDER BY size", (LOG_ID,)
        )
        self._next = next(self._checkpoints, None)
        self._frontier = Frontier()
        self._leaves: list[bytes] = []
        self._tiles = 0
        self._waypoint = waypoint
        self.waypoint = Frontier() if waypoint == 0 else None
        self.edge = RightEdge()
        self.id: object = None

    @property
    def size(self) -> int:
        """How many entries were read."""
        return self.edge.size

    def bodies(self) -> Iterator[bytes]:
        """The entries' bytes; each row is checked before it is handed on."""
        self._check_foreign()
        self._pass_checkpoints()
        rows = self._connection.execute(
            "SELECT idx, id, leaf, body FROM il_entry WHERE log_id = ? ORDER BY idx", (LOG_ID,)
        )
        for idx, id_, leaf, body in rows:
            if idx != self.size:
                raise LedgerCorrupt(f"entry {self.size} is missing: the next row has index {idx}")
            if not isinstance(body, bytes) or leaf_hash(body) != leaf:
                raise LedgerCorrupt(f"entry {idx}: its leaf isn't the hash of its body")
            self.id = id_
            self._take(leaf)
            yield body

    def finish(self) -> Frontier:
        """The frontier of all entries, once nothing is left over."""
        if self._next is not None:
            raise LedgerCorrupt(f"a checkpoint is signed for {self._next[0]} entries, and {self.size} are left")
        found = self._connection.execute("SELECT count(*) FROM il_tile").fetchone()[0]
        if found != self._tiles:
            raise LedgerCorrupt(f"there are {found} full tiles where {self.size} entries make {self._tiles}")
        return self._hashed()

    def _take(self, leaf: bytes) -> None:
        for tile, data in self.edge.append(leaf):
            self._check_tile(tile, data)
        self._leaves.append(leaf)
        if self.size == self._waypoint:
            self.waypoint = self._hashed()
        if len(self._leaves) >= _HASHED_AT_ONCE:
            self._hashed()
        self._pass_checkpoints()

    def _hashed(self) -> Frontier:
        self._frontier, self._leaves = self._frontier.extend(self._leaves), []
        return self._frontier

    def _check_foreign(self) -> None:
        """Rows of another log, or of index NULL, would be read by nobody and counted by somebody."""
        for table in ("il_head", "il_entry", "il_tile", "il_checkpoint"):
            query = f"SELECT count(*) FROM {table} WHERE log_id <> ?"  # noqa: S608  four names of ours
            if self._connection.execute(query, (LOG_ID,)).fetchone()[0]:
                raise LedgerCorrupt(f"{table} holds rows of another log")

    def _check_tile(self, tile: Tile, data: bytes) -> None:
        row = self._connection.execute(
            "SELECT data FROM il_tile WHERE log_id = ? AND level = ? AND n = ?", (LOG_ID, tile.level, tile.index)
        ).fetchone()
        if row is None or row[0] != data:
            raise LedgerCorrupt(f"{tile.path} is missing, or isn't what the entries make it")
        self._tiles += 1

    def _pass_checkpoints(self) -> None:
        while self._next is not None and self._next[0] == self.size:
            size, root, note = self._next
            if not isinstance(note, str):
                raise LedgerCorrupt(f"the checkpoint of {size} entries isn't a note")
            try:
                signed = checkpoints.verify(note.encode(), self._log_key)
            except MalformedInput as malformed:
                raise LedgerCorrupt(f"the checkpoint of {size} entries: {malformed.sentence}") from None
            if (signed.size, signed.root) != (size, root) or root != self._hashed().root():
                raise LedgerCorrupt(f"the checkpoint of {size} entries is signed for other entries than these")
            self._next = next(self._checkpoints, None)

"""A log's entries, for reports: from the store, beside a gateway that serves, or from an exported log's files.

Nothing is verified here but the form of what is read: `interlock ledger verify` does the rest, and the gateway when it
starts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from interlock.cli.ledger import DirectoryReader
from interlock.errors import InterlockError, LedgerCorrupt, LedgerUnavailable, MalformedInput
from interlock.ledger import checkpoint as checkpoints
from interlock.ledger.entry import Entry, parse_entry
from interlock.ledger.figures import Figures
from interlock.ledger.note import parse_note
from interlock.ledger.tiles import TILE_WIDTH, Bundle, decode_bundle
from interlock.ledger.verify import CHECKPOINT_PATH
from interlock.model.recent import DAY
from interlock.stores.connections import open_reader
from interlock.stores.schema import LOG_ID

ACTION: Final = b'"type":"action.'  # as canonical JSON writes it, and within a string never does
POLICY: Final = b'"type":"policy.'
DECIDED: Final = tuple(ACTION + word + b'"' for word in (b"released", b"held", b"denied"))

_AT_ONCE: Final = 1024
_FIGURES: Final = tuple(f'"type":"{type_}"'.encode() for type_ in sorted(Figures.reads))


class Log(Protocol):
    """A log of a fixed size: what is appended while it is read isn't in it."""

    @property
    def size(self) -> int:
        """How many entries."""

    def bodies(self, first: int, limit: int) -> list[bytes]:
        """The bytes of up to `limit` entries from `first` on, in order, at least one where there are any."""


@dataclass(frozen=True, slots=True)
class StoreLog:
    """The store's log as it was when this was made; read on connections that can't write."""

    path: Path
    size: int

    def bodies(self, first: int, limit: int) -> list[bytes]:
        """As `Log`. A connection for each read: none keeps the gateway's write-ahead log from being folded in."""
        query = "SELECT body FROM il_entry WHERE log_id = ? AND idx >= ? AND idx < ? ORDER BY idx"
        try:
            with closing(open_reader(self.path)) as connection:
                rows = connection.execute(query, (LOG_ID, first, min(first + limit, self.size))).fetchall()
        except sqlite3.Error as error:
            raise _cannot_read(self.path, error) from None
        if not rows and first < self.size:
            raise LedgerCorrupt(f"entry {first} isn't in the store")
        return [bytes(row[0]) for row in rows]


@dataclass(frozen=True, slots=True)
class DirectoryLog:
    """An exported log (C2SP tlog-tiles), as far as its checkpoint says."""

    reader: DirectoryReader
    size: int

    def bodies(self, first: int, limit: int) -> list[bytes]:
        """As `Log`: to the end of the bundle that `first` is in."""
        if first >= self.size:
            return []
        index, offset = divmod(first, TILE_WIDTH)
        width = min(self.size - index * TILE_WIDTH, TILE_WIDTH)
        for bundle in dict.fromkeys((Bundle(index, width), Bundle(index))):
            data = self.reader.read(bundle.path)
            if data is not None:
                return list(decode_bundle(data, bundle.width)[offset : min(width, offset + limit)])
        raise LedgerCorrupt(f"{Bundle(index, width).path} is missing from the exported log")


def store_log(path: Path) -> StoreLog:
    """The log in the store at `path`; raises `LedgerUnavailable`."""
    if not path.is_file():
        raise LedgerUnavailable(
            f"there is no store {path.name} in the data directory yet: `interlock serve` makes it. An exported log can"
            " be read with --log DIR"
        )
    try:
        with closing(open_reader(path)) as connection:
            query = "SELECT count(*), max(idx) FROM il_entry WHERE log_id = ?"
            count, last = connection.execute(query, (LOG_ID,)).fetchone()
    except sqlite3.Error as error:
        raise _cannot_read(path, error) from None
    if count and last != count - 1:
        raise LedgerCorrupt(f"the store's log has {count} entries, the last at {last}: some are missing")
    return StoreLog(path, count)


def directory_log(directory: Path) -> DirectoryLog:
    """An exported log; raises `InterlockError` where there is none."""
    reader = DirectoryReader(directory)
    try:
        signed = reader.read(CHECKPOINT_PATH)
        if signed is None:
            raise InterlockError("--log: that isn't an exported log: it has no checkpoint", code="not_found")
        return DirectoryLog(reader, checkpoints.parse(parse_note(signed).text).size)
    except MalformedInput as malformed:
        raise LedgerCorrupt(f"the exported log's checkpoint can't be read: {malformed.sentence}") from None
    except OSError as error:
        raise InterlockError(f"--log: that can't be read ({error.strerror})", code="unreadable") from None


def action_entries(log: Log, first: int = 0) -> Iterator[tuple[int, Entry]]:
    """The entries of actions from index `first` on, each with its index; raises `LedgerCorrupt` for one that can't be
    read."""
    return _marked(log, first, (ACTION,))


def decided_entries(log: Log, first: int = 0) -> Iterator[tuple[int, Entry]]:
    """Of these, those that say how an action was decided: released, held, denied."""
    return _marked(log, first, DECIDED)


def policy_entries(log: Log) -> Iterator[Entry]:
    """The policy.* entries of the whole log; raises as `action_entries`."""
    return (entry for _, entry in _marked(log, 0, (POLICY,)))


def figures_entries(log: Log) -> Iterator[Entry]:
    """The entries that figures about fatigue are made of, of the whole log; raises as `action_entries`."""
    return (entry for _, entry in _marked(log, 0, _FIGURES))


def a_day_before(log: Log, index: int) -> int:
    """The index of the first entry from a day before the one at `index` on."""
    bodies = log.bodies(index, 1)
    return first_since(log, _entry(index, bodies[0]).ts - DAY) if bodies else index


def first_since(log: Log, since: datetime) -> int:
    """The index of the first entry from `since` on; the log's size if there is none. Times rise with the index."""
    low, high = 0, log.size
    while low < high:
        middle = (low + high) // 2
        if _entry(middle, log.bodies(middle, 1)[0]).ts < since:
            low = middle + 1
        else:
            high = middle
    return low


def first_of_newest(log: Log, count: int) -> int:
    """The index from which on there are `count` decided actions; 0 if there are fewer."""
    end = log.size
    while end > 0 and count > 0:
        begin = max(0, end - _AT_ONCE)
        bodies = _between(log, begin, end)
        for index in range(end - 1, begin - 1, -1):
            if any(mark in bodies[index - begin] for mark in DECIDED):
                count -= 1
                if count == 0:
                    return index
        end = begin
    return 0 if count else end


def _marked(log: Log, first: int, marks: tuple[bytes, ...]) -> Iterator[tuple[int, Entry]]:
    index = first
    while bodies := log.bodies(index, _AT_ONCE):
        for raw in bodies:
            if any(mark in raw for mark in marks):
                yield index, _entry(index, raw)
            index += 1


def _between(log: Log, begin: int, end: int) -> list[bytes]:
    found: list[bytes] = []
    while begin + len(found) < end:
        found += log.bodies(begin + len(found), end - begin - len(found))
    return found


def _entry(index: int, raw: bytes) -> Entry:
    try:
        return parse_entry(raw)
    except MalformedInput as malformed:
        raise LedgerCorrupt(f"entry {index} of the log can't be read: {malformed.sentence}") from None


def _cannot_read(path: Path, error: sqlite3.Error) -> LedgerUnavailable:
    return LedgerUnavailable(f"the store {path.name} can't be read ({getattr(error, 'sqlite_errorname', 'error')})")

"""The log as files, laid out as C2SP tlog-tiles, for whoever verifies or keeps it elsewhere.

Works beside a running gateway: it reads on a connection that can't write, and only below a signed size, where nothing
changes any more. Tiles are made anew from the entries' bytes; the checkpoint is written last, and only if they lead to
its root. Files that are right already are left alone.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from interlock.errors import InterlockError, LedgerCorrupt, LedgerUnavailable, MalformedInput
from interlock.ledger import checkpoint as checkpoints
from interlock.ledger.merkle import Frontier, leaf_hash
from interlock.ledger.note import parse_note
from interlock.ledger.tiles import TILE_HEIGHT, TILE_WIDTH, Bundle, RightEdge, Tile, encode_bundle
from interlock.ledger.verify import CHECKPOINT_PATH
from interlock.stores.connections import open_reader
from interlock.stores.schema import LOG_ID

EARLIER: Final = "checkpoints"  # ledger.md 1.11: checkpoints/<size>, never overwritten


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export came to: the signed size, and how many files were written and how many were right already."""

    size: int
    written: int
    kept: int


def export_log(store: Path, directory: Path) -> Exported:
    """Brings `directory` up to the newest checkpoint of the store at `store`.

    Raises `InterlockError` ("no_checkpoint") while nothing is signed, `LedgerCorrupt` when the entries don't lead to
    the checkpoint or the directory holds another history, `LedgerUnavailable` when store or directory fail.
    """
    if not store.exists():
        raise LedgerUnavailable(f"there is no store {store.name}")
    try:
        with closing(open_reader(store)) as connection:
            return _export(connection, _Files(directory))
    except (sqlite3.Error, OSError) as error:
        raise LedgerUnavailable(f"the export failed ({type(error).__name__}: {_reason(error)})") from None


def _export(connection: sqlite3.Connection, files: _Files) -> Exported:
    notes = _notes(connection)
    if not notes:
        raise InterlockError("no checkpoint is signed yet; there is nothing to export", code="no_checkpoint")
    size = max(notes)
    _check_history(files, notes)
    root = _lay_out(connection, files, size, frozenset(notes))
    if checkpoints.parse(parse_note(notes[size]).text).root != root:
        raise LedgerCorrupt(f"the {size} entries don't lead to the root that was signed for them")
    for signed, note in notes.items():
        files.put_once(f"{EARLIER}/{signed}", note)
    files.sync()
    files.put(CHECKPOINT_PATH, notes[size])
    files.sync()
    return Exported(size, files.written, files.kept)


def _lay_out(connection: sqlite3.Connection, files: _Files, size: int, signed: frozenset[int]) -> bytes:
    """Writes bundles and tiles, with the partial ones of every signed size that no full one has replaced."""
    edge, frontier, pending = RightEdge(), Frontier(), list[bytes]()
    for body in _bodies(connection, size):
        pending.append(body)
        for tile, data in edge.append(leaf_hash(body)):
            files.put(tile.path, data)
        if edge.size in signed:
            _put_partials(files, edge, pending, size)
        if len(pending) == TILE_WIDTH:
            files.put(Bundle(edge.size // TILE_WIDTH - 1).path, encode_bundle(pending))
            frontier, pending = frontier.extend(leaf_hash(body) for body in pending), []
    if edge.size != size:
        raise LedgerCorrupt(f"{size} entries are signed for and {edge.size} are left")
    return frontier.extend(leaf_hash(body) for body in pending).root()


def _put_partials(files: _Files, edge: RightEdge, pending: list[bytes], size: int) -> None:
    for tile, data in edge.partials():
        if not _is_full(tile, size):
            files.put(tile.path, data)
    bundle_index, width = divmod(edge.size, TILE_WIDTH)
    if width and (bundle_index + 1) * TILE_WIDTH > size:
        files.put(Bundle(bundle_index, width).path, encode_bundle(pending))


def _is_full(tile: Tile, size: int) -> bool:
    return (tile.index + 1) * TILE_WIDTH <= size >> TILE_HEIGHT * tile.level


def _bodies(connection: sqlite3.Connection, size: int) -> Iterator[bytes]:
    """The first `size` entries, a bundle a query, so that no long read holds the write-ahead log back."""
    query = "SELECT idx, body FROM il_entry WHERE log_id = ? AND idx >= ? AND idx < ? ORDER BY idx"
    for first in range(0, size, TILE_WIDTH):
        rows = connection.execute(query, (LOG_ID, first, min(first + TILE_WIDTH, size))).fetchall()
        for offset, (idx, body) in enumerate(rows):
            if idx != first + offset or not isinstance(body, bytes):
                raise LedgerCorrupt(f"entry {first + offset} is missing from the store")
            yield body


def _notes(connection: sqlite3.Connection) -> Mapping[int, bytes]:
    query = "SELECT size, note FROM il_checkpoint WHERE log_id = ? ORDER BY size"
    return {size: note.encode() for size, note in connection.execute(query, (LOG_ID,))}


def _check_history(files: _Files, notes: Mapping[int, bytes]) -> None:
    """Refuses to write over another history: what was exported and signed once must be what is signed now."""
    exported = files.read(CHECKPOINT_PATH)
    if exported is None:
        return
    try:
        size = checkpoints.parse(parse_note(exported).text).size
    except MalformedInput:
        raise LedgerCorrupt("the directory holds a checkpoint that isn't one") from None
    if notes.get(size) != exported:
        raise LedgerCorrupt(f"the directory holds a checkpoint of {size} entries that the store doesn't have")


class _Files:
    """Files under a directory: each appears whole and on disk, or not at all."""

    def __init__(self, directory: Path) -> None:
        self._root = directory
        self._touched: set[Path] = set()
        self.written = 0
        self.kept = 0

    def read(self, path: str) -> bytes | None:
        """A file's bytes, or None."""
        try:
            return (self._root / path).read_bytes()
        except FileNotFoundError:
            return None

    def put(self, path: str, data: bytes) -> None:
        """Writes a file unless it is right already: temporary file, fsync, rename."""
        if self.read(path) == data:
            self.kept += 1
            return
        place = self._root / path
        self._make(place.parent)
        new = place.with_name(place.name + ".new")
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(place)
        self._touched.add(place.parent)
        self.written += 1

    def put_once(self, path: str, data: bytes) -> None:
        """Writes a file that is never written over; raises `LedgerCorrupt` when another is there."""
        if self.read(path) not in (None, data):
            raise LedgerCorrupt(f"{path} in the directory is another checkpoint than the store's")
        self.put(path, data)

    def sync(self) -> None:
        """Puts on disk that the files are there."""
        for directory in sorted(self._touched):
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._touched.clear()

    def _make(self, directory: Path) -> None:
        if directory.is_dir():
            return
        if directory != self._root:
            self._make(directory.parent)
        directory.mkdir(parents=directory == self._root, exist_ok=True)
        self._touched.add(directory.parent)


def _reason(error: sqlite3.Error | OSError) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else getattr(error, "sqlite_errorname", "")

"""A disk that is full or fails, a store that another process has locked: the answer is no, and then service resumes."""

from __future__ import annotations

import asyncio
import resource
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from tests.stores.a_store import Bench, approving, denied, opened, opening, redeeming, review

from interlock.errors import Conflict, LedgerCorrupt, LedgerUnavailable
from interlock.ledger.entry import parse_entry
from interlock.model.change import Unit
from interlock.model.entry import EntryType
from interlock.model.review import ReviewState
from interlock.stores.connections import open_writer

SHORT = partial(open_writer, busy_seconds=0.05)


class LimitedDisk:
    """Gives connections to a disk of so many pages: SQLite itself answers that it is full."""

    def __init__(self) -> None:
        self._given: list[sqlite3.Connection] = []

    def connect(self, path: Path) -> sqlite3.Connection:
        """A writing connection, remembered."""
        self._given.append(open_writer(path))
        return self._given[-1]

    def limit(self, pages: int) -> None:
        """From now on the store may have so many pages; 0: as many as it has."""
        (writer,) = self._given
        pages = pages or writer.execute("PRAGMA page_count").fetchone()[0]
        writer.execute(f"PRAGMA max_page_count = {pages}")


async def _entries(bench: Bench) -> list[EntryType]:
    size, _ = await bench.store.head()
    return [parse_entry(body).type for body in await bench.store.entries(0, size)]


async def test_a_full_disk_refuses_and_service_resumes(tmp_path: Path) -> None:
    disk, held = LimitedDisk(), review()
    async with opened(tmp_path / "s.db", connect=disk.connect) as bench:
        await bench.store.commit(opening(held))
        await bench.store.commit(approving(held))
        disk.limit(0)
        big = Unit(tuple(denied(text="x" * 4000).entries[0] for _ in range(50)))
        with pytest.raises(LedgerUnavailable, match="full"):
            await bench.store.commit(big)
        with pytest.raises(LedgerUnavailable, match="full"):
            await bench.store.commit(Unit(big.entries, redeeming(held).changes))
        found = await bench.store.records.review(held.id)
        assert found is not None and found.state is ReviewState.APPROVED
        before = await _entries(bench)
        disk.limit(1_000_000)
        receipt = await bench.store.commit(big)
        assert await _entries(bench) == [*before, *[EntryType.ACTION_DENIED] * 50, EntryType.NODE_SEAL]
        assert await bench.store.commit(big) == receipt
        await bench.store.commit(redeeming(held))
    async with opened(tmp_path / "s.db"):
        pass  # the start-up check passes


async def test_a_batch_on_a_full_disk_fails_whole_and_in_order(tmp_path: Path) -> None:
    disk = LimitedDisk()
    async with opened(tmp_path / "s.db", connect=disk.connect) as bench:
        await bench.store.commit(denied())
        disk.limit(0)
        units = [denied(text="y" * 3000) for _ in range(300)]
        failed = await asyncio.gather(*map(bench.store.commit, units), return_exceptions=True)
        lost = [unit for unit, answer in zip(units, failed, strict=True) if isinstance(answer, LedgerUnavailable)]
        assert len(lost) > 200
        disk.limit(1_000_000)
        await asyncio.gather(*map(bench.store.commit, units))
        types = await _entries(bench)
    assert types.count(EntryType.ACTION_DENIED) == 301


async def test_another_process_holding_the_lock_refuses_and_service_resumes(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db", connect=SHORT) as bench:
        await bench.store.commit(denied())
        with closing(sqlite3.connect(bench.path, isolation_level=None)) as foreign:
            foreign.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerUnavailable, match="lock"):
                await bench.store.commit(denied())
            foreign.execute("ROLLBACK")
        await bench.store.commit(denied())
        assert (await _entries(bench)).count(EntryType.ACTION_DENIED) == 2


@contextmanager
def _no_file_may_grow_past(size: int) -> Iterator[None]:
    """The kernel refuses writes beyond `size` in any file of this process (EFBIG), as a failing disk does."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, ignored)


async def test_a_failing_disk_refuses_and_service_resumes(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(denied())
        written = (tmp_path / "s.db-wal").stat().st_size
        units = [denied(text="z" * 5000) for _ in range(20)]
        with _no_file_may_grow_past(written + 6000):
            answers = await asyncio.gather(*map(bench.store.commit, units), return_exceptions=True)
        assert isinstance(answers[-1], LedgerUnavailable)
        await asyncio.gather(*map(bench.store.commit, units))
        assert (await _entries(bench)).count(EntryType.ACTION_DENIED) == 21
    async with opened(tmp_path / "s.db"):
        pass


class Unsure(sqlite3.Connection):
    """A connection whose next COMMIT reports a failure, landed or not; then `lost` looks at the head fail too."""

    land = False
    armed = False
    lost = 0

    def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
        kind = type(self)
        if sql == "COMMIT" and kind.armed:
            kind.armed = False
            super().execute("COMMIT" if kind.land else "ROLLBACK")
            raise _failure()
        if kind.lost and not kind.armed and "il_head" in sql:
            kind.lost -= 1
            raise _failure()
        return super().execute(sql, *parameters)  # type: ignore[arg-type]


def _failure() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
    return error


def _unsure(*, land: bool, lost: int) -> type[Unsure]:
    return type("UnsureNow", (Unsure,), {"land": land, "lost": lost, "armed": False})


def _connect(kind: type[Unsure], path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=kind)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


async def test_a_commit_that_failed_but_landed_is_acknowledged(tmp_path: Path) -> None:
    kind = _unsure(land=True, lost=0)
    async with opened(tmp_path / "s.db", connect=partial(_connect, kind)) as bench:
        await bench.store.commit(denied())
        kind.armed = True
        receipt = await bench.store.commit(denied())
        assert receipt.entries[0][0] == 2
        await bench.store.commit(denied())
    async with opened(tmp_path / "s.db"):
        pass


async def test_a_commit_that_failed_and_did_not_land_is_refused(tmp_path: Path) -> None:
    kind, unit = _unsure(land=False, lost=0), denied()
    async with opened(tmp_path / "s.db", connect=partial(_connect, kind)) as bench:
        await bench.store.commit(denied())
        kind.armed = True
        with pytest.raises(LedgerUnavailable):
            await bench.store.commit(unit)
        assert (await bench.store.commit(unit)).entries[0][0] == 2
    async with opened(tmp_path / "s.db"):
        pass


@pytest.mark.parametrize("land", [True, False])
async def test_a_commit_nobody_knows_of_is_settled_before_the_next(tmp_path: Path, land: bool) -> None:
    """The caller is told no, asks again with the same ids, and the entries lie in the log once."""
    kind, held = _unsure(land=land, lost=3), review()
    unit = opening(held)
    async with opened(tmp_path / "s.db", connect=partial(_connect, kind)) as bench:
        kind.lost, lost = 0, 3
        await bench.store.commit(denied())
        listener = bench.bell.listen()
        kind.armed, kind.lost = True, lost
        with pytest.raises(LedgerUnavailable):
            await bench.store.commit(unit)
        while kind.lost:
            with pytest.raises(LedgerUnavailable):
                await bench.store.commit(unit)
        receipt = await bench.store.commit(unit)
        assert receipt.entries[0][0] == 2
        assert await anext(listener) == held.id
        assert (await _entries(bench)).count(EntryType.ACTION_DENIED) == 2
    async with opened(tmp_path / "s.db"):
        pass


async def test_a_head_moved_by_another_stops_the_writer_for_good(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(denied())
        with closing(sqlite3.connect(bench.path, isolation_level=None)) as foreign:
            (size, frontier) = foreign.execute("SELECT size, frontier FROM il_head").fetchone()
            foreign.execute("UPDATE il_head SET size = 0, frontier = zeroblob(8)")
            with pytest.raises(LedgerCorrupt):
                await bench.store.commit(denied())
            foreign.execute("UPDATE il_head SET size = ?, frontier = ?", (size, frontier))
        with pytest.raises(LedgerCorrupt):
            await bench.store.commit(denied())


async def test_entries_slipped_in_beyond_the_head_stop_the_writer(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(denied())
        with closing(sqlite3.connect(bench.path, isolation_level=None)) as foreign:
            foreign.execute("INSERT INTO il_entry SELECT 1, 2, 'slipped', leaf, body FROM il_entry WHERE idx = 0")
        with pytest.raises(LedgerCorrupt):
            await bench.store.commit(denied())


async def test_a_guard_that_failed_is_told_from_a_disk_that_did(tmp_path: Path) -> None:
    disk, held = LimitedDisk(), review()
    async with opened(tmp_path / "s.db", connect=disk.connect) as bench:
        await bench.store.commit(denied())
        disk.limit(0)
        with pytest.raises(Conflict):
            await bench.store.commit(redeeming(held))

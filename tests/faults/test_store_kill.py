"""Promise 1's ground: what was acknowledged is in the log after the process was killed at any moment."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.stores.a_store import opened

from interlock.ledger.entry import parse_entry
from interlock.ledger.merkle import leaf_hash

ROOT = Path(__file__).resolve().parents[2]
CALLERS = 16


def _kill_after(store: Path, acknowledged: int) -> list[tuple[str, int, str]]:
    """Lets a writer go until it has told of so many entries, kills it, and returns all that it told of."""
    command = [sys.executable, "-m", "tests.faults.store_child", str(store), str(CALLERS)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as child:
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(acknowledged)]
        child.kill()
        told += child.stdout.readlines()
        child.wait()
    assert child.returncode == -9, "the child ended before it was killed"
    whole = [line for line in told if line.endswith("\n")]  # the last may be cut
    return [(id_, int(index), leaf) for id_, index, leaf in (line.split() for line in whole)]


async def _check(store: Path, acknowledged: list[tuple[str, int, str]]) -> None:
    async with opened(store) as bench:
        size, _ = await bench.store.head()
        bodies: list[bytes] = []
        while len(bodies) < size:
            bodies += await bench.store.entries(len(bodies), 4096)
    for id_, index, leaf in acknowledged:
        assert leaf_hash(bodies[index]).hex() == leaf
        assert parse_entry(bodies[index]).id == id_


async def _kill_loop(store: Path, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    acknowledged: list[tuple[str, int, str]] = []
    for _ in range(rounds):
        acknowledged += _kill_after(store, chance.randrange(1, 400))
        await _check(store, acknowledged)


async def test_nothing_acknowledged_is_lost_to_a_kill(tmp_path: Path) -> None:
    await _kill_loop(tmp_path / "s.db", 3, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
async def test_nothing_acknowledged_is_lost_to_many_kills(tmp_path: Path, seed: int) -> None:
    await _kill_loop(tmp_path / "s.db", 15, seed)


async def test_a_write_ahead_log_cut_anywhere_leaves_a_whole_prefix(tmp_path: Path) -> None:
    """What a power cut leaves: SQLite's log ends somewhere. Whole flushes count, a half one never."""
    store, chance = tmp_path / "s.db", random.Random(7)
    acknowledged = _kill_after(store, 200)
    wal = tmp_path / "s.db-wal"
    length, sizes = wal.stat().st_size, []
    for number in range(12):
        cut = tmp_path / f"cut{number}"
        cut.mkdir()
        shutil.copy(store, cut / "s.db")
        shutil.copy(wal, cut / "s.db-wal")
        os.truncate(cut / "s.db-wal", 0 if number == 0 else chance.randrange(length))
        async with opened(cut / "s.db") as bench:
            sizes.append((await bench.store.head())[0])
    await _check(store, acknowledged)
    assert len(set(sizes)) > 3, "the cuts all fell into one flush; nothing was tried"

"""Ledger appends: entries made durable in a second on SQLite, every caller waiting for its own.

Budget: 10,000 a second with every caller waiting (design, section 10). The peer is bare SQLite on the same disk: rows
of about as many bytes, as many to a commit as there are callers, nothing hashed, chained or signed.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from time import perf_counter

import uvloop

from bench.ground import Ground
from bench.report import Budget, Peer, Result, at_least
from interlock.ledger.authority import Authority
from interlock.ledger.note import parse_vkey
from interlock.model.change import Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.names import EntryId
from interlock.stores.bell import LocalBell
from interlock.stores.clock import SystemClock
from interlock.stores.connections import open_writer
from interlock.stores.entropy import SystemEntropy
from interlock.stores.keys import create_keys, load_keys
from interlock.stores.sqlite import SqliteStore, Trust

SECONDS = 3.0
CALLERS: tuple[tuple[int, Budget | None], ...] = ((512, at_least(10_000)), (1, None))
ENTRY_BYTES = 900  # about what a release takes


def run(ground: Ground) -> list[Result]:
    """Appends a second by numbers of callers."""
    results = []
    for callers, budget in CALLERS:
        directory = ground.directory / f"appends-{callers}"
        rate = uvloop.run(_appends(directory, callers))
        peer = Peer("bare SQLite", _bare(directory / "bare.db", callers))
        mode = "1 caller" if callers == 1 else f"{callers} callers, all waiting"
        results.append(Result("ledger_appends", f"{mode}, SQLite FULL sync", rate, "/s", peer, budget))
    return results


async def _appends(directory: Path, callers: int) -> float:
    store, entropy = await _store(directory)
    try:
        begun = perf_counter()
        counts = await asyncio.gather(*(_caller(store, entropy, begun + SECONDS) for _ in range(callers)))
        return sum(counts) / (perf_counter() - begun)
    finally:
        await store.close()


async def _caller(store: SqliteStore, entropy: SystemEntropy, until: float) -> int:
    count = 0
    while perf_counter() < until:
        await store.commit(Unit((_release(entropy),)))
        count += 1
    return count


async def _store(directory: Path) -> tuple[SqliteStore, SystemEntropy]:
    entropy, clock = SystemEntropy(), SystemClock()
    create_keys(directory / "keys", "interlock.local/bench/1", "n1", entropy)
    keys = load_keys(directory / "keys")
    store = await SqliteStore.open(
        directory / "interlock.db",
        node="n1",
        signer=keys.node,
        trust=Trust((parse_vkey(keys.public()["node"]),), parse_vkey(keys.public()["log"])),
        authority=Authority(),
        entropy=entropy,
        clock=clock,
        bell=LocalBell(),
    )
    return store, entropy


def _release(entropy: SystemEntropy) -> Draft:
    """An entry like the one that the gate writes for a masked read."""
    d = {
        "connection": "bench",
        "verbs": ["sql.select"],
        "resources": ["bench/public.people"],
        "labels": ["phi.mrn", "phi.name.given"],
        "filters": [],
        "writes": [],
        "statements": ["SELECT given_name, mrn, city FROM people WHERE id = ?"],
        "masks": ["phi.mrn", "phi.name.given"],
        "review": "",
        "digest": "",
        "bundle": "0" * 64,
    }
    return Draft(id=EntryId(entropy.uuid7()), type=EntryType.ACTION_RELEASED, d=d, act=entropy.uuid7())


def _bare(path: Path, rows: int) -> float:
    with closing(open_writer(path)) as connection:  # with the store's own pragmas
        connection.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, body BLOB)")
        begun, count = perf_counter(), 0
        while perf_counter() < begun + SECONDS / 3:
            _commit(connection, [(b"x" * ENTRY_BYTES,)] * rows)
            count += rows
        return count / (perf_counter() - begun)


def _commit(connection: sqlite3.Connection, rows: list[tuple[bytes]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO entry (body) VALUES (?)", rows)
    connection.execute("COMMIT")

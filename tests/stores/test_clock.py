"""The clock never goes below its floor, and goes on from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.stores.a_store import ENTROPY, NODE, NODE_SIGNER, NOW, TRUST, denied

from interlock.ledger.authority import Authority
from interlock.ledger.entry import parse_entry
from interlock.stores.bell import LocalBell
from interlock.stores.clock import SystemClock
from interlock.stores.sqlite import SqliteStore

HOUR = timedelta(hours=1)


@dataclass
class Machine:
    """A machine's two clocks; one can be set, the other only goes on."""

    at: datetime = NOW
    counted: float = 1000.0

    def clock(self) -> SystemClock:
        """The store's clock on this machine."""
        return SystemClock(system=lambda: self.at, monotonic=lambda: self.counted)

    def goes_on(self, seconds: float) -> None:
        """Time passes."""
        self.at += timedelta(seconds=seconds)
        self.counted += seconds


def test_without_a_floor_it_is_the_machines_clock() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.at -= HOUR
    assert clock.now() == NOW - HOUR
    assert SystemClock().now().tzinfo is UTC


def test_setting_the_clock_back_neither_revives_nor_stops_time() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.raise_floor(NOW)
    machine.at -= HOUR
    assert clock.now() == NOW
    machine.goes_on(600)
    assert clock.now() == NOW + timedelta(seconds=600)
    machine.at = NOW + HOUR
    assert clock.now() == NOW + HOUR


def test_a_floor_is_never_lowered() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.raise_floor(NOW + HOUR)
    machine.goes_on(10)
    clock.raise_floor(NOW)
    clock.raise_floor(NOW + HOUR)
    assert clock.now() == NOW + HOUR + timedelta(seconds=10)


async def _store(path: Path, clock: SystemClock) -> SqliteStore:
    return await SqliteStore.open(
        path,
        node=NODE,
        signer=NODE_SIGNER,
        trust=TRUST,
        authority=Authority(),
        entropy=ENTROPY,
        clock=clock,
        bell=LocalBell(),
    )


async def test_the_newest_entry_is_the_floor_at_once_and_after_a_restart(tmp_path: Path) -> None:
    machine = Machine()
    clock = machine.clock()
    store = await _store(tmp_path / "s.db", clock)
    machine.goes_on(600)
    await store.commit(denied())
    machine.at -= HOUR
    assert clock.now() == NOW + timedelta(seconds=600)
    await store.close()
    machine.counted = 0.0  # the machine was started anew, its clock still set back
    clock = machine.clock()
    assert clock.now() < NOW
    store = await _store(tmp_path / "s.db", clock)
    assert clock.now() == NOW + timedelta(seconds=600)
    machine.goes_on(1)
    await store.commit(denied())
    times = [parse_entry(body).ts for body in await store.entries(0, 9)]
    await store.close()
    assert times == sorted(times)
    assert times[-1] == NOW + timedelta(seconds=601)

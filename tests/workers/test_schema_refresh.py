"""The refresher, with a watch and a loader that say what the test wants: no upstream is needed to judge it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from interlock.errors import UpstreamFailed
from interlock.model.snapshot import Snapshot
from interlock.workers.schema_refresh import SchemaRefresh


class Upstream:
    """A stand-in for both the watch and the loader."""

    def __init__(self) -> None:
        self.current = "one"
        self.version: str | None = None
        self.looks = 0
        self.loads = 0
        self.broken = False
        self.closed = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.looked = asyncio.Event()

    async def mark(self) -> str:
        self.looks += 1
        self.looked.set()
        mark = self.current
        await self.gate.wait()
        if self.broken:
            raise UpstreamFailed("gone")
        return mark

    async def close(self) -> None:
        self.closed = True

    async def load(self) -> Snapshot:
        self.loads += 1
        version = self.version or self.current
        return Snapshot(version, 180000, (), frozenset(), frozenset(), frozenset(), ("public",))


def _refresh(upstream: Upstream, changed: Callable[[Snapshot], None]) -> SchemaRefresh:
    return SchemaRefresh(upstream, upstream.load, changed, interval=0.001)


async def test_it_loads_once_and_again_only_when_the_mark_moves() -> None:
    upstream, seen = Upstream(), list[Snapshot]()
    refresh = _refresh(upstream, seen.append)
    await refresh.refresh_now()
    await refresh.refresh_now()
    assert [s.version for s in seen] == ["one"]
    upstream.current = "two"
    await refresh.refresh_now()
    assert [s.version for s in seen] == ["one", "two"]
    assert upstream.loads == 2


async def test_a_mark_that_moved_without_a_change_isnt_handed_on() -> None:
    upstream, seen = Upstream(), list[Snapshot]()
    upstream.version = "same"
    refresh = _refresh(upstream, seen.append)
    await refresh.refresh_now()
    upstream.current = "two"
    await refresh.refresh_now()
    assert upstream.loads == 2
    assert len(seen) == 1


async def test_a_failure_is_raised_and_the_next_look_loads() -> None:
    upstream, seen = Upstream(), list[Snapshot]()
    refresh = _refresh(upstream, seen.append)
    upstream.broken = True
    with pytest.raises(UpstreamFailed):
        await refresh.refresh_now()
    assert seen == []
    upstream.broken = False
    await refresh.refresh_now()
    assert len(seen) == 1


async def test_a_look_that_began_before_the_call_isnt_enough() -> None:
    """A change made while a look is under way may have been missed by it, so whoever asks then gets a newer look."""
    upstream, seen = Upstream(), list[Snapshot]()
    refresh = _refresh(upstream, seen.append)
    upstream.gate.clear()
    early = asyncio.create_task(refresh.refresh_now())
    await upstream.looked.wait()
    upstream.current = "two"
    late = [asyncio.create_task(refresh.refresh_now()) for _ in range(20)]
    await asyncio.sleep(0)
    upstream.gate.set()
    await asyncio.gather(early, *late)
    assert seen[-1].version == "two"
    assert upstream.looks == 2, "those who waited together share one look"


async def test_it_runs_until_told_to_stop_and_closes_the_watch() -> None:
    upstream = Upstream()
    arrived = asyncio.Queue[str]()
    refresh = _refresh(upstream, lambda snapshot: arrived.put_nowait(snapshot.version))
    stop = asyncio.Event()
    running = asyncio.create_task(refresh.run(stop))
    async with asyncio.timeout(10):
        assert await arrived.get() == "one"
        upstream.broken = True
        upstream.current = "two"
        seen = upstream.looks
        while upstream.looks == seen:
            upstream.looked.clear()
            await upstream.looked.wait()
        upstream.broken = False
        assert await arrived.get() == "two"
        stop.set()
        await running
    assert upstream.closed


async def test_cancelling_it_closes_the_watch() -> None:
    upstream = Upstream()
    refresh = _refresh(upstream, lambda _: None)
    running = asyncio.create_task(refresh.run(asyncio.Event()))
    await upstream.looked.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert upstream.closed

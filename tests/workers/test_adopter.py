"""The adopter looks when something moves, looks again after a failure, and ends when told to."""

from __future__ import annotations

import asyncio

import pytest

from interlock.errors import LedgerUnavailable
from interlock.model.names import ReviewId
from interlock.stores.bell import LocalBell
from interlock.workers import adopter


class Looks:
    """Counts; fails as often as `failures` says."""

    def __init__(self, failures: int = 0) -> None:
        self.count = 0
        self._failures = failures
        self._counted = asyncio.Condition()

    async def __call__(self) -> int:
        """One look."""
        async with self._counted:
            self.count += 1
            self._counted.notify_all()
        if self.count <= self._failures:
            raise LedgerUnavailable("the disk is full")
        return 0

    async def reach(self, count: int) -> None:
        """Returns when there were so many."""
        async with self._counted, asyncio.timeout(10):
            await self._counted.wait_for(lambda: self.count >= count)


async def test_it_looks_at_once_and_at_every_move_and_ends() -> None:
    bell, stop, looks = LocalBell(), asyncio.Event(), Looks()
    worker = asyncio.create_task(adopter.run(looks, bell.listen, stop))
    await looks.reach(1)
    for count in (2, 3):
        bell.ring(ReviewId("r"))
        await looks.reach(count)
    stop.set()
    bell.close()
    await asyncio.wait_for(worker, 10)


async def test_a_move_during_a_look_is_looked_at() -> None:
    bell, stop = LocalBell(), asyncio.Event()
    looks = 0

    async def look() -> int:
        nonlocal looks
        looks += 1
        if looks == 1:
            bell.ring(ReviewId("r"))
        else:
            stop.set()
            bell.close()
        return 0

    async with asyncio.timeout(adopter.INTERVAL * 0.9):  # by then it would look anyway
        await adopter.run(look, bell.listen, stop)
    assert looks == 2


async def test_it_tries_again_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adopter, "INTERVAL", 0.01)
    bell, stop, looks = LocalBell(), asyncio.Event(), Looks(failures=2)
    worker = asyncio.create_task(adopter.run(looks, bell.listen, stop))
    await looks.reach(4)
    stop.set()
    bell.close()
    await asyncio.wait_for(worker, 10)


async def test_it_looks_only_for_what_concerns_it_and_once_for_a_moment() -> None:
    bell, stop, looks = LocalBell(), asyncio.Event(), Looks()
    heard: list[str] = []

    def concerns(review: ReviewId) -> bool:
        heard.append(review)
        return review == "ours"

    worker = asyncio.create_task(adopter.run(looks, bell.listen, stop, concerns))
    await looks.reach(1)
    for review in ("theirs", "another", "ours", "ours too"):
        bell.ring(ReviewId(review))
    await looks.reach(2)
    assert heard == ["theirs", "another", "ours"] and looks.count == 2
    stop.set()
    bell.close()
    await asyncio.wait_for(worker, 10)

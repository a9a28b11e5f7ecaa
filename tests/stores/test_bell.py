"""Waiters and listeners."""

from __future__ import annotations

import asyncio

from interlock.model.names import ReviewId
from interlock.ports import Bell
from interlock.stores import bell as bells
from interlock.stores.bell import LocalBell

R1, R2 = ReviewId("r1"), ReviewId("r2")
LONG = 60.0


async def _waiting(bell: Bell, review: ReviewId, seconds: float = LONG) -> asyncio.Task[None]:
    task = asyncio.ensure_future(bell.wait(review, seconds))
    await asyncio.sleep(0)
    return task


async def test_a_ring_wakes_all_who_wait_for_the_review() -> None:
    bell = LocalBell()
    waiting = [await _waiting(bell, R1) for _ in range(3)]
    other = await _waiting(bell, R2)
    bell.ring(R1)
    await asyncio.gather(*waiting)
    assert not other.done()
    other.cancel()


async def test_a_wait_ends_by_itself() -> None:
    bell = LocalBell()
    await bell.wait(R1, 0.001)
    await bell.wait(R1, 0)
    await bell.wait(R1, -1)


async def test_a_ring_just_before_the_wait_is_not_lost() -> None:
    bell = LocalBell()
    bell.ring(R1)
    await asyncio.wait_for(bell.wait(R1, LONG), 10)


async def test_a_cancelled_wait_leaves_nothing_behind() -> None:
    bell = LocalBell()
    task = await _waiting(bell, R1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert bell._waiters == {}


async def test_rings_long_past_are_forgotten() -> None:
    bell = LocalBell()
    for i in range(100):
        bell.ring(ReviewId(f"r{i}"))
    await bell.wait(R1, bells.RECENT_SECONDS * 1.1)
    await bell.wait(ReviewId("never"), bells.RECENT_SECONDS * 1.1)
    bell.ring(R2)
    assert list(bell._recent) == [R2]


async def test_listeners_hear_every_review_and_repeats_merge() -> None:
    bell = LocalBell()
    one, two = bell.listen(), bell.listen()
    for review in (R1, R2, R1):
        bell.ring(review)
    for listener in (one, two):
        assert [await anext(listener), await anext(listener)] == [R1, R2]
    bell.ring(R1)
    assert await anext(one) == R1


async def test_a_listener_ends_when_closed() -> None:
    bell = LocalBell()
    listener = bell.listen()
    bell.ring(R1)
    await listener.aclose()
    bell.ring(R2)
    assert [review async for review in listener] == [R1]


async def test_closing_the_bell_ends_those_who_wait_to_hear() -> None:
    bell = LocalBell()
    listener = bell.listen()
    heard = asyncio.ensure_future(_all(listener))
    await asyncio.sleep(0)
    bell.close()
    assert await heard == []


async def test_a_listener_too_slow_is_ended_not_grown() -> None:
    bell = LocalBell()
    listener = bell.listen()
    for i in range(bells.LISTENER_LIMIT + 10):
        bell.ring(ReviewId(f"r{i}"))
    assert len(await _all(listener)) == bells.LISTENER_LIMIT


async def test_a_dropped_listener_is_forgotten() -> None:
    bell = LocalBell()
    bell.listen()
    assert len(bell._listeners) == 0


async def _all(listener: bells.Listener) -> list[ReviewId]:
    return [review async for review in listener]

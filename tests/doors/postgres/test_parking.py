"""Slots: who gets one, who waits, who gives one up."""

from __future__ import annotations

import asyncio

import pytest

from interlock.doors.postgres import parking
from interlock.doors.postgres.parking import NoSlot, Places, Share, Slots


class Holder:
    """Has a slot until it is parked."""

    def __init__(self, slots: Places) -> None:
        self.slots = slots
        self.parked = False

    def park(self) -> None:
        self.parked = True
        self.slots.give()


async def queued(slots: Slots, waiting: int) -> None:
    async with asyncio.timeout(5):
        while slots.waiting != waiting:
            await asyncio.sleep(0)


async def test_who_comes_first_gets_the_first_that_is_free() -> None:
    slots = Slots(1)
    await slots.take()
    got: list[int] = []

    async def want(number: int) -> None:
        await slots.take()
        got.append(number)
        slots.give()

    tasks = []
    for number in range(3):
        tasks.append(asyncio.create_task(want(number)))
        await queued(slots, number + 1)
    slots.give()
    await asyncio.gather(*tasks)
    assert got == [0, 1, 2] and slots.taken == 0


async def test_the_longest_at_rest_gives_its_slot_up() -> None:
    slots = Slots(2)
    first, second = Holder(slots), Holder(slots)
    for holder in (first, second):
        await slots.take()
        slots.rests(holder, held=False)
    await slots.take()
    assert (first.parked, second.parked, slots.taken) == (True, False, 2)
    slots.works(second)
    task = asyncio.create_task(slots.take())
    await queued(slots, 1)
    assert not second.parked
    slots.rests(second, held=False)  # at once, since somebody waits
    await task
    assert second.parked and slots.taken == 2
    slots.close()


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parking, "QUEUE_SECONDS", 0.01)
    slots = Slots(1)
    await slots.take()
    with pytest.raises(NoSlot, match="came free within"):
        await slots.take()
    assert slots.waiting == 0
    slots.give()
    await slots.take()
    assert slots.taken == 1


async def test_so_many_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parking, "MAX_WAITERS", 2)
    slots = Slots(1)
    await slots.take()
    tasks = [asyncio.create_task(slots.take()) for _ in range(2)]
    await queued(slots, 2)
    with pytest.raises(NoSlot, match="wait for a session"):
        await slots.take()
    tasks[0].cancel()  # who leaves makes room, and loses nothing
    await queued(slots, 1)
    slots.give()
    await tasks[1]
    assert slots.taken == 1 and slots.waiting == 0


async def test_a_slot_that_comes_as_its_waiter_leaves_isnt_lost() -> None:
    slots = Slots(1)
    await slots.take()
    task = asyncio.create_task(slots.take())
    await queued(slots, 1)
    slots.give()  # it is this waiter's now
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slots.taken == 0


@pytest.mark.parametrize(("most", "held", "parked"), [(100, True, True), (100, False, False), (1, False, True)])
async def test_after_a_minute_of_rest(monkeypatch: pytest.MonkeyPatch, most: int, held: bool, parked: bool) -> None:
    """Whose request is held gives its slot up; who is idle only where slots are short."""
    monkeypatch.setattr(parking, "PARK_SECONDS", 0.0)
    monkeypatch.setattr(parking, "LOOK_SECONDS", 0.001)
    slots = Slots(most)
    holder = Holder(slots)
    await slots.take()
    looks = 0
    looked = Slots._looked

    def counted(self: Slots) -> None:
        nonlocal looks
        looked(self)
        looks += 1

    monkeypatch.setattr(Slots, "_looked", counted)
    slots.rests(holder, held=held)
    async with asyncio.timeout(5):
        while not looks:
            await asyncio.sleep(0.001)
    assert holder.parked is parked
    slots.close()


async def test_one_actor_leaves_some_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parking, "QUEUE_SECONDS", 0.01)
    slots = Slots(4)
    greedy, modest = Share(slots, 4), Share(slots, 4)
    for _ in range(3):
        await greedy.take()
    with pytest.raises(NoSlot):
        await greedy.take()
    assert (greedy.taken, slots.taken, slots.waiting) == (3, 3, 0)
    await modest.take()
    assert slots.taken == 4


async def test_an_actor_s_own_at_rest_makes_room_for_it() -> None:
    slots = Slots(4)
    share = Share(slots, 4)
    for _ in range(2):
        await share.take()
    await share.take()
    resting = Holder(share)
    share.rests(resting, held=False)
    await share.take()
    assert resting.parked and share.taken == 3 and slots.taken == 3


async def test_who_waited_in_vain_has_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parking, "QUEUE_SECONDS", 0.01)
    slots = Slots(1)
    mine, theirs = Share(slots, 1), Share(slots, 1)
    await mine.take()
    with pytest.raises(NoSlot):
        await theirs.take()
    assert (mine.taken, theirs.taken, slots.taken) == (1, 0, 1)

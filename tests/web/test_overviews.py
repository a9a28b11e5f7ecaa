"""Overviews are shared: one is worked out at a time, off the event loop, and good for ten seconds."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from tests.ledger.test_figures import Story
from tests.web.in_memory import Office

from interlock.ledger.fatigue import Overview
from interlock.web.overviews import GOOD_FOR, MOST, Overviews


@dataclass
class Counted:
    """Figures that say which lengths were prepared where, and worked out where. With `gate`, work waits for it."""

    story: Story = field(default_factory=Story)
    prepared_in: list[int] = field(default_factory=list)
    worked: list[tuple[timedelta, int]] = field(default_factory=list)
    gate: threading.Event | None = None
    at_once: int = 0
    most_at_once: int = 0
    breaks: bool = False

    def prepared(self, length: timedelta, now: datetime) -> Callable[[], Overview]:
        self.prepared_in.append(threading.get_ident())
        work = self.story.figures.prepared(length, now)

        def all_of_it() -> Overview:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            assert self.gate is None or self.gate.wait(30)
            self.at_once -= 1
            self.worked.append((length, threading.get_ident()))
            if self.breaks:
                raise ValueError("broken")
            return work()

        return all_of_it


async def test_it_is_worked_out_once_and_elsewhere(office: Office) -> None:
    overviews, counted = Overviews(), Counted(gate=threading.Event())
    asking = [asyncio.create_task(overviews.over(counted, 7, office.clock)) for _ in range(20)]
    other = asyncio.create_task(overviews.over(counted, 30, office.clock))
    await asyncio.sleep(0)
    asking[0].cancel()  # whoever asked first goes away: the others get it all the same
    assert counted.gate is not None
    counted.gate.set()
    found = await asyncio.gather(*asking[1:], other)
    assert len({id(each) for each in found}) == 2 and counted.most_at_once == 1
    here = threading.get_ident()
    assert [length.days for length, _ in counted.worked] == [7, 30]
    assert counted.prepared_in == [here, here] and here not in {where for _, where in counted.worked}


async def test_it_is_good_for_ten_seconds(office: Office) -> None:
    overviews, counted = Overviews(), Counted()
    first = await overviews.over(counted, 7, office.clock)
    office.clock.pass_time(GOOD_FOR - timedelta(microseconds=1))
    assert await overviews.over(counted, 7, office.clock) is first
    office.clock.pass_time(timedelta(microseconds=1))
    later = await overviews.over(counted, 7, office.clock)
    assert later.until == first.until + GOOD_FOR and len(counted.worked) == 2
    office.clock.pass_time(-timedelta(hours=1))  # a clock that was put back
    assert (await overviews.over(counted, 7, office.clock)).until < first.until


async def test_what_is_kept_has_a_bound(office: Office) -> None:
    overviews, counted = Overviews(), Counted()
    for days in range(1, MOST + 2):
        await overviews.over(counted, days, office.clock)
    await overviews.over(counted, MOST + 1, office.clock)
    assert len(counted.worked) == MOST + 1
    await overviews.over(counted, 1, office.clock)
    assert len(counted.worked) == MOST + 2


async def test_what_broke_is_tried_again(office: Office) -> None:
    overviews, counted = Overviews(), Counted(breaks=True)
    with pytest.raises(ValueError, match="broken"):
        await overviews.over(counted, 7, office.clock)
    counted.breaks = False
    assert await overviews.over(counted, 7, office.clock)


def test_what_was_prepared_stays_as_it_was() -> None:
    story = Story()
    story.opened(1).opened(2).seen(2, "remy").after(90).vote(2, "remy", "denied")
    now, month = story.node.now, timedelta(days=30)
    before, work = story.figures.over(month, now), story.figures.prepared(month, now)
    story.seen(1, "remy").vote(1, "remy").opened(3)
    assert work() == before != story.figures.over(month, now)

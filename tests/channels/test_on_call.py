"""Who is on call: asked once a minute, known for a quarter of an hour through an outage, then not known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from testkit.http_service import Fault, Reply
from testkit.opsgenie import Opsgenie as OpsgenieService
from testkit.pagerduty import PagerDuty as PagerDutyService
from tests.channels.a_told_review import outgoing, told
from tests.stores.a_store import HandClock

from interlock.channels.on_call import OnCall, Pager
from interlock.channels.opsgenie import Opsgenie
from interlock.channels.pagerduty import PagerDuty
from interlock.errors import ServiceAway
from interlock.model.channel_settings import PagerSettings
from interlock.model.names import PersonId
from interlock.model.secret import Secret

DANA, REMY = frozenset({PersonId("dana")}), frozenset({PersonId("remy")})
ACCOUNTS = {
    ("pagerduty", "UDANA"): PersonId("dana"),
    ("opsgenie", "remy@clinic.test"): PersonId("remy"),
    ("pagerduty", "UREMY"): PersonId("remy"),
}


@dataclass
class Place:
    clock: HandClock
    duty: PagerDutyService
    genie: OpsgenieService
    on_call: OnCall


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    duty, genie = PagerDutyService("key", "routing"), OpsgenieService("key")
    duty.on_call["SCHED"], genie.on_call["DBAs"] = ["UDANA"], ["remy@clinic.test"]
    async with told(tmp_path) as about, duty.running(), genie.running():
        clock = about.office.clock
        async with outgoing(duty.url, genie.url, seconds=2.0) as calling:
            one = PagerSettings(Secret("key"), None, "gate@clinic.test", duty.url, duty.url)
            two = PagerSettings(Secret("key"), None, "", genie.url, "")
            pagers: dict[str, Pager] = {
                "pagerduty": PagerDuty(one, notices=about.notices, calling=calling, clock=clock),
                "opsgenie": Opsgenie(two, notices=about.notices, calling=calling, clock=clock),
            }
            yield Place(clock, duty, genie, OnCall(pagers, accounts=ACCOUNTS, clock=clock))


async def test_both_pagers_say_whose_turn_it_is(place: Place) -> None:
    assert await place.on_call.on_call("pagerduty", "SCHED") == DANA
    assert await place.on_call.on_call("opsgenie", "DBAs") == REMY


async def test_users_that_the_settings_dont_name_are_nobody(place: Place) -> None:
    place.duty.on_call["SCHED"] = ["USTRANGER", "remy@clinic.test"]
    assert await place.on_call.on_call("pagerduty", "SCHED") == frozenset()


async def test_it_is_asked_once_a_minute(place: Place) -> None:
    many = await asyncio.gather(*(place.on_call.on_call("pagerduty", "SCHED") for _ in range(20)))
    place.duty.on_call["SCHED"] = ["UREMY"]
    place.clock.forward(seconds=59)
    assert await place.on_call.on_call("pagerduty", "SCHED") == DANA and many == [DANA] * 20
    assert len(place.duty.requests) == 1
    place.clock.forward(seconds=1)
    assert await place.on_call.on_call("pagerduty", "SCHED") == REMY


@pytest.mark.parametrize("fault", [Reply(500), Reply(200, b"<html>"), Reply(404), Reply(429), Fault.LOST_ANSWER])
async def test_the_last_answer_holds_through_an_outage_and_not_for_ever(place: Place, fault: Fault | Reply) -> None:
    assert await place.on_call.on_call("pagerduty", "SCHED") == DANA
    place.duty.faults.extend([fault] * 30)
    for _ in range(14):
        place.clock.forward(minutes=1)
        assert await place.on_call.on_call("pagerduty", "SCHED") == DANA
    place.clock.forward(minutes=1)
    assert await place.on_call.on_call("pagerduty", "SCHED") is None
    place.duty.faults.clear()
    assert await place.on_call.on_call("pagerduty", "SCHED") is None  # asked a moment ago
    place.clock.forward(seconds=15)
    assert await place.on_call.on_call("pagerduty", "SCHED") == DANA


async def test_what_was_never_known_isnt_known(place: Place) -> None:
    await place.duty.stop()
    assert await place.on_call.on_call("pagerduty", "SCHED") is None
    assert await place.on_call.on_call("elsewhere", "SCHED") is None
    await place.duty.start()
    place.clock.forward(seconds=15)
    assert await place.on_call.on_call("pagerduty", "SCHED") == DANA


@dataclass
class Slow:
    asked: int = 0
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def on_call(self, schedule: str) -> frozenset[str]:
        self.asked += 1
        await self.answers.wait()
        raise ServiceAway("away")


async def test_one_schedule_that_hangs_holds_up_no_other(place: Place) -> None:
    slow = Slow()
    on_call = OnCall({"slow": slow, "pagerduty": Quick()}, accounts=ACCOUNTS, clock=place.clock)
    waiting = [asyncio.ensure_future(on_call.on_call("slow", "A")) for _ in range(3)]
    assert await asyncio.wait_for(on_call.on_call("pagerduty", "SCHED"), 5) == DANA
    slow.answers.set()
    assert await asyncio.gather(*waiting) == [None, None, None] and slow.asked == 1


class Quick:
    async def on_call(self, schedule: str) -> frozenset[str]:
        return frozenset({"UDANA"})

"""Calls that proved nothing: each counted, few of them an entry of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from tests.an_office import Office, office
from tests.desk.a_review import entries
from tests.stores.a_store import ENTROPY

from interlock.channels import refusing
from interlock.channels.refusing import MOST, REST, RefusedCalls
from interlock.errors import LedgerUnavailable
from interlock.model.change import Unit
from interlock.ports import Receipt


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened


def refused_calls(desk: Office) -> RefusedCalls:
    return RefusedCalls(desk.store, desk.clock, ENTROPY)


async def told(desk: Office) -> list[tuple[str, str, int]]:
    return [(each["channel"], each["because"], each["attempts"]) for each in await entries(desk, "channel.refused")]


async def test_the_first_of_a_minute_are_entries_and_the_rest_is_a_number(desk: Office) -> None:
    refused = refused_calls(desk)
    for _ in range(MOST + 7):
        await refused("slack", "forged")
    await refused("teams", "stale")
    assert await told(desk) == [("slack", "forged", 1)] * MOST + [("teams", "stale", 1)]
    desk.clock.forward(seconds=59)
    await refused("teams", "stale")
    assert len(await told(desk)) == MOST + 2
    desk.clock.forward(seconds=1)
    await refused("slack", "forged")
    assert (await told(desk))[-2:] == [("slack", REST, 7), ("slack", "forged", 1)]
    await refused.close()
    assert len(await told(desk)) == MOST + 4


async def test_the_rest_is_told_at_the_end(desk: Office) -> None:
    refused = refused_calls(desk)
    for _ in range(MOST + 3):
        await refused("callback/desk", "forged")
    stop = asyncio.Event()
    stop.set()
    await refused.run(stop)
    await refused.run(stop)
    assert (await told(desk))[MOST:] == [("callback/desk", REST, 3)]


class Failing:
    """A ledger that can't be written for a while."""

    def __init__(self, desk: Office) -> None:
        self._desk, self.away = desk, True

    async def commit(self, unit: Unit) -> Receipt:
        if self.away:
            raise LedgerUnavailable("the disk is full")
        return await self._desk.store.commit(unit)


async def test_what_cannot_be_recorded_is_answered_and_told_later(desk: Office) -> None:
    ledger = Failing(desk)
    refused = RefusedCalls(ledger, desk.clock, ENTROPY)
    await refused("slack", "forged")
    await refused("slack", "forged")
    desk.clock.forward(minutes=1)
    await refused("slack", "forged")  # the telling fails as well
    ledger.away = False
    await refused.close()
    assert await told(desk) == [("slack", REST, 3)]


async def test_a_mistake_of_ours_doesnt_end_what_tells_the_rest(
    desk: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(refusing, "INTERVAL", 0.005)
    refused, stop, looks = refused_calls(desk), asyncio.Event(), 0

    class Clock:
        def now(self) -> datetime:
            nonlocal looks
            looks += 1
            if looks == 1:
                raise ValueError("078-05-1120")
            stop.set()
            return desk.clock.now()

    await asyncio.wait_for(replace(refused, clock=Clock()).run(stop), 10)
    said = capsys.readouterr().out
    assert looks == 2 and "ValueError" in said and "078-05-1120" not in said

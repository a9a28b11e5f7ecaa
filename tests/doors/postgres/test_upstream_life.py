"""One client's sessions with the server: opened when needed, parked, lost, opened anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from testkit.breakable_link import BreakableLink
from tests.postgres_fixture import ClinicDatabase, Database
from tests.stores.a_store import ENTROPY

from interlock.doors.postgres import parking, upstream
from interlock.doors.postgres.parking import Slots
from interlock.doors.postgres.upstream import LOST_CODE, Prepared, Upstream, UpstreamAway
from interlock.errors import UpstreamFailed


@asynccontextmanager
async def behind(link: BreakableLink, database: Database, slots: Slots | None = None) -> AsyncIterator[Upstream]:
    up = made(link, database, slots)
    try:
        yield up
    finally:
        await closed(up)


def made(link: BreakableLink, database: Database, slots: Slots | None = None) -> Upstream:
    return Upstream(replace(database.upstream, port=link.port), {}, ENTROPY, slots)


async def closed(up: Upstream) -> None:
    if up.is_open:
        link = up.link
        up.close()
        await link.lost.wait()


@pytest.fixture
async def link(clinic: ClinicDatabase) -> AsyncIterator[BreakableLink]:
    async with BreakableLink(clinic.server.host, clinic.server.port) as found:
        yield found


async def gone(up: Upstream) -> None:
    async with asyncio.timeout(10):
        while up.is_open:
            await asyncio.sleep(0.001)


async def test_nothing_is_opened_before_it_is_needed(clinic: ClinicDatabase, link: BreakableLink) -> None:
    async with behind(link, clinic) as up:
        assert (up.is_open, up.epoch, up.status, link.accepted) == (False, 0, b"I", 0)
        with pytest.raises(UpstreamFailed):
            await up.prepare(b"SELECT 1", ())
        up.rest()
        up.park()
        up.close()
        assert up.key is None
        await up.ready()
        await up.ready()
        assert (up.is_open, up.epoch, link.accepted) == (True, 1, 1)
        assert up.parameters["client_encoding"] == "UTF8"


async def test_a_parked_one_is_opened_anew_with_nothing_prepared(clinic: ClinicDatabase, link: BreakableLink) -> None:
    async with behind(link, clinic) as up:
        await up.ready()
        first = await up.prepare(b"SELECT 1", ())
        up.rest()
        up.park()
        assert not up.is_open and up.status == b"I" and not up.has_prepared(b"SELECT 1", ())
        await up.ready()
        second = await up.prepare(b"SELECT 1", ())
        assert isinstance(first, Prepared) and isinstance(second, Prepared)
        assert (first.epoch, second.epoch) == (1, 2)
        assert first.name != second.name  # so that what was prepared in another session can't be run by mistake


@pytest.mark.parametrize("how", ["held", "transaction"])
async def test_what_holds_it_keeps_it(clinic: ClinicDatabase, link: BreakableLink, how: str) -> None:
    slots = Slots(1)
    async with behind(link, clinic, slots) as up, behind(link, clinic, slots) as other:
        await up.ready()
        if how == "held":
            up.held_by.add("LISTEN")
        else:
            assert await up.command(b"BEGIN") is None
        up.rest(held=True)
        up.park()
        assert up.is_open and up.has_state
        waiting = asyncio.create_task(other.ready())
        async with asyncio.timeout(10):
            while slots.waiting != 1:
                await asyncio.sleep(0)
        assert not other.is_open
        if how == "held":
            up.held_by.clear()
        else:
            assert await up.command(b"ROLLBACK") is None
        up.rest()
        await waiting
        assert other.is_open and not up.is_open


async def test_a_slot_that_nobody_gives_up(
    clinic: ClinicDatabase, link: BreakableLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "QUEUE_SECONDS", 0.01)
    slots = Slots(1)
    async with behind(link, clinic, slots) as up, behind(link, clinic, slots) as other:
        await up.ready()
        with pytest.raises(UpstreamAway) as caught:
            await other.ready()
        assert caught.value.sqlstate == "53300"
        await closed(up)
        await other.ready()
        assert slots.taken == 1
    assert slots.taken == 0


async def test_a_loss_without_state_is_silent(clinic: ClinicDatabase, link: BreakableLink) -> None:
    slots = Slots(1)
    async with behind(link, clinic, slots) as up:
        told: list[str] = []
        up.on_lost = lambda: told.append("lost")
        await up.ready()
        up.rest()
        link.cut()
        await gone(up)
        assert slots.taken == 0 and told == []
        await up.ready()
        assert up.is_open and up.epoch == 2


async def test_a_loss_between_two_statements_of_one_that_doesnt_rest(
    clinic: ClinicDatabase, link: BreakableLink
) -> None:
    async with behind(link, clinic) as up:
        await up.ready()
        link.cut()
        await gone(up)
        await up.ready()
        assert up.epoch == 2


async def test_a_loss_with_state_is_told_at_once(clinic: ClinicDatabase, link: BreakableLink) -> None:
    slots = Slots(1)
    async with behind(link, clinic, slots) as up:
        lost = asyncio.Event()
        up.on_lost = lost.set
        await up.ready()
        assert await up.command(b"BEGIN") is None
        up.rest()
        link.cut()
        async with asyncio.timeout(10):
            await lost.wait()
        with pytest.raises(UpstreamFailed) as caught:
            await up.ready()
        assert caught.value.code == LOST_CODE and not isinstance(caught.value, UpstreamAway)
        assert slots.taken == 0


async def test_a_server_that_is_away_comes_back(clinic: ClinicDatabase, link: BreakableLink) -> None:
    slots = Slots(1)
    async with behind(link, clinic, slots) as up:
        link.refuse()
        for _ in range(3):
            with pytest.raises(UpstreamAway) as caught:
                await up.ready()
            assert (caught.value.sqlstate, slots.taken) == ("08006", 0)
        link.accept()
        await up.ready()
        assert up.epoch == 1 and slots.taken == 1


async def test_what_is_found_at_the_opening_may_end_it(clinic: ClinicDatabase, link: BreakableLink) -> None:
    slots = Slots(1)

    async def wrong() -> None:
        await up.facts()
        raise UpstreamFailed("the login's defaults aren't what they must be")

    async def cut() -> None:
        link.cut()
        await up.facts()

    async def silent() -> None:
        await asyncio.Event().wait()

    async with behind(link, clinic, slots) as up:
        up.on_open = wrong
        with pytest.raises(UpstreamFailed) as caught:
            await up.ready()
        assert not isinstance(caught.value, UpstreamAway)
        up.on_open = cut
        with pytest.raises(UpstreamAway):
            await up.ready()
        assert slots.taken == 0 and not up.is_open
        up.on_open = silent
        task = asyncio.create_task(up.ready())
        async with asyncio.timeout(10):
            while not up.is_open:
                await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert slots.taken == 0 and not up.is_open


async def test_an_opening_has_a_bound(
    clinic: ClinicDatabase, link: BreakableLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "OPEN_SECONDS", 0.05)

    async def silent() -> None:
        await asyncio.Event().wait()

    async with behind(link, clinic) as up:
        up.on_open = silent
        with pytest.raises(UpstreamAway, match="doesn't answer"):
            await up.ready()
        assert not up.is_open

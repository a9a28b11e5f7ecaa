"""The deferred worker: what is due runs once, a few at a time, again while the protected system is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.an_office import Again, Office, OneBundle, export, office
from tests.stores.a_store import new_id

from interlock.desk.rules import DeskRules
from interlock.errors import UpstreamFailed
from interlock.gate import Cleared, Held
from interlock.model.action import Action
from interlock.model.deferred import Deferred
from interlock.model.names import ActionId, ConnectionName, ReviewId
from interlock.model.release import Ending, Outcome
from interlock.model.review import Review, ReviewState
from interlock.model.settings import Limits
from interlock.stores.bell import LocalBell
from interlock.workers import deferred as worker
from interlock.workers.deferred import AT_ONCE, DeferredWork


class Runs:
    """A runner that redeems and ends at once, or waits for `open`; `away` says how often nothing can be reached."""

    def __init__(self, o: Office, actions: dict[ReviewId, Action], *, away: int = 0) -> None:
        self.tried: list[ReviewId] = []
        self.ran: list[ReviewId] = []
        self.running = self.most = 0
        self.open = asyncio.Event()
        self.open.set()
        self._o, self._actions, self._away = o, actions, away

    def takes(self, connection: ConnectionName) -> bool:
        return connection == "clinic"

    async def run(self, deferred: Deferred) -> None:
        self.tried.append(deferred.review)
        if len(self.tried) <= self._away:
            raise UpstreamFailed("away")
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.open.wait()
            action = replace(self._actions[deferred.review], id=ActionId(new_id()))
            answer = await self._o.gate.redeem(deferred.review, action, Again(action), by_itself=True)
            if isinstance(answer, Cleared):
                self.ran.append(deferred.review)
                await self._o.gate.end(answer.release, Ending(Outcome.SUCCEEDED))
        finally:
            self.running -= 1


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        rules = DeskRules(opened.desk.rules.votes, limits=Limits(open_reviews_per_actor=50, cool_down_seconds=0))
        roomy = replace(opened.desk, rules=rules)
        yield replace(opened, desk=roomy, gate=replace(opened.gate, desk=roomy))


async def asked(o: Office, count: int = 1) -> dict[ReviewId, Action]:
    """So many deferred requests."""
    actor, found = await o.agent(), {}
    for n in range(count):
        action = replace(export(actor, f"COPY (SELECT {n}) TO STDOUT"), deferred=True)
        answer = await o.gate.ask(action)
        assert isinstance(answer, Held)
        found[answer.review.id] = action
    return found


async def approve(o: Office, reviews: dict[ReviewId, Action]) -> None:
    for review in reviews:
        await o.vote(await o.desk.review(review), "dana")


@asynccontextmanager
async def working(o: Office, *runs: Runs) -> AsyncIterator[None]:
    """A worker for each runner, as on so many nodes."""
    stop, bell = asyncio.Event(), o.desk.bell
    assert isinstance(bell, LocalBell)
    async with asyncio.TaskGroup() as group:
        for each in runs:
            group.create_task(DeferredWork(o.desk, [each]).run(bell.listen, stop))
        try:
            yield
        finally:
            stop.set()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


async def state(o: Office, review: ReviewId) -> Review:
    return await o.desk.review(review)


async def test_it_runs_what_is_approved_and_nothing_else(desk: Office) -> None:
    reviews = await asked(desk, 2)
    first, second = reviews
    runs = Runs(desk, reviews)
    async with working(desk, runs):
        await approve(desk, {first: reviews[first]})
        await until(lambda: runs.ran == [first] and desk.authority.unended() == ())
    assert (await state(desk, first)).state is ReviewState.SUCCEEDED
    assert (await state(desk, second)).state is ReviewState.PENDING


async def test_what_was_approved_while_it_was_down_runs_at_the_start(desk: Office) -> None:
    reviews = await asked(desk)
    await approve(desk, reviews)
    runs = Runs(desk, reviews)
    async with working(desk, runs):
        await until(lambda: len(runs.ran) == 1)


async def test_two_workers_run_it_once(desk: Office) -> None:
    reviews = await asked(desk, 5)
    one, two = Runs(desk, reviews), Runs(desk, reviews)
    async with working(desk, one, two):
        await approve(desk, reviews)
        await until(lambda: len(one.ran) + len(two.ran) >= 5 and desk.desk.due_to_run() == [])
    assert sorted(one.ran + two.ran) == sorted(reviews)


async def test_so_many_at_once(desk: Office) -> None:
    reviews = await asked(desk, AT_ONCE + 3)
    runs = Runs(desk, reviews)
    runs.open.clear()
    async with working(desk, runs):
        await approve(desk, reviews)
        await until(lambda: runs.running == AT_ONCE)
        runs.open.set()
        await until(lambda: len(runs.ran) == len(reviews))
    assert runs.most == AT_ONCE


async def test_while_the_system_is_away_it_is_tried_again(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(worker, "INTERVAL", 0.01)
    reviews = await asked(desk)
    runs = Runs(desk, reviews, away=2)
    async with working(desk, runs):
        await approve(desk, reviews)
        await until(lambda: len(runs.ran) == 1)
    assert len(runs.tried) == 3


async def test_once_the_approval_has_run_out_it_isnt_tried_any_more(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(worker, "INTERVAL", 0.01)
    reviews = await asked(desk)
    (review,) = reviews
    runs = Runs(desk, reviews, away=1_000_000)
    async with working(desk, runs):
        await approve(desk, reviews)
        await until(lambda: len(runs.tried) > 0)
        desk.clock.forward(minutes=11)
        await desk.desk.expire_due()
        assert desk.desk.due_to_run() == []
    assert (await state(desk, review)).state is ReviewState.EXPIRED and runs.ran == []


async def test_what_is_refused_and_stays_due_isnt_asked_again_at_once(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 1_000.0)
    reviews = await asked(desk)
    await approve(desk, reviews)
    runs = Runs(replace(desk, gate=replace(desk.gate, rules=OneBundle(None))), reviews)
    work = DeferredWork(desk.desk, [runs])
    for _ in range(3):
        await work.look()
        await work.settled()
    assert len(runs.tried) == 1 and desk.desk.due_to_run() == list(reviews)


async def test_nobody_takes_a_connection_that_isnt_theirs(desk: Office) -> None:
    reviews = await asked(desk)
    await approve(desk, reviews)
    runs = Runs(desk, reviews)
    idle = DeferredWork(desk.desk, [])
    await idle.look()
    await idle.settled()
    assert runs.tried == [] and desk.desk.due_to_run() == list(reviews)

"""An approval that is good for several runs: each is joined, released, counted and ended; others take none of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.an_office import POLICY, Again, Office, export, office
from tests.stores.a_store import ENTROPY, HandClock

from interlock.gate import Answer, Cleared, Denied, Held
from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.release import Ending, Outcome
from interlock.model.review import Review, ReviewState, Verdict
from interlock.recovery import settle

THRICE = POLICY.replace('@valid("10m")', '@reuse("3 within 10m")')


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path, policy=THRICE) as opened:
        yield opened


async def approved(desk: Office, agent: Actor) -> Review:
    """A review of an export that was signed for three runs."""
    held = await desk.gate.ask(export(agent))
    assert isinstance(held, Held)
    return await desk.vote(held.review, "dana")


async def again(desk: Office, agent: Actor) -> tuple[Action, Answer]:
    """The same export asked for once more: what it joins runs, as a door does it."""
    action = export(agent)
    answer = await desk.gate.ask(action)
    if isinstance(answer, Held) and answer.review.state is ReviewState.APPROVED:
        answer = await desk.gate.redeem(answer.review.id, action, Again(action))
    return action, answer


async def entries(desk: Office, type_: str) -> list[dict[str, Any]]:
    """`d` of the entries of a type."""
    lines = [json.loads(body.split(b"\n")[0]) for body in await desk.store.entries(0, 1000)]
    return [line["d"] for line in lines if line["type"] == type_]


async def state(desk: Office, review: Review) -> tuple[ReviewState, int]:
    """Where a review stands and how many runs are left."""
    found = await desk.desk.review(review.id)
    return found.state, found.uses_left


async def test_the_same_request_runs_as_often_as_was_signed_and_then_is_held_anew(desk: Office) -> None:
    agent = await desk.agent()
    review = await approved(desk, agent)
    assert (review.uses, review.uses_left) == (3, 3)
    for left in (2, 1, 0):
        _, answer = await again(desk, agent)
        assert isinstance(answer, Cleared) and answer.release.review == review.id
        await desk.gate.end(answer.release, Ending(Outcome.SUCCEEDED, rows=left))
        assert await state(desk, review) == (ReviewState.APPROVED if left else ReviewState.SUCCEEDED, left)
    assert [d["use"] for d in await entries(desk, "action.released")] == [1, 2, 3]
    assert [d["rows"] for d in await entries(desk, "action.ended")] == [2, 1, 0]
    assert len(await entries(desk, "review.joined")) == 3
    _, answer = await again(desk, agent)
    assert isinstance(answer, Held) and answer.review.id != review.id
    assert answer.review.state is ReviewState.PENDING


async def test_one_run_needs_no_number(tmp_path: Path) -> None:
    async with office(tmp_path) as desk:
        agent = await desk.agent()
        await approved(desk, agent)
        _, answer = await again(desk, agent)
        assert isinstance(answer, Cleared)
        assert "use" not in (await entries(desk, "action.released"))[0]
        assert "uses" not in (await entries(desk, "review.opened"))[0]


async def test_the_card_and_the_entry_say_how_often(desk: Office) -> None:
    review = await approved(desk, await desk.agent())
    card = await desk.desk.card(review.id)
    assert (card.content["uses"], card.content["valid_seconds"]) == (3, 600)
    (opened,) = await entries(desk, "review.opened")
    assert (opened["uses"], opened["valid"]) == (3, 600)


async def test_another_actor_s_retry_uses_nothing_up(desk: Office) -> None:
    review = await approved(desk, await desk.agent())
    stranger = await desk.agent("other")
    for _ in range(3):
        action = export(stranger)
        assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Denied)
    _, answer = await again(desk, stranger)
    assert isinstance(answer, Held) and answer.review.id != review.id
    assert await state(desk, review) == (ReviewState.APPROVED, 3)


async def test_the_window_closes_on_the_runs_that_are_left(desk: Office) -> None:
    agent = await desk.agent()
    review = await approved(desk, agent)
    _, first = await again(desk, agent)
    assert isinstance(first, Cleared)
    desk.clock.forward(minutes=10)
    action = export(agent)
    assert not isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)
    await desk.desk.expire_due()
    assert (await desk.desk.review(review.id)).state in (ReviewState.EXPIRED, ReviewState.SUPERSEDED)
    await desk.gate.end(first.release, Ending(Outcome.SUCCEEDED))
    assert len(await entries(desk, "action.ended")) == 1
    assert desk.authority.unended() == ()


async def test_nobody_asks_again_and_it_expires(desk: Office) -> None:
    agent = await desk.agent()
    review = await approved(desk, agent)
    _, first = await again(desk, agent)
    assert isinstance(first, Cleared)
    desk.clock.forward(minutes=10)
    assert await desk.desk.expire_due() == 1
    await desk.gate.end(first.release, Ending(Outcome.FAILED))
    assert (await desk.desk.review(review.id)).state is ReviewState.EXPIRED


async def test_many_at_once_get_three_runs_at_most(desk: Office) -> None:
    agent = await desk.agent()
    await approved(desk, agent)
    cleared = 0
    for _ in range(4):
        answers = await asyncio.gather(*(again(desk, agent) for _ in range(5)))
        cleared += sum(isinstance(answer, Cleared) for _, answer in answers)
    assert cleared == 3
    assert [d["use"] for d in await entries(desk, "action.released")] == [1, 2, 3]


async def test_a_no_between_runs_ends_it(desk: Office) -> None:
    agent = await desk.agent()
    review = await approved(desk, agent)
    assert isinstance((await again(desk, agent))[1], Cleared)
    assert (await desk.vote(review, "dana", Verdict.DENY)).state is ReviewState.DENIED
    assert isinstance((await again(desk, agent))[1], Held)
    assert len(await entries(desk, "action.released")) == 1


@pytest.mark.parametrize("times", [1, 2])
async def test_policy_of_release_time_may_let_it_run_less_often(desk: Office, times: int) -> None:
    agent = await desk.agent()
    review = await approved(desk, agent)
    stricter = desk.with_policy(POLICY if times == 1 else THRICE.replace("3 within", f"{times} within"))
    for _ in range(times):
        _, answer = await again(stricter, agent)
        assert isinstance(answer, Cleared) and answer.release.review == review.id
    _, answer = await again(stricter, agent)
    assert isinstance(answer, Held) and answer.review.id != review.id
    assert (await desk.desk.review(review.id)).state is ReviewState.SUPERSEDED


async def test_a_crash_between_releases_and_ends_is_settled_and_the_rest_may_run(tmp_path: Path) -> None:
    clock = HandClock()
    async with office(tmp_path, policy=THRICE, clock=clock) as desk:
        agent = await desk.agent()
        review = await approved(desk, agent)
        assert all([isinstance((await again(desk, agent))[1], Cleared) for _ in range(2)])
    async with office(tmp_path, policy=THRICE, clock=clock) as desk:
        assert len(desk.authority.unended()) == 2
        assert await settle(desk.store, desk.authority, ENTROPY) == 2
        assert await state(desk, review) == (ReviewState.APPROVED, 1)
        _, last = await again(desk, agent)
        assert isinstance(last, Cleared) and last.release.review == review.id
        assert isinstance((await again(desk, agent))[1], Held)
        await desk.gate.end(last.release, Ending(Outcome.SUCCEEDED))
        assert (await desk.desk.review(review.id)).state is ReviewState.SUCCEEDED


async def test_a_crash_after_the_last_release_leaves_it_unknown(tmp_path: Path) -> None:
    clock = HandClock()
    async with office(tmp_path, policy=THRICE, clock=clock) as desk:
        agent = await desk.agent()
        review = await approved(desk, agent)
        for _ in range(3):
            assert isinstance((await again(desk, agent))[1], Cleared)
    async with office(tmp_path, policy=THRICE, clock=clock) as desk:
        assert await settle(desk.store, desk.authority, ENTROPY) == 3
        assert (await desk.desk.review(review.id)).state is ReviewState.UNKNOWN
        assert desk.authority.unended() == () and desk.authority.opened(review.id) is None
        assert await settle(desk.store, desk.authority, ENTROPY) == 0


async def test_what_it_means_must_be_as_signed_each_time(desk: Office) -> None:
    agent = await desk.agent()
    review = await approved(desk, agent)
    assert isinstance((await again(desk, agent))[1], Cleared)
    action = export(agent)
    answer = await desk.gate.redeem(review.id, action, Again(action, definitions="otherwise"))
    assert isinstance(answer, Held) and answer.review.id != review.id
    assert (await desk.desk.review(review.id)).state is ReviewState.SUPERSEDED

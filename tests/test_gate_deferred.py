"""Deferred runs at the gate: who asked wants it in signed entries, it runs once, and its result is its asker's."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.an_office import POLICY, Again, Office, export, office
from tests.stores.a_store import ENTROPY, new_id

from interlock import recovery
from interlock.desk import deferrals
from interlock.gate import Answer, Cleared, Denied, Held
from interlock.model.action import Action
from interlock.model.names import ActionId, PersonId
from interlock.model.release import Ending, Outcome
from interlock.model.review import Review, ReviewState

REUSED = POLICY.replace('@valid("10m")', '@reuse("3 within 10m")')


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened


async def deferred(o: Office, name: str = "etl") -> Action:
    return replace(export(await o.agent(name)), deferred=True)


async def held(o: Office, action: Action) -> Review:
    answer = await o.gate.ask(action)
    assert isinstance(answer, Held)
    return answer.review


async def run(o: Office, review: Review, action: Action) -> Answer:
    """What a runner does."""
    fresh = replace(action, id=ActionId(new_id()))
    return await o.gate.redeem(review.id, fresh, Again(fresh), by_itself=True)


async def test_it_is_due_once_approved_and_runs_once(desk: Office) -> None:
    action = await deferred(desk)
    review = await held(desk, action)
    assert review.deferred and desk.desk.due_to_run() == []
    await desk.vote(review, "dana")
    assert desk.desk.due_to_run() == [review.id]
    assert (await desk.desk.review(review.id)).deferred
    found = await asyncio.gather(run(desk, review, action), run(desk, review, action))
    (cleared,) = (each for each in found if isinstance(each, Cleared))
    assert sum(isinstance(each, Denied) for each in found) == 1
    assert desk.desk.due_to_run() == [] and not desk.desk.waits_to_run(review.id)
    await desk.gate.end(cleared.release, Ending(Outcome.SUCCEEDED))
    settled = await desk.desk.review(review.id)
    assert settled.state is ReviewState.SUCCEEDED and settled.deferred


async def test_an_attached_review_is_never_run_by_itself(desk: Office) -> None:
    action = export(await desk.agent())
    review = await held(desk, action)
    await desk.vote(review, "dana")
    assert desk.desk.due_to_run() == []
    answer = await run(desk, review, action)
    assert isinstance(answer, Denied) and answer.reasons[0].code == "not_deferred"


async def test_whoever_writes_to_the_store_cant_make_it_deferred(tmp_path: Path) -> None:
    """The document is a cache of a wish that only a signed entry expresses."""
    async with office(tmp_path) as o:
        wanted = await held(o, await deferred(o, "other"))
        action = export(await o.agent())
        review = await held(o, action)
        await o.vote(review, "dana")
        clock = o.clock
    with sqlite3.connect(tmp_path / "interlock.db") as raw:
        columns = "kind, name, version, at, due_at, sealed"
        raw.execute(
            f"INSERT INTO il_document (id, {columns}) SELECT ?, kind, 'etl/x', version, at, due_at, sealed"
            " FROM il_document WHERE kind = 'deferred' AND id = ?",
            (review.id, wanted.id),
        )
    raw.close()
    async with office(tmp_path, clock=clock) as o:
        assert o.desk.due_to_run() == []
        with pytest.raises(Exception, match="doesn't open"):
            await o.desk.deferrals.of(review.id)


async def test_a_later_ask_adds_the_wish_and_an_attached_one_takes_nothing_back(desk: Office) -> None:
    action = export(await desk.agent())
    review = await held(desk, action)
    assert not review.deferred
    joined = await held(desk, replace(action, id=ActionId(new_id()), deferred=True))
    assert joined.id == review.id and joined.deferred
    assert (await held(desk, replace(action, id=ActionId(new_id())))).deferred
    await desk.vote(review, "dana")
    assert desk.desk.due_to_run() == [review.id]


async def test_an_attached_client_may_take_the_run_and_then_nothing_is_due(desk: Office) -> None:
    action = await deferred(desk)
    review = await held(desk, action)
    await desk.vote(review, "dana")
    attached = replace(action, deferred=False)
    assert isinstance(await desk.gate.redeem(review.id, attached, Again(attached)), Cleared)
    assert desk.desk.due_to_run() == []


async def test_who_waits_along_is_told_that_it_ran(desk: Office) -> None:
    action = await deferred(desk)
    review = await held(desk, action)
    await desk.vote(review, "dana")
    assert isinstance(await run(desk, review, action), Cleared)
    attached = replace(action, deferred=False)
    answer = await desk.gate.redeem(review.id, attached, Again(attached))
    assert isinstance(answer, Denied) and answer.reasons[0].code == "ran_deferred"


async def test_an_approval_for_several_runs_is_run_by_itself_once_for_each_wish(tmp_path: Path) -> None:
    async with office(tmp_path, policy=REUSED) as o:
        action = await deferred(o)
        review = await held(o, action)
        await o.vote(review, "dana")
        found = await asyncio.gather(run(o, review, action), run(o, review, action))
        assert sum(isinstance(each, Cleared) for each in found) == 1
        assert o.desk.due_to_run() == []
        await held(o, replace(action, id=ActionId(new_id())))
        assert o.desk.due_to_run() == [review.id]


async def test_the_wish_survives_a_restart_and_a_crash_in_the_run_doesnt_repeat_it(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        action = await deferred(o)
        review = await held(o, action)
        await o.vote(review, "dana")
        clock = o.clock
    async with office(tmp_path, clock=clock) as o:
        assert o.desk.due_to_run() == [review.id]
        wanted = await o.desk.deferrals.of(review.id)
        assert wanted is not None and wanted.actor == action.actor and wanted.connection == "clinic"
        assert o.registry.current(wanted.actor) is not None
        assert isinstance(await run(o, review, action), Cleared)
    async with office(tmp_path, clock=clock) as o:
        assert await recovery.settle(o.store, o.authority, ENTROPY) == 1
        assert o.desk.due_to_run() == []
        assert (await o.desk.review(review.id)).state is ReviewState.UNKNOWN


async def test_a_key_that_was_revoked_meanwhile_runs_nothing(desk: Office) -> None:
    action = await deferred(desk)
    review = await held(desk, action)
    await desk.vote(review, "dana")
    await desk.registry.revoke_key(action.actor.key, PersonId("olivia"), "lost")
    answer = await run(desk, review, action)
    assert isinstance(answer, Denied) and answer.reasons[0].code == "credential_gone"


async def test_a_deferred_ask_has_run_under_its_key(desk: Office) -> None:
    action = replace(await deferred(desk), idempotency_key="k")
    review = await held(desk, action)
    await desk.vote(review, "dana")
    unkeyed = replace(action, idempotency_key="")
    assert isinstance(await run(desk, review, unkeyed), Cleared)
    answer = await desk.gate.ask(replace(action, id=ActionId(new_id())))
    assert isinstance(answer, Denied) and answer.reasons[0].code == "already_ran"
    assert answer.review == review.id and "fetched" in answer.reasons[0].sentence


async def test_results_are_kept_for_a_day_sealed(desk: Office, tmp_path: Path) -> None:
    review = await held(desk, await deferred(desk))
    for result in (b"CANARY-1", b"CANARY-2"):
        await desk.desk.deferrals.keep(review, result)
    found = await desk.desk.result(review.id)
    assert found is not None and found.reveal() == b"CANARY-2"
    desk.clock.forward(hours=24, seconds=1)
    assert await desk.desk.result(review.id) is None
    assert await desk.desk.deferrals.sweep() == 1
    for file in sorted(tmp_path.iterdir()):  # noqa: ASYNC240  a test reads what it wrote
        assert b"CANARY" not in file.read_bytes()


async def test_an_actor_has_room_for_so_many(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferrals, "MOST_OF_ONE_ACTOR", 1)
    action = await deferred(desk)
    await held(desk, action)
    await held(desk, replace(action, id=ActionId(new_id())))  # the same one again
    full = await desk.gate.ask(replace(export(action.actor, "COPY patients (mrn) TO STDOUT"), deferred=True))
    assert isinstance(full, Denied) and full.reasons[0].code == "too_many_deferred"
    assert isinstance(await desk.gate.ask(await deferred(desk, "other")), Held)


async def test_the_entries_say_it(desk: Office) -> None:
    action = await deferred(desk)
    review = await held(desk, action)
    await desk.vote(review, "dana")
    await run(desk, review, action)
    said = {
        d["type"]: d["d"].get("wait")
        for d in (json.loads(body.split(b"\n")[0]) for body in await desk.store.entries(0, 1000))
    }
    assert said["review.opened"] == said["action.released"] == "deferred" and said["action.held"] is None

"""Idempotency keys at the gate: what was asked under one key runs once, whoever races, and after a restart too."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.an_office import Again, Office, export, office, read
from tests.stores.a_store import ENTROPY, new_id

from interlock import recovery
from interlock.desk import repeats
from interlock.gate import Answer, Cleared, Denied, Held
from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.names import ActionId
from interlock.model.release import Ending, Outcome
from interlock.model.review import Verdict

KEY = "nightly-2026-11-22"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened


def write(actor: Actor, text: str = "SELECT mrn FROM patients", key: str = KEY) -> Action:
    """What policy lets through at once and may not run twice."""
    return keyed(replace(read(actor, text), effect_free=False), key)


def keyed(action: Action, key: str = KEY) -> Action:
    return replace(action, idempotency_key=key)


def again(action: Action) -> Action:
    """The same, asked for once more."""
    return replace(action, id=ActionId(new_id()))


async def ended(o: Office, answer: Answer, outcome: Outcome = Outcome.SUCCEEDED) -> None:
    assert isinstance(answer, Cleared)
    await o.gate.end(answer.release, Ending(outcome))


def denied(answer: Answer) -> tuple[str, str]:
    assert isinstance(answer, Denied)
    return answer.reasons[0].code, answer.reasons[0].sentence


async def test_what_passed_runs_once_and_says_how_it_ended(desk: Office) -> None:
    action = write(await desk.agent())
    answer = await desk.gate.ask(action)
    code, sentence = denied(await desk.gate.ask(again(action)))
    assert code == "already_ran" and "running" in sentence and action.id in sentence
    await ended(desk, answer, Outcome.ROLLED_BACK)
    assert "ended as rolled_back" in denied(await desk.gate.ask(again(action)))[1]


async def test_another_request_under_the_same_key_is_refused(desk: Office) -> None:
    actor = await desk.agent()
    await ended(desk, await desk.gate.ask(write(actor)))
    assert denied(await desk.gate.ask(write(actor, "SELECT 2")))[0] == "idempotency_conflict"
    assert denied(await desk.gate.ask(keyed(export(actor))))[0] == "idempotency_conflict"
    await ended(desk, await desk.gate.ask(write(actor, "SELECT 2", key="another")))


async def test_a_read_leaves_its_key_alone(desk: Office) -> None:
    actor = await desk.agent()
    for _ in range(2):
        await ended(desk, await desk.gate.ask(keyed(read(actor))))


async def test_nobody_else_can_use_a_key_up(desk: Office) -> None:
    await ended(desk, await desk.gate.ask(write(await desk.agent("other"))))
    await ended(desk, await desk.gate.ask(write(await desk.agent())))


async def test_the_same_key_joins_redeems_and_then_has_run(desk: Office) -> None:
    actor = await desk.agent()
    action = keyed(export(actor))
    first, joined = await desk.gate.ask(action), await desk.gate.ask(again(action))
    assert isinstance(first, Held) and isinstance(joined, Held) and joined.review.id == first.review.id
    assert (
        denied(await desk.gate.ask(keyed(export(actor, "COPY patients (mrn) TO STDOUT"))))[0] == "idempotency_conflict"
    )
    await desk.vote(first.review, "dana")
    answer = await desk.gate.redeem(first.review.id, action, Again(action))
    await ended(desk, answer)
    code, sentence = denied(await desk.gate.ask(again(action)))
    assert code == "already_ran" and first.review.id in sentence and "succeeded" in sentence


async def test_what_people_denied_hasnt_run_and_may_be_asked_again(desk: Office) -> None:
    action = keyed(export(await desk.agent()))
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana", Verdict.DENY)
    desk.clock.forward(seconds=1)
    anew = await desk.gate.ask(again(action))
    assert isinstance(anew, Held) and anew.review.id != held.review.id


async def test_of_many_at_once_one_runs(desk: Office) -> None:
    actor = await desk.agent()
    action = write(actor)
    many = [replace(read(actor), effect_free=False, idempotency_key=KEY) for _ in range(20)]
    found = await asyncio.gather(*(desk.gate.ask(each) for each in (action, *many)))
    assert sum(isinstance(answer, Cleared) for answer in found) == 1
    assert {denied(answer)[0] for answer in found if not isinstance(answer, Cleared)} == {"already_ran"}


async def test_of_two_that_redeem_at_once_one_runs(desk: Office) -> None:
    actor = await desk.agent()
    one, two = keyed(export(actor)), keyed(export(actor))
    held, _ = await asyncio.gather(desk.gate.ask(one), desk.gate.ask(two))
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana")
    found = await asyncio.gather(*(desk.gate.redeem(held.review.id, each, Again(each)) for each in (one, two)))
    assert sum(isinstance(answer, Cleared) for answer in found) == 1


async def test_a_key_survives_a_restart_and_isnt_in_the_store_in_clear(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        action = write(await o.agent())
        await ended(o, await o.gate.ask(action))
        clock, actor = o.clock, action.actor
    async with office(tmp_path, clock=clock) as o:
        assert denied(await o.gate.ask(again(write(actor))))[0] == "already_ran"
    for file in tmp_path.iterdir():  # noqa: ASYNC240  a test reads what it wrote
        assert KEY.encode() not in file.read_bytes()


async def test_what_a_crash_left_isnt_run_again(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        action = write(await o.agent())
        assert isinstance(await o.gate.ask(action), Cleared)
        clock = o.clock
    async with office(tmp_path, clock=clock) as o:
        await recovery.settle(o.store, o.authority, ENTROPY)
        code, sentence = denied(await o.gate.ask(again(action)))
        assert code == "already_ran" and "nobody knows how it ended" in sentence


async def test_an_actor_has_so_many_keys_and_they_come_free_in_a_day(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "MOST_OF_ONE_ACTOR", 2)
    actor = await desk.agent()
    for n in range(2):
        await ended(desk, await desk.gate.ask(write(actor, key=f"k{n}")))
    assert denied(await desk.gate.ask(write(actor, key="k2")))[0] == "too_many_keys"
    assert denied(await desk.gate.ask(write(actor, key="k1")))[0] == "already_ran"
    await ended(desk, await desk.gate.ask(write(await desk.agent("other"), key="k2")))
    desk.clock.forward(hours=24, seconds=1)
    assert await desk.desk.deferrals.sweep() == 3
    await ended(desk, await desk.gate.ask(write(actor, key="k2")))


async def test_a_key_has_a_length(desk: Office) -> None:
    actor = await desk.agent()
    assert denied(await desk.gate.ask(write(actor, key="k" * 201)))[0] == "idempotency_key"


async def test_a_document_moved_to_another_key_opens_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        actor = await o.agent()
        await ended(o, await o.gate.ask(write(actor, key="one")))
        await ended(o, await o.gate.ask(write(actor, key="two")))
        clock = o.clock
    with sqlite3.connect(tmp_path / "interlock.db") as raw:
        (first, a), (second, b) = raw.execute("SELECT id, sealed FROM il_document ORDER BY id").fetchall()
        raw.execute("UPDATE il_document SET sealed = ? WHERE id = ?", (b, first))
        raw.execute("UPDATE il_document SET sealed = ? WHERE id = ?", (a, second))
    raw.close()
    async with office(tmp_path, clock=clock) as o:
        with pytest.raises(Exception, match="doesn't open"):
            await o.gate.ask(again(write(actor, key="one")))

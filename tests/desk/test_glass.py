"""Breaking the glass: bounded, one run, by others than those who asked, looked at afterwards or locked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.an_office import Again, Office, office
from tests.desk.a_review import PROVEN, OneKey, break_glass, by, entries, held, say, under, with_desk

from interlock.errors import AuthenticationFailed, Conflict, NotEntitled
from interlock.gate import Cleared, Held
from interlock.model.canonical import JsonValue
from interlock.model.entry import EntryType
from interlock.model.names import PersonId
from interlock.model.release import Ending, Outcome
from interlock.model.review import Presence, Review, ReviewState, Verdict

OFFERED = '@review("officers:2") @break_glass("on-call")'


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield under(opened, OFFERED)


def why_not(desk: Office, review: Review, name: str) -> str | None:
    """What they are told who want to break it."""
    return desk.desk.why_not_break(review, PersonId(name))


async def test_somebody_on_call_runs_it_once_and_somebody_else_looks_at_it(desk: Office) -> None:
    review, action = await held(desk)
    assert why_not(desk, review, "gil") is None
    broken = await break_glass(desk, review, "gil")
    assert broken.state is ReviewState.APPROVED
    answer = await desk.gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Cleared)
    await desk.gate.end(answer.release, Ending(Outcome.SUCCEEDED))
    second = await desk.gate.ask(action)
    assert isinstance(second, Held) and second.review.id != review.id
    (used,) = await entries(desk, "break_glass.used")
    assert (used["person"], used["group"]) == ("gil", "on-call")
    assert [c.text for c in await desk.desk.comments(review.id)] == ["the ward waits for its list"]
    for name in ("gil", "olivia", "cat"):
        with pytest.raises(NotEntitled):
            await desk.desk.review_afterwards(review.id, desk.voter(name), True)
    assert [each.review for each in desk.desk.breaks_due(PersonId("ann"))] == [review.id]
    assert desk.desk.breaks_due(PersonId("eve")) == []
    await desk.desk.review_afterwards(review.id, desk.voter("ann"), True)
    assert desk.desk.breaks_due(PersonId("ann")) == []
    with pytest.raises(NotEntitled):
        await desk.desk.review_afterwards(review.id, desk.voter("bob"), False)


@pytest.mark.parametrize("name", ["olivia", "ann", "eve"])
async def test_nobody_breaks_it_for_themselves_nor_from_another_group(desk: Office, name: str) -> None:
    review, _ = await held(desk)
    assert why_not(desk, review, name)
    with pytest.raises(NotEntitled):
        await break_glass(desk, review, name)
    assert (await entries(desk, "vote.refused"))[0]["person"] == name


async def test_where_policy_offers_none_there_is_none(desk: Office) -> None:
    plain = under(desk)
    review, _ = await held(plain)
    with pytest.raises(NotEntitled):
        await break_glass(plain, review, "gil")


async def test_a_reason_presence_and_the_card_as_it_is(desk: Office) -> None:
    review, _ = await held(desk)
    with pytest.raises(NotEntitled, match="20 characters"):
        await break_glass(desk, review, "gil", "x" * 19 + "   ")
    card = await desk.desk.card(review.id)
    with pytest.raises(Conflict):
        await desk.desk.break_glass(review.id, desk.voter("gil"), "y" * 20, card.action_digest, card.action_digest)
    for presence in (Presence.SLACK, Presence.TOKEN):
        with pytest.raises(NotEntitled):
            voter = by(desk, "gil", presence)
            await desk.desk.break_glass(review.id, voter, "y" * 20, card.action_digest, card.card_digest)
    keys = OneKey({"gil"})
    with pytest.raises(AuthenticationFailed):
        await break_glass(with_desk(desk, passkeys=keys), review, "gil")
    assert (await desk.desk.review(review.id)).state is ReviewState.PENDING


async def test_it_waits_minutes_and_not_longer(desk: Office) -> None:
    review, action = await held(desk)
    await break_glass(desk, review, "gil")
    desk.clock.forward(minutes=10)
    assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Held)


@pytest.mark.parametrize("now", ['@review("officers:2")', '@review("officers:2") @break_glass("security")'])
async def test_at_the_release_policy_must_offer_it_still(desk: Office, now: str) -> None:
    review, action = await held(desk)
    await break_glass(desk, review, "gil")
    answer = await under(desk, now).gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Held) and answer.review.id != review.id


async def test_of_an_approval_for_several_runs_it_gives_one(desk: Office) -> None:
    desk = under(desk, OFFERED + ' @reuse("3 within 10m")')
    review, action = await held(desk)
    broken = await break_glass(desk, review, "gil")
    assert broken.uses_left == 1
    assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)
    second = await desk.gate.redeem(review.id, action, Again(action))
    assert isinstance(second, Held) and second.review.id != review.id
    assert (await entries(desk, "action.released"))[0]["use"] == 1


async def test_who_has_a_say_can_still_stop_it(desk: Office) -> None:
    review, action = await held(desk)
    await break_glass(desk, review, "gil")
    await desk.vote(review, "ann", Verdict.DENY)
    assert not isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)


async def test_it_is_capped_and_locked_when_nobody_looked(desk: Office) -> None:
    for n in range(2):
        review, _ = await held(desk, "COPY patients TO STDOUT" + " " * n)
        await break_glass(desk, review, "gil")
    third, _ = await held(desk, "COPY patients TO STDOUT   ")
    assert why_not(desk, third, "gil") == "you have broken the glass as often as you may in a day"
    desk.clock.forward(hours=25)
    later, _ = await held(desk, "COPY patients TO STDOUT    ")
    assert "locked" in (why_not(desk, later, "gil") or "")
    for each in desk.authority.glass():
        await desk.desk.review_afterwards(each.review, desk.voter("ann"), False)
    assert why_not(desk, later, "gil") is None


async def test_another_on_call_is_locked_out_of_the_same_connection(desk: Office) -> None:
    review, _ = await held(desk)
    await break_glass(desk, review, "gil")
    desk.clock.forward(hours=25)
    later, _ = await held(desk, "COPY patients TO STDOUT ")
    people = desk.registry.directory
    hal = replace(people.people[PersonId("gil")], id=PersonId("hal"))
    other = desk.with_directory(replace(people, people={**people.people, hal.id: hal}))
    assert "locked" in (why_not(other, later, "hal") or "")


@pytest.mark.parametrize("removed", [False, True])
async def test_a_break_with_a_passkey_that_was_removed_since_runs_nothing(desk: Office, removed: bool) -> None:
    key = {"subject": "gil", "by": "gil", "credential": PROVEN.credential}
    added: dict[str, JsonValue] = {**key, "what": "passkey_added", "public_key": "AAAA", "count": 0, "name": "a"}
    await say(desk, EntryType.IDENTITY_CHANGED, "gil", added)
    keyed = with_desk(desk, passkeys=OneKey({"gil"}))
    review, action = await held(keyed)
    card, voter = await keyed.desk.card(review.id), replace(keyed.voter("gil"), assertion=PROVEN)
    reason = "the ward waits for its list"
    await keyed.desk.break_glass(review.id, voter, reason, card.action_digest, card.card_digest)
    assert (await entries(keyed, "break_glass.used"))[0]["credential"] == PROVEN.credential
    if removed:
        await say(desk, EntryType.IDENTITY_CHANGED, "gil", {**key, "what": "passkey_removed"})
    answer = await keyed.gate.redeem(review.id, action, Again(action))
    if removed:
        assert isinstance(answer, Held) and answer.review.id != review.id
    else:
        assert isinstance(answer, Cleared)


async def test_one_who_left_gets_nothing_run_any_more(desk: Office) -> None:
    review, action = await held(desk)
    await break_glass(desk, review, "gil")
    people = desk.registry.directory
    left = {id_: each for id_, each in people.people.items() if id_ != PersonId("gil")}
    answer = await desk.with_directory(replace(people, people=left)).gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Held) and answer.review.id != review.id


async def test_who_has_a_passkey_judges_with_it_and_the_ledger_keeps_the_answer(desk: Office) -> None:
    review, _ = await held(desk)
    await break_glass(desk, review, "gil")
    keys = OneKey({"ann"})
    seen = with_desk(desk, passkeys=keys)
    with pytest.raises(AuthenticationFailed):
        await seen.desk.review_afterwards(review.id, desk.voter("ann"), True)
    assert desk.desk.breaks_due(PersonId("ann")) and keys.asked == []
    for justified in ("a wrong answer", "a right one"):
        voter = replace(desk.voter("ann"), assertion=PROVEN if justified == "a right one" else replace(PROVEN, count=9))
        if justified == "a wrong answer":
            with pytest.raises(AuthenticationFailed):
                await seen.desk.review_afterwards(review.id, voter, False)
        else:
            await seen.desk.review_afterwards(review.id, voter, False)
    assert keys.asked == [("afterwards", "not justified")] * 2
    (entry,) = await entries(desk, "break_glass.reviewed")
    assert (entry["presence"], entry["justified"], entry["credential"]) == ("webauthn", "no", PROVEN.credential)
    assert desk.desk.breaks_due(PersonId("ann")) == []

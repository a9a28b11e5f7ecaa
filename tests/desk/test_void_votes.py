"""Votes that count no more: they stay void, hold nobody's place, and keep nobody from voting anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.an_office import OFFICERS, Again, Office, office
from tests.desk.a_review import (
    PEOPLE,
    PROVEN,
    OneKey,
    break_glass,
    by,
    delegate,
    entries,
    held,
    ruled,
    say,
    under,
    with_desk,
)

from interlock.desk.signatures import Signature
from interlock.errors import NotEntitled
from interlock.gate import Cleared, Held
from interlock.identity.directory import Directory
from interlock.model.entry import EntryType
from interlock.model.names import Digest, KeyId, PersonId, ReviewId
from interlock.model.review import Presence, Review, ReviewState, Verdict, Voter


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path, token_votes=True) as one:
        yield one


def hearing(desk: Office, annotations: str) -> Office:
    """The office whose directory hears of who leaves and joins; owners have accepted."""
    desk = under(desk, annotations)
    return desk.with_directory(Directory(PEOPLE.people, PEOPLE.actors, desk.authority.roster))


CLOCKS = pytest.mark.parametrize("jump", [timedelta(), timedelta(seconds=-4)], ids=["clock on", "clock back"])


async def accepted(desk: Office) -> None:
    d = {"what": "owner_accepted", "subject": "etl", "by": "olivia", "person": "olivia"}
    await say(desk, EntryType.IDENTITY_CHANGED, "etl", d)


async def leave_and_return(desk: Office, name: str, clock: timedelta = timedelta()) -> None:
    """Out, and back with the settings' groups; `clock` is how far the clock has jumped when they leave."""
    desk.clock.at += clock
    await say(desk, EntryType.IDENTITY_CHANGED, name, {"what": "person_removed", "subject": name, "by": "directory"})
    desk.clock.at += timedelta(seconds=1)
    back = {"what": "person_added", "subject": name, "by": "directory", "name": "Another"}
    await say(desk, EntryType.IDENTITY_CHANGED, name, back)
    desk.clock.at += timedelta(seconds=1)


async def by_token(desk: Office, review: Review, name: str) -> KeyId:
    key, _ = await desk.registry.issue_key(name, PersonId(name), None)
    await desk.desk.vote(review.id, Voter(PersonId(name), Presence.TOKEN, key), await desk.ballot(review))
    return key


async def state(desk: Office, review: Review) -> ReviewState:
    return (await desk.desk.review(review.id)).state


async def test_whose_token_was_revoked_votes_anew_and_counts_once(opened: Office) -> None:
    desk = under(opened, '@review("officers:2")')
    review, action = await held(desk)
    key = await by_token(desk, review, "ann")
    with pytest.raises(NotEntitled, match="you have voted"):
        await desk.vote(review, "ann")
    await desk.registry.revoke_key(key, PersonId("ann"), "stolen")
    assert desk.desk.standing.voted(review, PersonId("ann")) is None
    await desk.vote(review, "ann")
    assert await state(desk, review) is ReviewState.PENDING
    with pytest.raises(NotEntitled, match="you have voted"):
        await desk.vote(review, "ann")
    await desk.vote(review, "bob")
    assert [d["settles"] for d in await entries(desk, "vote.cast")] == ["", "", "approved"]
    assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)


async def test_two_votes_that_both_count_again_are_one_person_s(opened: Office) -> None:
    """By a token while tokens count for nothing, then in the console, then tokens count again."""
    desk = under(opened, '@review("officers:2")')
    review, action = await held(desk)
    await by_token(desk, review, "ann")
    strict = ruled(desk, votes=replace(desk.desk.rules.votes, unsafe_token_votes=False))
    await strict.vote(review, "ann")
    assert [each.person for each in signed(desk, review)] == ["ann", "ann"]
    assert await state(desk, review) is ReviewState.PENDING
    assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Held)
    await desk.vote(review, "bob")
    assert await state(desk, review) is ReviewState.APPROVED


def signed(desk: Office, review: Review) -> list[Signature]:
    """Whose yes counts."""
    found = desk.authority.opened(review.id)
    assert found is not None
    return desk.desk.standing.signed(found, frozenset())


async def test_whose_passkey_was_removed_votes_anew_with_another_in_the_same_session(opened: Office) -> None:
    desk = with_desk(under(opened, '@review("officers:2")'), passkeys=OneKey({"ann"}))
    key = {"subject": "ann", "by": "ann", "credential": "cred"}
    added = {**key, "what": "passkey_added", "public_key": "AAAA", "name": "a"}
    await say(desk, EntryType.IDENTITY_CHANGED, "ann", added)
    review, _ = await held(desk)
    await desk.desk.vote(review.id, by(desk, "ann", Presence.CONSOLE, proven=True), await desk.ballot(review))
    await say(desk, EntryType.IDENTITY_CHANGED, "ann", {**key, "what": "passkey_removed"})
    await say(desk, EntryType.IDENTITY_CHANGED, "ann", {**added, "credential": "other"})
    other = replace(by(desk, "ann", Presence.CONSOLE), assertion=replace(PROVEN, credential="other"))
    anew = with_desk(desk, passkeys=Taking({"ann"}))
    await anew.desk.vote(review.id, other, await desk.ballot(review))
    assert [d["credential"] for d in await entries(desk, "vote.cast")] == ["cred", "other"]
    assert await state(desk, review) is ReviewState.PENDING
    await desk.vote(review, "bob")
    assert await state(desk, review) is ReviewState.APPROVED


class Taking(OneKey):
    """Takes every answer of ann's."""

    def verify(
        self, voter: Voter, review: ReviewId, verdict: str, action_digest: Digest, card_digest: Digest, terms: str = ""
    ) -> None:
        assert voter.person in self.owners


async def in_group(desk: Office, name: str, what: str) -> None:
    """Into officers, or out of it."""
    d = {"what": what, "subject": name, "by": "directory", "group": OFFICERS}
    await say(desk, EntryType.IDENTITY_CHANGED, name, d)


@CLOCKS
async def test_the_vote_of_who_left_stays_void_when_they_are_back(opened: Office, jump: timedelta) -> None:
    desk = hearing(opened, '@review("officers:2")')
    await accepted(desk)
    review, action = await held(desk)
    await desk.vote(review, "ann")
    await leave_and_return(desk, "ann", jump)
    await desk.vote(review, "bob")
    assert await state(desk, review) is ReviewState.PENDING
    again = replace(desk.voter("ann"), key=KeyId("another-login"))
    await desk.desk.vote(review.id, again, await desk.ballot(review))
    assert await state(desk, review) is ReviewState.APPROVED
    assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)


@CLOCKS
async def test_an_approval_by_who_left_stays_void_when_they_are_back(opened: Office, jump: timedelta) -> None:
    desk = hearing(opened, '@review("officers:1")')
    await accepted(desk)
    review, action = await held(desk)
    await desk.vote(review, "ann")
    await leave_and_return(desk, "ann", jump)
    desk.clock.at -= jump
    answer = await desk.gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Held) and answer.review.id != review.id


@CLOCKS
async def test_glass_broken_by_who_left_runs_nothing_when_they_are_back(opened: Office, jump: timedelta) -> None:
    desk = hearing(opened, '@review("officers:2") @break_glass("on-call")')
    await accepted(desk)
    review, action = await held(desk)
    await break_glass(desk, review, "gil")
    await leave_and_return(desk, "gil", jump)
    desk.clock.at -= jump
    answer = await desk.gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Held) and answer.review.id != review.id


async def test_a_review_whose_votes_suffice_by_now_is_settled_by_one_of_them_again(opened: Office) -> None:
    desk = hearing(opened, '@review("officers:2")')
    await accepted(desk)
    review, action = await held(desk)
    await desk.vote(review, "ann")
    await in_group(desk, "ann", "group_removed")
    await desk.vote(review, "bob")
    for name in ("ann", "bob"):
        with pytest.raises(NotEntitled):
            await desk.vote(review, name)
    await in_group(desk, "ann", "group_added")
    assert await state(desk, review) is ReviewState.PENDING
    assert desk.desk.standing.why_not_vote(review, PersonId("bob"), Verdict.APPROVE) is None
    await desk.vote(review, "bob")  # in the same session
    assert await state(desk, review) is ReviewState.APPROVED
    assert [(d["person"], d["settles"]) for d in await entries(desk, "vote.cast")] == [
        ("ann", ""),
        ("bob", ""),
        ("bob", "approved"),
    ]
    assert sorted(each.person for each in await desk.desk.votes(review.id)) == ["ann", "bob"]
    assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)


async def test_a_vote_that_reached_the_ledger_behind_its_voter_s_departure_never_counts(opened: Office) -> None:
    desk = hearing(opened, '@review("officers:2")')
    await accepted(desk)
    review, _ = await held(desk)
    gone = {"what": "person_removed", "subject": "ann", "by": "directory"}
    back = {"what": "person_added", "subject": "ann", "by": "directory", "name": "Another"}
    late = {"verdict": "approve", "person": "ann", "presence": "console", "key": "session", "settles": ""}
    late |= {"digest": review.digest, "card": review.card_digest}
    await say(desk, EntryType.IDENTITY_CHANGED, "ann", gone)
    await say(desk, EntryType.VOTE_CAST, review.id, late)
    await say(desk, EntryType.IDENTITY_CHANGED, "ann", back)
    assert len(desk.authority.votes(review.id)) == 1 and signed(desk, review) == []


async def test_a_void_vote_takes_no_seat_from_a_delegate(opened: Office) -> None:
    desk = under(opened, '@review("officers:2")')
    await delegate(desk, "ann", "cat", OFFICERS)
    review, _ = await held(desk)
    key = await by_token(desk, review, "ann")
    assert desk.desk.why_not(review, PersonId("cat"), Verdict.APPROVE) is not None
    await desk.registry.revoke_key(key, PersonId("ann"), "stolen")
    assert desk.desk.why_not(review, PersonId("cat"), Verdict.APPROVE) is None
    await desk.vote(review, "cat")
    await desk.vote(review, "ann")  # the seat is ann's own: cat's signature stands for nobody now
    assert await state(desk, review) is ReviewState.PENDING
    await desk.vote(review, "bob")
    assert await state(desk, review) is ReviewState.APPROVED

"""Classes of votes: what each may settle; recent logins; passkeys asked for, and gone since."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.an_office import Again, Office, office
from tests.desk.a_review import OneKey, by, entries, held, link, say, under, with_desk

from interlock.desk.signatures import BY_CHANNEL
from interlock.errors import AuthenticationFailed, NotEntitled
from interlock.gate import Cleared, Held
from interlock.model.canonical import JsonValue
from interlock.model.entry import EntryType
from interlock.model.names import KeyId
from interlock.model.review import Presence, Review, ReviewState, Verdict, Voter

CHAT = '@review("officers:2") @channels("slack")'


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened


async def vote(desk: Office, review: Review, voter: Voter, verdict: Verdict = Verdict.APPROVE) -> ReviewState:
    """A vote, and where the review stands then."""
    return (await desk.desk.vote(review.id, voter, await desk.ballot(review, verdict))).state


async def linked(desk: Office) -> Office:
    """The office where the accounts at Slack of two officers are linked."""
    await link(desk, "ann")
    await link(desk, "bob")
    return desk


async def test_chat_alone_never_signs_for_two(opened: Office) -> None:
    desk = await linked(under(opened, CHAT))
    review, action = await held(desk)
    assert await vote(desk, review, by(desk, "ann", Presence.SLACK)) is ReviewState.PENDING
    with pytest.raises(NotEntitled, match="in the console"):
        await vote(desk, review, by(desk, "bob", Presence.SLACK))
    assert await vote(desk, review, by(desk, "bob", Presence.CONSOLE)) is ReviewState.APPROVED
    assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)


async def test_chat_suffices_where_one_signs_and_policy_names_it(opened: Office) -> None:
    desk = await linked(under(opened, '@review("officers:1") @channels("slack")'))
    review, action = await held(desk)
    with pytest.raises(NotEntitled):
        await vote(desk, review, by(desk, "ann", Presence.TEAMS))
    assert await vote(desk, review, by(desk, "ann", Presence.SLACK)) is ReviewState.APPROVED
    assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)


async def test_a_channel_that_policy_names_no_more_counts_no_more(opened: Office) -> None:
    desk = await linked(under(opened, '@review("officers:1") @channels("slack")'))
    review, action = await held(desk)
    await vote(desk, review, by(desk, "ann", Presence.SLACK))
    answer = await under(desk).gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Held) and answer.review.id != review.id


EVERY = '@review("officers:1") @channels("slack, teams, callback")'


@pytest.mark.parametrize("presence", sorted(BY_CHANNEL))
async def test_an_account_that_is_linked_to_nobody_or_to_another_signs_nothing(
    opened: Office, presence: Presence
) -> None:
    desk = under(opened, EVERY)
    review, action = await held(desk)
    for _ in range(2):
        with pytest.raises(NotEntitled, match="isn't linked to you"):
            await vote(desk, review, by(desk, "ann", presence))
        with pytest.raises(NotEntitled, match="isn't linked to you"):
            await vote(desk, review, replace(by(desk, "ann", presence), key=by(desk, "bob", presence).key))
        await link(desk, "bob", presence)
    await link(desk, "ann", presence)
    assert await vote(desk, review, by(desk, "ann", presence)) is ReviewState.APPROVED
    assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)


@pytest.mark.parametrize("key", ["", "slack", "slack/", "teams/T1/ann", "callback/T1/ann", "session", "T1/ann"])
async def test_a_key_that_names_no_account_of_the_channel_signs_nothing(opened: Office, key: str) -> None:
    desk = await linked(under(opened, EVERY))
    review, _ = await held(desk)
    with pytest.raises(NotEntitled, match="isn't linked to you"):
        await vote(desk, review, replace(by(desk, "ann", Presence.SLACK), key=KeyId(key)))


@pytest.mark.parametrize("again", [False, True], ids=["unlinked", "linked again"])
@pytest.mark.parametrize("presence", sorted(BY_CHANNEL))
async def test_a_vote_from_an_account_that_was_unlinked_counts_no_more(
    opened: Office, presence: Presence, again: bool
) -> None:
    """As with passkeys: what was taken away doesn't come back to life; who is linked again votes again."""
    desk = under(opened, EVERY)
    await link(desk, "ann", presence)
    review, action = await held(desk)
    await vote(desk, review, by(desk, "ann", presence))
    await link(desk, "ann", presence, made=False)
    if again:
        await link(desk, "ann", presence)
    answer = await desk.gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Held) and answer.review.id != review.id
    if again:
        assert await vote(desk, answer.review, by(desk, "ann", presence)) is ReviewState.APPROVED


async def test_a_vote_before_its_account_was_linked_never_counts(opened: Office) -> None:
    """It reached the ledger in front of the link's entry."""
    desk = under(opened, EVERY)
    review, _ = await held(desk)
    cast = {"digest": review.digest, "card": review.card_digest, "verdict": "approve", "settles": ""}
    cast |= {"person": "ann", "presence": "slack", "key": by(desk, "ann", Presence.SLACK).key}
    await say(desk, EntryType.VOTE_CAST, review.id, cast)
    await link(desk, "ann")
    found = desk.authority.opened(review.id)
    assert found is not None and len(desk.authority.votes(review.id)) == 1
    assert desk.desk.standing.signed(found, frozenset()) == []


@pytest.mark.parametrize("presence", [Presence.SLACK, Presence.TEAMS, Presence.CALLBACK, Presence.TOKEN])
@pytest.mark.parametrize("verdict", list(Verdict))
async def test_by_itself_only_the_console_counts(opened: Office, presence: Presence, verdict: Verdict) -> None:
    desk = under(opened)
    if presence in BY_CHANNEL:
        await link(desk, "ann", presence)
    review, _ = await held(desk)
    with pytest.raises(NotEntitled):
        await vote(desk, review, by(desk, "ann", presence), verdict)
    assert (await entries(desk, "vote.refused"))[0]["person"] == "ann"


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_a_stolen_session_with_an_old_login_signs_nothing(opened: Office, verdict: Verdict) -> None:
    desk = under(opened)
    review, _ = await held(desk)
    now = desk.clock.now()
    for signed_in in (None, now - timedelta(hours=1, seconds=1), now + timedelta(seconds=1)):
        with pytest.raises(NotEntitled, match="sign in again: your login is older than an hour"):
            await vote(desk, review, replace(desk.voter("ann"), signed_in_at=signed_in), verdict)
    await vote(desk, review, replace(desk.voter("ann"), signed_in_at=now - timedelta(hours=1)), verdict)


async def test_who_has_a_passkey_says_yes_with_it_and_no_without(opened: Office) -> None:
    keys = OneKey({"ann"})
    desk = with_desk(under(opened, '@review("officers:2")'), passkeys=keys)
    review, _ = await held(desk)
    for voter in (by(desk, "ann", Presence.CONSOLE), by(desk, "ann", Presence.WEBAUTHN)):
        with pytest.raises(AuthenticationFailed):
            await vote(desk, review, voter)
    assert len(await entries(desk, "vote.refused")) == 2
    await vote(desk, review, by(desk, "ann", Presence.CONSOLE, proven=True))
    (cast,) = await entries(desk, "vote.cast")
    assert (cast["presence"], cast["credential"], cast["signature"]) == ("webauthn", "cred", "c2lnbmVk")
    assert keys.asked == [("approve", "")]
    assert await vote(desk, review, by(desk, "ann", Presence.CONSOLE), Verdict.DENY) is ReviewState.DENIED


async def test_an_answer_that_is_none_is_refused(opened: Office) -> None:
    desk = with_desk(under(opened), passkeys=OneKey({"ann"}))
    review, _ = await held(desk)
    with pytest.raises(AuthenticationFailed):
        await vote(desk, review, by(desk, "bob", Presence.CONSOLE, proven=True))
    assert (await desk.desk.review(review.id)).state is ReviewState.PENDING


async def test_votes_of_a_passkey_that_was_removed_count_no_more(opened: Office) -> None:
    desk = with_desk(under(opened), passkeys=OneKey({"ann"}))
    key = {"subject": "ann", "by": "ann", "credential": "cred"}
    added: dict[str, JsonValue] = {**key, "what": "passkey_added", "public_key": "AAAA", "count": 0, "name": "a"}
    await say(desk, EntryType.IDENTITY_CHANGED, "ann", added)
    for gone in (False, True):
        review, action = await held(desk, "COPY patients TO STDOUT" + " " * gone)
        await vote(desk, review, by(desk, "ann", Presence.CONSOLE, proven=True))
        if gone:
            await say(desk, EntryType.IDENTITY_CHANGED, "ann", {**key, "what": "passkey_removed"})
        answer = await desk.gate.redeem(review.id, action, Again(action))
        assert isinstance(answer, Held if gone else Cleared)

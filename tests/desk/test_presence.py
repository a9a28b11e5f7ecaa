"""Classes of votes: what each may settle; recent logins; passkeys asked for, and gone since."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.an_office import Again, Office, office
from tests.desk.a_review import OneKey, by, entries, held, say, under, with_desk

from interlock.errors import AuthenticationFailed, NotEntitled
from interlock.gate import Cleared, Held
from interlock.model.canonical import JsonValue
from interlock.model.entry import EntryType
from interlock.model.review import Presence, Review, ReviewState, Verdict, Voter

CHAT = '@review("officers:2") @channels("slack")'


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened


async def vote(desk: Office, review: Review, voter: Voter, verdict: Verdict = Verdict.APPROVE) -> ReviewState:
    """A vote, and where the review stands then."""
    return (await desk.desk.vote(review.id, voter, await desk.ballot(review, verdict))).state


async def test_chat_alone_never_signs_for_two(opened: Office) -> None:
    desk = under(opened, CHAT)
    review, action = await held(desk)
    assert await vote(desk, review, by(desk, "ann", Presence.SLACK)) is ReviewState.PENDING
    with pytest.raises(NotEntitled, match="in the console"):
        await vote(desk, review, by(desk, "bob", Presence.SLACK))
    assert await vote(desk, review, by(desk, "bob", Presence.CONSOLE)) is ReviewState.APPROVED
    assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)


async def test_chat_suffices_where_one_signs_and_policy_names_it(opened: Office) -> None:
    desk = under(opened, '@review("officers:1") @channels("slack")')
    review, action = await held(desk)
    with pytest.raises(NotEntitled):
        await vote(desk, review, by(desk, "ann", Presence.TEAMS))
    assert await vote(desk, review, by(desk, "ann", Presence.SLACK)) is ReviewState.APPROVED
    assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)


async def test_a_channel_that_policy_names_no_more_counts_no_more(opened: Office) -> None:
    desk = under(opened, '@review("officers:1") @channels("slack")')
    review, action = await held(desk)
    await vote(desk, review, by(desk, "ann", Presence.SLACK))
    answer = await under(desk).gate.redeem(review.id, action, Again(action))
    assert isinstance(answer, Held) and answer.review.id != review.id


@pytest.mark.parametrize("presence", [Presence.SLACK, Presence.TEAMS, Presence.CALLBACK, Presence.TOKEN])
@pytest.mark.parametrize("verdict", list(Verdict))
async def test_by_itself_only_the_console_counts(opened: Office, presence: Presence, verdict: Verdict) -> None:
    desk = under(opened)
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

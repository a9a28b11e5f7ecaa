"""The counter: whose click counts, what everybody else is told, and what is recorded of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from tests.channels.a_chat import DANA, EVERYWHERE, URL, Chat, account, chat
from tests.desk.a_review import OneKey, with_desk
from tests.stores.a_store import write_raw

from interlock.channels.answering import MAX_REASON, MOST_IN_CODE, Answered, Answering, Counter
from interlock.channels.clicks import MOST_CLICKS, MOST_KNOWN, Clicks
from interlock.channels.notice import Notice
from interlock.errors import LedgerUnavailable
from interlock.model.channels import Channel, card_id
from interlock.model.names import Digest, PersonId, ReviewId
from interlock.model.review import Presence, ReviewState, Verdict
from interlock.model.template import Template
from interlock.ports import Ledger

YES, NO = Verdict.APPROVE, Verdict.DENY
NOWHERE = card_id(ReviewId("01900000-0000-7000-8000-000000000000"), Digest("0" * 64))


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Chat]:
    async with chat(tmp_path) as opened:
        yield opened


def counter(here: Chat) -> Counter:
    """It fills what channels need."""
    return here.answering


async def test_a_click_of_a_linked_account_is_a_vote_and_the_action_runs(here: Chat) -> None:
    mine = await here.link("dana")
    review, action = await here.held()
    answer = await counter(here).vote(mine, await here.card(review), YES, "checked with the ward")
    assert answer == Answered("Your yes counts. Approved, not run yet.", True, f"{URL}/reviews/{review.id}")
    (vote,) = await here.votes(review)
    assert (vote.person, vote.presence, vote.key) == (DANA, Presence.SLACK, "slack/T01/U-dana")
    assert vote.reason == "checked with the ward"
    assert await here.redeemed(review, action)


async def test_every_vote_is_told_of_to_be_measured(here: Chat) -> None:
    told: list[tuple[str, bool]] = []
    answering = replace(here.answering, note=lambda provider, counted: told.append((provider, counted)))
    mine = await here.link("dana")
    review, _ = await here.held()
    card = await here.card(review)
    await answering.vote(account("stranger"), card, YES, "")
    await answering.vote(mine, NOWHERE, YES, "")
    await answering.vote(mine, card, YES, "")
    assert isinstance(await answering.look(mine, card), Notice)
    assert told == [("slack", False), ("slack", False), ("slack", True)]


async def test_a_no_counts_and_ends_it(here: Chat) -> None:
    mine = await here.link("dana")
    review, action = await here.held()
    answer = await here.answering.vote(mine, await here.card(review), NO, "")
    assert answer.counted and answer.text == "Your no counts. Denied."
    assert not await here.redeemed(review, action)
    late = await here.answering.vote(mine, await here.card(review), YES, "")
    assert not late.counted and "denied" in late.text and late.code == "conflict"


async def test_one_yes_of_two_says_what_is_needed_still(tmp_path: Path) -> None:
    async with chat(tmp_path, '@review("officers:2") @channels("slack")') as here:
        mine = await here.link("dana")
        review, _ = await here.held()
        answer = await here.answering.vote(mine, await here.card(review), YES, "")
        assert answer.text == "Your yes counts. All in all it needs 2 of officers."
        twice = await here.answering.vote(mine, await here.card(review), YES, "")
        assert not twice.counted and "you have voted" in twice.text
        assert await here.state(review) is ReviewState.PENDING


async def test_who_is_not_linked_is_told_how_and_it_is_recorded(here: Chat) -> None:
    review, _ = await here.held()
    for channel, how in ((Channel.SLACK, "/interlock link CODE"), (Channel.TEAMS, "link CODE")):
        answer = await here.answering.vote(account("dana", channel), await here.card(review), YES, "")
        assert not answer.counted and answer.text.endswith(f": {how}")
        assert (answer.code, answer.url) == ("not_linked", f"{URL}/you")
    because = "the account is linked to nobody"
    assert await here.refusals() == [("slack/T01/U-dana", because), ("teams/T01/U-dana", because)]


async def test_a_review_that_one_may_not_see_is_answered_as_one_that_is_not_there(here: Chat) -> None:
    stranger = await here.link("dana")
    review, _ = await here.held("COPY wards TO STDOUT")
    directory = here.office.registry.directory
    nobody = replace(directory, people={**directory.people, DANA: replace(directory.people[DANA], groups=frozenset())})
    outside = here.office.with_directory(nobody)
    answering = replace(here.answering, desk=outside.desk)
    hidden = await answering.vote(stranger, await here.card(review), YES, "")
    missing = await answering.vote(stranger, NOWHERE, YES, "")
    assert hidden == missing and not hidden.counted and hidden.url == ""
    assert await here.refusals() == [("dana", "they may not see it")]
    assert await here.entries("channel.refused") == [
        {"channel": "slack", "because": "a vote on no review of ours", "attempts": 1}
    ]


@pytest.mark.parametrize("card", ["", "x", "-" * 36 + "." + "0" * 32, NOWHERE, NOWHERE + "\n", "a" * 100_000])
async def test_a_button_that_is_none_of_ours_is_answered_and_recorded(here: Chat, card: str) -> None:
    mine = await here.link("dana")
    answer = await here.answering.vote(mine, card, YES, "")
    assert answer.code == "no_such_review"
    assert len(await here.entries("channel.refused")) == 1
    looked = await here.answering.look(mine, card)
    assert isinstance(looked, Answered) and looked.code == "no_such_review"


async def test_what_the_desk_refuses_is_said_in_words_with_the_way_to_the_console(tmp_path: Path) -> None:
    async with chat(tmp_path, '@review("officers:1") @channels("teams")') as here:
        mine = await here.link("dana")
        review, _ = await here.held()
        answer = await here.answering.vote(mine, await here.card(review), YES, "")
        assert "votes by slack don't count for this; sign in to the console" in answer.text
        assert (answer.code, answer.url) == ("not_entitled", f"{URL}/reviews/{review.id}")
        assert (await here.refusals())[0][0] == "dana"


async def test_who_has_a_passkey_says_yes_in_the_console_only(here: Chat) -> None:
    mine = await here.link("dana")
    review, _ = await here.held()
    desk = with_desk(here.office, passkeys=OneKey({"dana"})).desk
    answering = replace(here.answering, desk=desk)
    answer = await answering.vote(mine, await here.card(review), YES, "")
    assert "passkey" in answer.text and answer.url.endswith(review.id) and not answer.counted
    assert (await answering.vote(mine, await here.card(review), NO, "")).counted


async def test_a_card_that_is_too_long_or_not_whole_has_no_button_and_takes_no_click(here: Chat) -> None:
    mine = await here.link("dana")
    long, _ = await here.held(templates=(Template(("x" * (MOST_IN_CODE + 1),), ()),))
    fits, _ = await here.held("COPY wards TO STDOUT", templates=(Template(("x" * MOST_IN_CODE,), ()),))
    for verdict in (YES, NO):
        answer = await here.answering.vote(mine, await here.card(long), verdict, "")
        assert "too long" in answer.text and answer.url.endswith(long.id) and not answer.counted
    assert len(await here.refusals()) == 2
    assert "too long" in str(await here.answering.why_no_button(await here.answering.notices.of(long.id)))
    notice = await here.answering.notices.of(fits.id)
    assert await here.answering.why_no_button(notice) is None
    assert "whole" in str(await here.answering.why_no_button(replace(notice, whole=False)))
    assert (await here.answering.vote(mine, await here.card(fits), YES, "")).counted


async def test_where_there_is_no_button(tmp_path: Path) -> None:
    async with chat(tmp_path, '@review("officers:1")') as here:
        review, _ = await here.held()
        notice = await here.answering.notices.of(review.id)
        assert "console" in str(await here.answering.why_no_button(notice))
        named = replace(notice, channels=frozenset({"teams"}))
        assert await here.answering.why_no_button(named) is None
        settled = replace(named, state=ReviewState.APPROVED)
        assert await here.answering.why_no_button(settled) == "The review is approved."


async def test_a_look_shows_the_card_as_it_is_and_is_recorded_once(here: Chat) -> None:
    mine = await here.link("dana")
    review, _ = await here.held()
    for _ in range(2):
        looked = await here.answering.look(mine, await here.card(review))
        assert isinstance(looked, Notice) and looked.review == review.id
    (seen,) = await here.entries("review.seen")
    assert (seen["person"], seen["where"]) == ("dana", "slack")
    nobody = await here.answering.look(account("mallory"), await here.card(review))
    assert isinstance(nobody, Answered) and nobody.code == "not_linked"


async def test_a_review_that_doesnt_hold_together_hides_no_other(here: Chat, tmp_path: Path) -> None:
    mine = await here.link("dana")
    spoilt, _ = await here.held()
    other, _ = await here.held("COPY doctors TO STDOUT")
    await here.office.vote(spoilt, "remy", NO)
    later, _ = await here.held("COPY wards TO STDOUT")
    write_raw(tmp_path / "interlock.db", f"UPDATE il_vote SET verdict = 'zz', review = '{later.id}'")
    with structlog.testing.capture_logs() as logs:
        lines = await here.answering.inbox(mine, 10)
    assert not isinstance(lines, Answered) and [line.notice.review for line in lines] == [other.id]
    assert [each["event"] for each in logs] == ["integrity.alarm"]


async def test_an_inbox_has_what_waits_with_what_one_may_do(here: Chat) -> None:
    mine, owner = await here.link("dana"), await here.link("olivia")
    made = [(await here.held(f"COPY t{n} TO STDOUT"))[0] for n in range(3)]
    lines = await here.answering.inbox(mine, 2)
    assert not isinstance(lines, Answered)
    assert [line.notice.review for line in lines] == [each.id for each in made[:2]]
    assert all(line.why_not is None for line in lines)
    theirs = await here.answering.inbox(owner, 10)
    assert not isinstance(theirs, Answered)
    assert len(theirs) == 3 and all("part of the request" in str(line.why_not) for line in theirs)
    assert isinstance(await here.answering.inbox(account("mallory"), 10), Answered)


async def test_a_code_is_claimed_by_one_account_and_confirmed_in_the_console(here: Chat) -> None:
    mine = account("dana")
    code = here.people.begin_link(DANA, "slack").reveal()
    assert (await here.answering.claim(mine, "WRONG", "dana")).code == "no_such_code"
    claimed = await here.answering.claim(mine, code, "dana")
    assert claimed.counted and claimed.url == f"{URL}/you" and here.answering.person(mine) is None
    await here.people.confirm_link(DANA, "slack", mine.linked_as)
    assert here.answering.person(mine) == DANA
    again = here.people.begin_link(PersonId("remy"), "slack").reveal()
    assert (await here.answering.claim(mine, again, "dana")).code == "already_linked"


@pytest.mark.parametrize("kind", ["guest", "foreign"])
async def test_guests_and_strangers_of_shared_channels_are_nobody(here: Chat, kind: str) -> None:
    """Not even with a link that was made while they were members."""
    await here.link("dana")
    review, _ = await here.held()
    odd = account("dana", guest=kind == "guest", foreign=kind == "foreign")
    assert here.answering.person(odd) is None
    answers = [
        await here.answering.vote(odd, await here.card(review), YES, ""),
        await here.answering.look(odd, await here.card(review)),
        await here.answering.inbox(odd, 5),
        await here.answering.claim(odd, here.people.begin_link(DANA, "slack").reveal(), "dana"),
    ]
    assert all(isinstance(each, Answered) and each.code == "account_never_votes" for each in answers)
    ((who, because),) = await here.refusals()
    assert who == "slack/T01/U-dana" and "never vote" in because
    assert await here.state(review) is ReviewState.PENDING


async def test_a_reason_is_bounded_and_odd_ones_are_kept_as_far_as_they_can_be(here: Chat) -> None:
    mine = await here.link("dana")
    review, _ = await here.held()
    assert (await here.answering.vote(mine, await here.card(review), YES, "x" * (MAX_REASON + 1))).code == "too_long"
    assert (await here.answering.vote(mine, await here.card(review), YES, "fine \ud800")).counted
    assert [vote.reason for vote in await here.votes(review)] == ["fine ?"]


class Away:
    """A ledger whose disk is full."""

    async def commit(self, unit: object) -> object:
        raise LedgerUnavailable("the disk is full")


async def test_while_the_ledger_is_away_a_click_is_answered_and_nothing_counted(here: Chat) -> None:
    mine = await here.link("dana")
    review, _ = await here.held()
    ledger: Ledger = Away()  # type: ignore[assignment]  # its receipts are never looked at
    answering: Answering = replace(here.answering, desk=replace(here.office.desk, ledger=ledger))
    answer = await answering.vote(mine, await here.card(review), YES, "")
    assert (answer.counted, answer.code) == (False, "not_recorded")
    assert await here.state(review) is ReviewState.PENDING


async def test_who_clicks_too_often_is_told_and_heard_again_in_the_next_minute(here: Chat) -> None:
    mine = await here.link("dana")
    here.office.clock.forward(minutes=1)
    for _ in range(MOST_CLICKS):
        assert (await here.answering.vote(mine, NOWHERE, YES, "")).code == "no_such_review"
    assert (await here.answering.vote(mine, NOWHERE, YES, "")).code == "slow_down"
    other = await here.answering.vote(account("remy"), NOWHERE, YES, "")
    assert other.code == "not_linked"
    here.office.clock.forward(minutes=1)
    assert (await here.answering.vote(mine, NOWHERE, YES, "")).code == "no_such_review"


async def test_no_more_accounts_are_remembered_than_fit(here: Chat) -> None:
    clicks, now = Clicks(1), here.office.clock.now()
    assert clicks.take("first", now) and not clicks.take("first", now)
    for number in range(MOST_KNOWN):
        assert clicks.take(str(number), now)
    assert clicks.take("first", now) and not clicks.take(str(MOST_KNOWN - 1), now)


async def test_a_teams_account_votes_where_teams_is_named(tmp_path: Path) -> None:
    async with chat(tmp_path, EVERYWHERE) as here:
        mine = await here.link("dana", account("dana", Channel.TEAMS))
        review, action = await here.held()
        assert (await here.answering.vote(mine, await here.card(review), YES, "")).counted
        assert (await here.votes(review))[0].presence is Presence.TEAMS
        assert await here.redeemed(review, action)

"""Attacks on votes from chats: whoever holds an agent's key, or somebody's chat account, gets no action through.

`leaks.md`, "Gates that weren't": who clicked, what they were shown, and what the click was bound to.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.an_office import POLICY
from tests.channels.a_chat import BY_SLACK, DANA, Chat, account, chat
from tests.desk.a_review import narrow
from tests.stores.a_store import ENTROPY

from interlock.channels.clicks import MOST_CLICKS
from interlock.desk.refusals import MOST
from interlock.model.channels import Account, Channel, card_id
from interlock.model.label import Label
from interlock.model.names import GroupName, ReviewId
from interlock.model.narrowing import Narrowing
from interlock.model.payload import SqlPayload, SqlStatement
from interlock.model.review import Review, ReviewState, Verdict
from interlock.model.template import Leaf, Template

YES, NO = Verdict.APPROVE, Verdict.DENY
TWO_OFFICERS = BY_SLACK.replace("officers:1", "officers:2")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Chat]:
    async with chat(tmp_path) as opened:
        yield opened


async def refused(here: Chat, who: Account, review: Review, by: str, verdict: Verdict = YES, card: str = "") -> str:
    """A click that doesn't count: it is answered, it is recorded under `by`, and nothing has moved. What was said."""
    before, cast = await here.refusals(), len(await here.entries("vote.cast"))
    stood = await here.state(review)
    answer = await here.answering.vote(who, card or await here.card(review), verdict, "let me")
    assert not answer.counted and answer.text
    new = (await here.refusals())[len(before) :]
    assert [each for each, _ in new] == [by] and new[0][1]
    assert len(await here.entries("vote.cast")) == cast and await here.state(review) is stood
    return answer.text


# -- who clicked ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_an_account_that_nobody_linked_is_nobody_s_whatever_it_is_called(here: Chat, verdict: Verdict) -> None:
    review, action = await here.held()
    text = await refused(here, account("dana"), review, "slack/T01/U-dana", verdict)
    assert "/interlock link" in text
    assert not await here.redeemed(review, action)


@pytest.mark.parametrize("kind", ["guest", "foreign"])
@pytest.mark.parametrize("verdict", list(Verdict))
async def test_a_guest_or_a_stranger_in_a_shared_channel_never(here: Chat, kind: str, verdict: Verdict) -> None:
    mine = await here.link("dana")
    review, action = await here.held()
    await refused(here, replace(mine, guest=kind == "guest", foreign=kind == "foreign"), review, mine.name, verdict)
    assert not await here.redeemed(review, action)


async def test_the_same_id_in_another_workspace_is_another_account(here: Chat) -> None:
    mine = await here.link("dana")
    review, _ = await here.held()
    for other in (replace(mine, tenant="T02"), Account(Channel.TEAMS, mine.tenant, mine.subject)):
        await refused(here, other, review, other.name)
    await refused(here, Account(Channel.SLACK, "T01/U-dana", ""), review, "slack/T01/U-dana/")


ASKING = (
    POLICY
    + """
@id("officers-read") permit (principal in Interlock::Group::"officers", action, resource);
"""
)


async def test_the_requesters_own_account_signs_nothing(here: Chat) -> None:
    """dana asks herself; and an agent asks by a key that she made."""
    mine = await here.link("dana")
    asking = replace(here, office=here.office.with_policy(ASKING.replace('@review("officers:1")', BY_SLACK)))
    for number, holder in enumerate(("dana", "etl")):
        by = await asking.office.agent(holder, made_by="dana")
        review, action = await asking.held(f"COPY t{number} TO STDOUT", by)
        for verdict in Verdict:
            assert "part of the request" in await refused(here, mine, review, "dana", verdict)
        assert not await asking.redeemed(review, action)


async def test_the_owners_second_account_is_still_the_owner(here: Chat) -> None:
    first = await here.link("olivia")
    second = await here.link("olivia", account("olivia-at-home"))
    review, action = await here.held()
    for each in (first, second):
        for verdict in Verdict:
            assert "part of the request" in await refused(here, each, review, "olivia", verdict)
    assert not await here.redeemed(review, action)


async def test_two_accounts_are_one_person(tmp_path: Path) -> None:
    async with chat(tmp_path, TWO_OFFICERS) as here:
        first, second = await here.link("dana"), await here.link("dana", account("dana-phone"))
        review, action = await here.held()
        assert (await here.answering.vote(first, await here.card(review), YES, "")).counted
        assert "you have voted" in await refused(here, second, review, "dana")
        assert not await here.redeemed(review, action)


async def test_a_link_that_was_not_confirmed_is_none_and_nobody_s_code_is_tried_twice(here: Chat) -> None:
    """The attacker's account claims dana's code: it is hers to confirm, or not."""
    review, _ = await here.held()
    mallory, code = account("mallory"), here.people.begin_link(DANA, "slack").reveal()
    assert (await here.answering.claim(mallory, code, "dana")).counted
    await refused(here, mallory, review, mallory.name)
    assert not (await here.answering.claim(account("other"), code, "dana")).counted
    assert here.people.pending_links(DANA) == ()  # two held it: void for both


async def test_who_left_is_nobody_at_once(here: Chat) -> None:
    mine = await here.link("dana")
    review, _ = await here.held()
    await here.people.remove_person(DANA, "olivia")
    await refused(here, mine, review, mine.name)


# -- what the click was bound to --------------------------------------------------------------------------------------


async def test_a_button_of_one_review_with_another_ones_card_is_stale(here: Chat) -> None:
    mine = await here.link("dana")
    shown, _ = await here.held()
    other, action = await here.held("COPY wards TO STDOUT")
    forged = card_id(other.id, shown.card_digest)
    assert "changed since" in await refused(here, mine, other, "dana", card=forged)
    assert not await here.redeemed(other, action)


async def test_a_card_that_was_narrowed_since_takes_no_click_of_before(here: Chat) -> None:
    mine = await here.link("dana")
    review, action = await here.held()
    before = await here.card(review)
    await narrow(here.office, review, "remy", Narrowing(valid=review.requirements.valid / 2))
    for verdict in Verdict:
        await refused(here, mine, review, "dana", verdict, card=before)
    assert not await here.redeemed(review, action)
    assert (await here.answering.vote(mine, await here.card(review), YES, "")).counted


async def test_a_channel_that_policy_does_not_name_settles_nothing(tmp_path: Path) -> None:
    for number, named in enumerate(('@review("officers:1")', '@review("officers:1") @channels("teams")')):
        path = tmp_path / str(number)
        path.mkdir()
        async with chat(path, named) as here:
            mine = await here.link("dana")
            review, action = await here.held()
            for verdict in Verdict:
                assert "sign in to the console" in await refused(here, mine, review, "dana", verdict)
            assert not await here.redeemed(review, action)


async def test_chat_alone_never_signs_for_two(tmp_path: Path) -> None:
    async with chat(tmp_path, TWO_OFFICERS) as here:
        one, two = await here.link("dana"), await here.link("remy")
        review, action = await here.held()
        assert (await here.answering.vote(one, await here.card(review), YES, "")).counted
        assert "in the console" in await refused(here, two, review, "remy")
        assert not await here.redeemed(review, action)
        await here.office.vote(review, "remy")
        assert await here.redeemed(review, action)


@pytest.mark.parametrize("again", [False, True], ids=["unlinked", "linked again"])
async def test_a_vote_of_an_account_that_was_unlinked_runs_nothing(here: Chat, again: bool) -> None:
    mine = await here.link("dana")
    review, action = await here.held()
    assert (await here.answering.vote(mine, await here.card(review), YES, "")).counted
    await here.unlink("dana")
    if again:
        await here.link("dana")
    assert not await here.redeemed(review, action)


async def test_policy_that_takes_the_channel_back_voids_what_came_by_it(here: Chat) -> None:
    mine = await here.link("dana")
    review, action = await here.held()
    assert (await here.answering.vote(mine, await here.card(review), YES, "")).counted
    strict = replace(here, office=here.office.with_policy(POLICY))
    assert not await strict.redeemed(review, action)


async def test_a_link_survives_a_restart_and_so_does_what_voids_a_vote(tmp_path: Path) -> None:
    async with chat(tmp_path) as here:
        mine, other = await here.link("dana"), await here.link("remy")
        kept, _ = await here.held()
        void, _ = await here.held("COPY wards TO STDOUT")
        assert (await here.answering.vote(mine, await here.card(kept), YES, "")).counted
        assert (await here.answering.vote(other, await here.card(void), YES, "")).counted
        await here.unlink("remy")
        await here.link("remy")
    async with chat(tmp_path) as here:
        assert here.answering.person(mine) == DANA
        signed = []
        for review in (kept, void):
            opened = here.office.authority.opened(review.id)
            assert opened is not None
            signed.append([each.person for each in here.office.desk.standing.signed(opened, frozenset())])
        assert signed == [[DANA], []]


# -- many clicks ------------------------------------------------------------------------------------------------------


async def test_two_hundred_clicks_are_answered_and_fill_no_ledger(here: Chat) -> None:
    owner, stranger = await here.link("olivia"), account("mallory")
    here.office.clock.forward(minutes=1)
    review, _ = await here.held()
    card = await here.card(review)
    clicks = [here.answering.vote(who, card, YES, "") for who in (owner, stranger) for _ in range(200)]
    answers = await asyncio.gather(*clicks)
    assert not any(each.counted for each in answers) and all(each.text for each in answers)
    assert Counter(each.code for each in answers)["slow_down"] == 2 * (200 - MOST_CLICKS)
    assert Counter(who for who, _ in await here.refusals()) == {"olivia": MOST, stranger.name: MOST}
    here.office.clock.forward(minutes=1)
    await here.office.desk.expire_due()
    told = {who: because for who, because in await here.refusals() if because.endswith("more attempts")}
    assert told == dict.fromkeys(("olivia", stranger.name), f"{MOST_CLICKS - MOST} more attempts")


async def test_many_yes_at_once_are_one_vote(here: Chat) -> None:
    mine = await here.link("dana")
    review, action = await here.held()
    card = await here.card(review)
    answers = await asyncio.gather(*(here.answering.vote(mine, card, YES, "") for _ in range(20)))
    assert [each.counted for each in answers].count(True) == 1
    assert len(await here.entries("vote.cast")) == 1 and await here.redeemed(review, action)


# -- what is shown ----------------------------------------------------------------------------------------------------

CANARY = "MRN-0042-CANARY"


async def test_no_value_and_no_word_of_a_voter_is_in_any_notice_or_answer(tmp_path: Path) -> None:
    async with chat(tmp_path, TWO_OFFICERS) as here:
        mine = await here.link("dana")
        leaf = Leaf(None, "text", Label("phi.mrn"), "9-16", "#1")
        template = Template(("COPY (SELECT * FROM patients WHERE mrn = ", ") TO STDOUT"), (leaf,))
        text = f"COPY (SELECT * FROM patients WHERE mrn = '{CANARY}') TO STDOUT".encode()
        payload = SqlPayload((SqlStatement(text, simple=True),))
        review, _ = await here.held(templates=(template,), payload=payload)
        answer = await here.answering.vote(mine, await here.card(review), YES, f"I looked up {CANARY}")
        seen = [await here.answering.look(mine, await here.card(review)), await here.answering.inbox(mine, 10)]
        denied = await here.answering.vote(mine, await here.card(review), NO, CANARY)
        said = repr((answer, denied, seen, await here.answering.notices.of(review.id)))
        assert answer.counted and denied.counted and "phi.mrn #1" in said
        assert CANARY not in said


async def test_the_agents_words_are_plain_marked_text_and_no_title_of_ours(here: Chat) -> None:
    words = (
        "<!channel> <http://evil.test|Approve> @here *Approved by dana*\n:white_check_mark: "
        "\N{RIGHT-TO-LEFT OVERRIDE}evorppA\N{POP DIRECTIONAL FORMATTING}\N{ZERO WIDTH SPACE}\N{LINE SEPARATOR}"
    )
    review, _ = await here.held(reason_given=words, ticket_given=words)
    told = await here.answering.notices.of(review.id)
    for said in (told.said, told.ticket):
        assert said == (
            "<!channel> <http://evil.test|Approve> @here *Approved by dana*␤:white_check_mark: "
            "⟨U+202E⟩evorppA⟨U+202C⟩⟨U+200B⟩⟨U+2028⟩"
        )
    others = repr(replace(told, said="", ticket=""))
    assert "evil.test" not in others and "Approved by" not in others


async def test_a_review_is_not_there_for_who_may_not_see_it(here: Chat) -> None:
    """Neither by a look nor by a vote nor in a list does a button tell that there is such a review."""
    mine = await here.link("dana")
    review, _ = await here.held()
    await here.people.remove_group(DANA, GroupName("officers"), "olivia")
    missing = card_id(ReviewId(ENTROPY.uuid7()), review.card_digest)
    card = await here.card(review)
    assert await here.answering.look(mine, card) == await here.answering.look(mine, missing)
    assert await here.answering.vote(mine, card, YES, "") == await here.answering.vote(mine, missing, YES, "")
    assert await here.answering.inbox(mine, 10) == []
    assert await here.entries("review.seen") == []
    assert (await here.refusals())[0][0] == "dana"
    assert await here.state(review) is ReviewState.PENDING

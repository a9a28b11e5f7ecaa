"""Reviews answered in Slack, end to end over real sockets, by signed requests and by socket mode."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from testkit.slack import Slack, Trouble
from testkit.slack_user import buttons, words
from tests.channels.a_chat import REMY
from tests.channels.slack.a_workspace import GENERAL, QUICK, Ours, ours

from interlock.channels.slack.blocks import APPROVE, DENY, LOOK, OPEN
from interlock.model.review import ReviewState


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack() as running:
        yield running


@pytest.fixture(params=["http", "socket"])
async def here(tmp_path: Path, slack: Slack, request: pytest.FixtureRequest) -> AsyncIterator[Ours]:
    async with ours(tmp_path, slack, socket=request.param == "socket") as running:
        yield running


def newest_view(slack: Slack) -> str:
    return list(slack.views)[-1]


async def test_a_click_and_a_reason_are_a_vote_and_every_copy_says_so(here: Ours, slack: Slack) -> None:
    await here.link("dana")
    review, action = await here.chat.held()
    copy, message = await here.posted(review)
    assert [each["action_id"] for each in buttons(message)] == [APPROVE, DENY, OPEN]
    assert buttons(message)[0]["value"] == await here.chat.card(review)

    assert await here.user("dana").press(APPROVE, message, GENERAL) == {}
    await here.settled()
    answer = await here.user("dana").submit(newest_view(slack), "checked with the ward")
    assert answer["response_action"] == "update" and "Your yes counts" in words(answer["view"])
    (vote,) = await here.chat.votes(review)
    assert (vote.person, vote.reason) == ("dana", "checked with the ward")
    assert vote.key == f"slack/{slack.team}/UDANA"

    assert await here.service.courier.update(copy) == copy.handle
    settled = here.message(copy.handle)
    assert [each["action_id"] for each in buttons(settled)] == [OPEN]
    assert "Approved by dana" in words(settled)
    assert await here.chat.redeemed(review, action)


async def test_a_no_without_a_reason_counts(here: Ours, slack: Slack) -> None:
    await here.link("dana")
    review, _ = await here.chat.held()
    _, message = await here.posted(review)
    await here.user("dana").press(DENY, message, GENERAL)
    await here.settled()
    answer = await here.user("dana").submit(newest_view(slack), None)
    assert "Your no counts" in words(answer)
    assert await here.chat.state(review) is ReviewState.DENIED


async def test_the_same_modal_sent_twice_counts_once_and_is_answered_twice(here: Ours, slack: Slack) -> None:
    await here.link("dana")
    review, _ = await here.chat.held()
    _, message = await here.posted(review)
    await here.user("dana").press(APPROVE, message, GENERAL)
    await here.settled()
    first = await here.user("dana").submit(newest_view(slack), "yes")
    assert await here.user("dana").submit(newest_view(slack), "yes") == first
    assert len(await here.chat.votes(review)) == 1
    assert await here.chat.refusals() == []


@pytest.mark.parametrize("socket", [False, True])
async def test_an_answer_that_takes_long_comes_later(tmp_path: Path, slack: Slack, socket: bool) -> None:
    async with ours(tmp_path, slack, socket=socket, patience=replace(QUICK, ack=0.0)) as here:
        await here.link("dana")
        review, _ = await here.chat.held()
        _, message = await here.posted(review)
        await here.user("dana").press(APPROVE, message, GENERAL)
        await here.settled()
        at_once = await here.user("dana").submit(newest_view(slack), "yes")
        assert "One moment" in words(at_once)
        await here.settled()
        assert "Your yes counts" in words(slack.views[newest_view(slack)])
        slack.user("UREMY")
        assert "One moment" in words(await here.user("remy").command("list", channel=GENERAL))
        await here.settled()
        (told,) = here.general.ephemeral
        assert told["user"] == "UREMY" and "/interlock link" in words(told)


async def test_a_modal_outlives_a_restart_of_ours(tmp_path: Path, slack: Slack) -> None:
    async with ours(tmp_path, slack) as before:
        await before.link("dana")
        review, _ = await before.chat.held()
        copy, message = await before.posted(review)
        await before.user("dana").press(APPROVE, message, GENERAL)
        await before.settled()
    async with ours(tmp_path, slack, socket=True) as after:
        answer = await after.user("dana").submit(newest_view(slack), "yes")
        assert "Your yes counts" in words(answer)
        await after.service.courier.update(copy)
        assert "Approved by dana" in words(after.message(copy.handle))


async def test_an_unlinked_account_is_told_so_and_recorded(here: Ours, slack: Slack) -> None:
    slack.user("UNOBODY")
    review, _ = await here.chat.held()
    _, message = await here.posted(review)
    await here.user("nobody").press(APPROVE, message, GENERAL)
    await here.settled()
    assert "link" in words(slack.views[newest_view(slack)])
    assert await here.chat.refusals() == [(f"slack/{slack.team}/UNOBODY", "the account is linked to nobody")]


@pytest.mark.parametrize("flag", ["is_restricted", "is_ultra_restricted"])
async def test_a_guest_never_votes_even_when_linked(here: Ours, slack: Slack, flag: str) -> None:
    await here.link("dana")
    slack.user("UDANA", flags={flag: True})
    review, _ = await here.chat.held()
    _, message = await here.posted(review)
    await here.user("dana").press(APPROVE, message, GENERAL)
    await here.settled()
    assert "guest" in words(slack.views[newest_view(slack)])
    assert await here.chat.votes(review) == []
    assert [because for _, because in await here.chat.refusals()] == ["guest accounts never vote here"]


async def test_somebody_of_another_workspace_never_votes(here: Ours, slack: Slack) -> None:
    await here.link("dana")
    slack.user("USTRANGER", team="T0THEIRS")
    review, _ = await here.chat.held()
    _, message = await here.posted(review)
    await here.user("stranger", team="T0THEIRS").press(APPROVE, message, GENERAL)
    await here.user("dana", team="T0THEIRS").press(DENY, message, GENERAL)  # what Slack says of them doesn't agree
    await here.settled()
    assert [because for _, because in await here.chat.refusals()] == [
        "accounts of other workspaces never vote here"
    ] * 2
    assert all("workspace" in words(view) for view in slack.views.values())


async def test_somebody_whom_slack_cant_tell_about_isnt_let_through(here: Ours, slack: Slack) -> None:
    await here.link("dana")
    review, _ = await here.chat.held()
    _, message = await here.posted(review)
    slack.trouble("users.info", Trouble(status=500), Trouble(status=429, retry_after="7", error="ratelimited"))
    await here.user("dana").press(APPROVE, message, GENERAL)
    await here.settled()
    assert "couldn't tell us who you are" in words(slack.views[newest_view(slack)])
    slack.views[newest_view(slack)] = slack.called("views.open")[-1]["view"]  # sends the form all the same
    assert "couldn't tell us" in words(await here.user("dana").submit(newest_view(slack)))
    assert await here.chat.votes(review) == []
    assert len(await here.refused()) == 2
    assert "Your yes counts" in words(await here.user("dana").submit(newest_view(slack)))  # it may be sent again


async def test_a_click_is_answered_though_no_modal_opens(here: Ours, slack: Slack) -> None:
    await here.link("dana")
    review, _ = await here.chat.held()
    _, message = await here.posted(review)
    slack.trouble("views.open", Trouble(error="expired_trigger_id"))
    await here.user("dana").press(APPROVE, message, GENERAL)
    await here.settled()
    (told,) = here.general.ephemeral
    assert told["user"] == "UDANA" and "too long" in words(told)
    here.general.bot_is_in = False
    slack.trouble("views.open", Trouble(error="expired_trigger_id"))
    await here.user("dana").press(APPROVE, message, GENERAL)
    await here.settled()
    assert "too long" in words(slack.conversations["DUDANA"].messages)


async def test_a_stale_card_isnt_signed(here: Ours, slack: Slack) -> None:
    await here.link("dana")
    review, _ = await here.chat.held()
    _, message = await here.posted(review)
    for button in buttons(message):
        button["value"] = f"{review.id}.{'0' * 32}"
    await here.user("dana").press(APPROVE, message, GENERAL)
    await here.settled()
    await here.user("dana").submit(newest_view(slack), "yes")
    assert await here.chat.votes(review) == [] and len(await here.chat.refusals()) == 1


async def test_a_link_button_is_only_acknowledged(here: Ours, slack: Slack) -> None:
    await here.link("dana")
    review, _ = await here.chat.held()
    _, message = await here.posted(review)
    before = len(slack.calls)
    assert await here.user("dana").press(OPEN, message, GENERAL) == {}
    await here.settled()
    assert len(slack.calls) == before


async def test_what_policy_keeps_from_chat_has_no_button_and_counts_for_nothing(tmp_path: Path, slack: Slack) -> None:
    async with ours(tmp_path, slack, policy='@review("officers:1") @channels("console")') as here:
        await here.link("dana")
        review, _ = await here.chat.held()
        _, message = await here.posted(review)
        assert [each["action_id"] for each in buttons(message)] == [OPEN]
        assert "can't be answered here" in words(message)
        button = {"action_id": APPROVE, "value": await here.chat.card(review)}
        forged = {"blocks": [{"type": "actions", "elements": [button]}]}
        await here.user("dana").press(APPROVE, forged, GENERAL)
        await here.settled()
        await here.user("dana").submit(newest_view(slack), "yes")
        assert await here.chat.state(review) is ReviewState.PENDING


async def test_linking_by_command(here: Ours, slack: Slack) -> None:
    slack.user("UREMY")
    assert "link" in words(await here.user("remy").command(""))
    code = here.chat.people.begin_link(REMY, "slack")
    await here.user("remy").command(f"link {code.reveal()}")
    (waiting,) = here.chat.people.pending_links(REMY)
    assert (waiting.subject, waiting.shown) == (f"{slack.team}/UREMY", "@uremy")
    assert "code" in words(await here.user("remy").command("link NOSUCHCODE"))


async def test_the_list_by_command_and_help(here: Ours, slack: Slack) -> None:
    await here.link("dana")
    assert "Nothing waits for you." in words(await here.user("dana").command("list"))
    await here.chat.held()
    listed = await here.user("dana").command("")
    assert "agent etl" in words(listed) and [each["action_id"] for each in buttons(listed)] == [LOOK, OPEN]
    assert "/interlock link CODE" in words(await here.user("dana").command("help me"))


async def test_nothing_of_an_answer_goes_by_response_url(here: Ours, slack: Slack) -> None:
    await here.link("dana")
    review, _ = await here.chat.held()
    _, message = await here.posted(review)
    await here.user("dana").press(APPROVE, message, GENERAL)
    await here.settled()
    asked = {name for name, _ in slack.calls} - {"apps.connections.open"}
    assert asked == {"chat.postMessage", "users.info", "views.open"}

"""The home tab: the inbox, whole cards to look at, kept up to date."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from testkit.slack import Slack
from testkit.slack_user import buttons, words
from tests.channels.slack.a_workspace import Ours, ours

from interlock.channels.slack.blocks import APPROVE, LOOK, OPEN
from interlock.model.review import ReviewState


@pytest.fixture(params=["http", "socket"])
async def here(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Ours]:
    async with Slack() as slack, ours(tmp_path, slack, socket=request.param == "socket") as running:
        yield running


async def test_the_inbox_a_look_and_a_vote(here: Ours) -> None:
    slack = here.slack
    await here.link("dana")
    review, action = await here.chat.held()
    await here.user("dana").open_home()
    await here.settled()
    home = slack.homes["UDANA"]
    assert [each["action_id"] for each in buttons(home)] == [LOOK, OPEN]

    await here.user("dana").press(LOOK, home)
    await here.settled()
    card = slack.views[list(slack.views)[-1]]
    assert "agent etl" in words(card) and buttons(card)[0]["action_id"] == APPROVE
    assert len(await here.chat.entries("review.seen")) == 1

    await here.user("dana").press(APPROVE, card, view="modal")
    await here.settled()
    assert len(slack.called("views.push")) == 1
    await here.user("dana").submit(list(slack.views)[-1], "looked")
    assert await here.chat.redeemed(review, action)


async def test_it_follows_the_reviews(here: Ours) -> None:
    await here.link("dana")
    await here.user("dana").open_home()
    await here.settled()
    assert "Nothing waits for you." in words(here.slack.homes["UDANA"])
    review, _ = await here.chat.held()
    await here.slack.until(lambda: "agent etl" in words(here.slack.homes["UDANA"]))
    await here.chat.office.vote(review, "remy")
    assert await here.chat.state(review) is ReviewState.APPROVED
    await here.slack.until(lambda: "Nothing waits for you." in words(here.slack.homes["UDANA"]))


async def test_somebody_unlinked_is_told_how_to_link(here: Ours) -> None:
    here.slack.user("UNOBODY")
    await here.user("nobody").open_home()
    await here.settled()
    assert "/interlock link" in words(here.slack.homes["UNOBODY"])

"""Copies in Slack kept as their reviews are, by the outbox itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from testkit.slack import Slack, Trouble
from testkit.slack_user import words
from tests.channels.slack.a_workspace import GENERAL, Ours, ours

from interlock.channels.slack.blocks import APPROVE
from interlock.channels.slack.pacing import Pacing
from interlock.model.channels import Channel, Destination
from interlock.workers.meters import Meters
from interlock.workers.outbox import Outbox

THERE = Destination(Channel.SLACK, GENERAL)


@asynccontextmanager
async def delivering(here: Ours) -> AsyncIterator[Outbox]:
    """The outbox, from start to stop."""
    office, stop = here.chat.office, asyncio.Event()
    outbox = Outbox(
        [here.service.courier],
        desk=office.desk,
        documents=office.store.records,
        ledger=office.store,
        sealer=office.desk.sealer,
        clock=office.clock,
        meters=Meters(),
    )
    running = asyncio.create_task(outbox.run(office.desk.bell.listen, stop))  # type: ignore[arg-type]
    try:
        yield outbox
    finally:
        stop.set()
        await running


async def test_a_click_in_one_copy_shows_in_all(tmp_path: Path) -> None:
    async with Slack() as slack, ours(tmp_path, slack, socket=True) as here, delivering(here) as outbox:
        await here.link("dana")
        await here.link("remy")
        review, _ = await here.chat.held()
        clock = here.chat.office.clock
        here.service.courier.pacing = Pacing(lambda: clock.now().timestamp())  # the clock that the outbox has
        places = [GENERAL, "DUDANA", "DUREMY"]
        for address in (GENERAL, "person/dana", "person/remy"):
            await outbox.want(review.id, Destination(Channel.SLACK, address))
        await slack.until(lambda: all(place in slack.conversations for place in places))
        await slack.until(lambda: all(slack.conversations[place].messages for place in places))
        clock.forward(seconds=5)
        await here.user("dana").press(APPROVE, slack.conversations["DUDANA"].messages[0], "DUDANA")
        await here.settled()
        await here.user("dana").submit(list(slack.views)[-1], "yes")
        await slack.until(lambda: all("by dana" in words(slack.conversations[place].messages) for place in places))
        assert [len(slack.conversations[place].messages) for place in places] == [1, 1, 1]


async def test_a_lost_answer_and_a_restart_post_nothing_twice(tmp_path: Path) -> None:
    async with Slack() as slack:
        async with ours(tmp_path, slack) as here, delivering(here) as outbox:
            review, _ = await here.chat.held()
            # The answer is lost, and so is the look for it: what became of it isn't known when we stop.
            slack.trouble("chat.postMessage", Trouble(cut=True, done=True))
            slack.trouble("conversations.history", Trouble(status=500))
            await outbox.want(review.id, THERE)
            await slack.until(lambda: bool(slack.called("conversations.history")))
        async with ours(tmp_path, slack) as here:
            here.chat.office.clock.forward(minutes=5)
            async with delivering(here):
                await slack.until(lambda: len(slack.called("chat.update")) == 1)
        assert len(slack.conversations[GENERAL].messages) == 1 == len(slack.called("chat.postMessage"))

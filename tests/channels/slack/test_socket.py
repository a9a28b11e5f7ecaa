"""Socket mode: connected again after whatever happens, and gone without a trace when we stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from testkit.slack import Slack, Trouble
from testkit.slack_user import words
from tests.channels.slack.a_workspace import Ours, ours


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack() as running:
        yield running


@pytest.fixture
async def here(tmp_path: Path, slack: Slack) -> AsyncIterator[Ours]:
    async with ours(tmp_path, slack, socket=True) as running:
        yield running


async def test_it_connects_anew_when_asked_to(here: Ours, slack: Slack) -> None:
    await slack.until(lambda: slack.connections == 1)
    await slack.disconnect()
    await slack.until(lambda: len(slack.called("apps.connections.open")) == 2 and slack.connections == 1)
    slack.user("UREMY")
    assert "help" in words(await here.user("remy").command("help"))


async def test_it_comes_back_after_slack_was_away(here: Ours, slack: Slack) -> None:
    await slack.until(lambda: slack.connections == 1)
    await slack.stop()
    await slack.start()
    await slack.until(lambda: slack.connections == 1)
    assert "help" in words(await here.user("remy").command("help"))


async def test_an_address_is_asked_for_anew_each_time(tmp_path: Path, slack: Slack) -> None:
    slack.trouble("apps.connections.open", Trouble(status=500), Trouble(error="internal_error"), Trouble(cut=True))
    async with ours(tmp_path, slack, socket=True) as here:
        await slack.until(lambda: slack.connections == 1)
        assert here.service.socket is not None
        assert len(slack.called("apps.connections.open")) == 4


async def test_nothing_is_left_when_it_stops(tmp_path: Path, slack: Slack) -> None:
    before = asyncio.all_tasks()
    async with ours(tmp_path, slack, socket=True) as here:
        await here.user("remy").command("help")
        assert here.service.socket is not None and here.service.socket.connected
    await slack.until(lambda: slack.connections == 0)
    left = {task for task in asyncio.all_tasks() - before if "interlock" in repr(task.get_coro())}
    assert left == set()


async def test_it_stops_while_slack_is_away(tmp_path: Path, slack: Slack) -> None:
    await slack.stop()
    async with ours(tmp_path, slack, socket=True) as here:
        assert here.service.socket is not None and not here.service.socket.connected

"""The home tab: everybody's own list, kept up to date for those who looked at theirs lately."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from interlock.channels.answering import Counter
from interlock.channels.slack.blocks import Json
from interlock.channels.slack.clicks import NOT_SURE
from interlock.channels.slack.members import Members
from interlock.channels.slack.payloads import Sender
from interlock.channels.slack.views import MAX_INBOX, home_view
from interlock.channels.slack.web_api import AnswerLost, WebApi
from interlock.errors import ServiceAway, UpstreamFailed
from interlock.model.names import ReviewId

log = structlog.get_logger("interlock.slack")

_LATELY: Final = 1800.0  # seconds for which an opened tab is kept up to date
_MOST: Final = 50  # tabs: views.publish is tier 4, a hundred a minute and more
EVERY: Final = 3.0  # seconds between two rounds at least


@dataclass(slots=True)
class _Tab:
    opened: float
    shown: str = ""  # digest of what was published last


@dataclass(slots=True)
class Home:
    """Home tabs; `moves` gives reviews as they move, `clock` seconds that only go forward."""

    api: WebApi
    counter: Counter
    members: Members
    moves: Callable[[], AsyncIterator[ReviewId]]
    clock: Callable[[], float]
    every: float = EVERY
    _tabs: OrderedDict[str, _Tab] = field(default_factory=OrderedDict)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def opened(self, sender: Sender) -> None:
        """Somebody opened their tab: it is published anew, and kept up to date for a while."""
        self._tabs[sender.user] = _Tab(self.clock())
        self._tabs.move_to_end(sender.user)
        while len(self._tabs) > _MOST:
            self._tabs.popitem(last=False)
        await self._publish(sender.user)

    async def run(self, stop: asyncio.Event) -> None:
        """Publishes anew whenever reviews have moved, until `stop` is set."""
        listening = asyncio.create_task(self._listen())
        refreshing = asyncio.create_task(self._refresh())
        try:
            await stop.wait()
        finally:
            for task in (listening, refreshing):
                task.cancel()
            await asyncio.gather(listening, refreshing, return_exceptions=True)

    async def _listen(self) -> None:
        moves = self.moves()
        async for _ in moves:
            self._moved.set()

    async def _refresh(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            wait = self.every
            for user in [user for user, tab in self._tabs.items() if self.clock() - tab.opened < _LATELY]:
                try:
                    await self._publish(user)
                except (ServiceAway, AnswerLost) as away:
                    asked = away.seconds if isinstance(away, ServiceAway) else None
                    wait = max(wait, asked or 0.0)
                    self._moved.set()  # the rest of them, later
                    break
                except Exception as error:  # one tab that can't be shown keeps the others up to date
                    log.warning("slack.home_failed", because=type(error).__name__)
            await asyncio.sleep(wait)

    async def _publish(self, user: str) -> None:
        view = await self._view(user)
        digest = hashlib.sha256(json.dumps(view).encode()).hexdigest()
        tab = self._tabs.get(user)
        if tab is not None and tab.shown == digest:
            return
        try:
            await self.api.call("views.publish", user_id=user, view=view)
        except (ServiceAway, AnswerLost):
            raise
        except UpstreamFailed:
            self._tabs.pop(user, None)  # nobody there any more
            return
        if tab is not None:
            tab.shown = digest

    async def _view(self, user: str) -> Json:
        member = await self.members.member(Sender(user))
        inbox = NOT_SURE if member is None else await self.counter.inbox(member.account, MAX_INBOX + 1)
        return home_view(inbox)

"""A gateway's Slack and Slack itself, on real sockets: the office with its counter, the service, and the fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from testkit.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Conversation, Json, Slack
from testkit.slack_user import SignedCalls, SlackUser
from tests.channels.a_chat import URL, Chat, chat

from interlock.channels.notice_of import Notices
from interlock.channels.readers import DeskReaders
from interlock.channels.slack.service import Patience, SlackService, slack_service
from interlock.model.channel_settings import SlackSettings
from interlock.model.channels import Account, Channel, Copy, Destination
from interlock.model.review import Review
from interlock.model.secret import Secret
from interlock.workers.copies import copy_id

GENERAL = "C0GENERAL"
QUICK = Patience(call=5.0, home=0.01, socket=0.05)
CHAT = '@review("officers:1") @channels("console, slack")'


@dataclass(frozen=True)
class Ours:
    """One life of our side."""

    chat: Chat
    service: SlackService
    slack: Slack
    calls: SignedCalls
    socket: bool

    async def link(self, name: str) -> Account:
        """Links the account that somebody of that name has in the fake."""
        user = self.slack.user(f"U{name.upper()}")
        return await self.chat.link(name, Account(Channel.SLACK, self.slack.team, user))

    def user(self, name: str, **changed: str) -> SlackUser:
        """Somebody at their client."""
        deliver = self.slack.envelope if self.socket else self.calls
        return SlackUser(self.slack, f"U{name.upper()}", deliver, **changed)

    def copy(self, review: Review, address: str = GENERAL, handle: str = "") -> Copy:
        """A copy there."""
        destination = Destination(Channel.SLACK, address)
        return Copy(copy_id(review.id, destination), review.id, destination, handle)

    async def posted(self, review: Review, address: str = GENERAL) -> tuple[Copy, Json]:
        """Posts the card; the copy as it is then, and the message."""
        handle = await self.service.courier.send(self.copy(review, address))
        return self.copy(review, address, handle), self.message(handle)

    def message(self, handle: str) -> Json:
        """The message of a handle."""
        channel, ts, *_ = handle.split(":")
        return next(each for each in self.slack.conversations[channel].messages if each["ts"] == ts)

    @property
    def general(self) -> Conversation:
        """The channel that everybody is in."""
        return self.slack.channel(GENERAL)

    async def settled(self) -> None:
        """Once nothing is under way any more on our side."""
        await self.service.app.tasks.settled()

    async def refused(self) -> list[dict[str, Any]]:
        """Calls that proved nothing, as the ledger has them."""
        return await self.chat.entries("channel.refused")


@asynccontextmanager
async def ours(
    path: Path, slack: Slack, *, socket: bool = False, policy: str = CHAT, patience: Patience = QUICK
) -> AsyncIterator[Ours]:
    """Our side, from start to stop; it may be left and entered again on the same store."""
    settings = SlackSettings(
        slack.team,
        Secret(BOT_TOKEN),
        Secret(APP_TOKEN) if socket else None,
        None if socket else Secret(SIGNING_SECRET),
        slack.api,
    )
    slack.channel(GENERAL)
    async with chat(path, policy) as here:
        notices = Notices(here.office.desk, URL)
        service = slack_service(
            settings,
            here.answering,
            notices,
            here.people,
            DeskReaders(here.office.desk),
            here.refused,
            here.office.desk.moves,
            patience=patience,
        )
        stop = asyncio.Event()
        running = asyncio.create_task(service.run(stop))
        try:
            async with served(service) as url:
                yield Ours(here, service, slack, SignedCalls(url), socket)
        finally:
            stop.set()
            await running
            await service.close()


@asynccontextmanager
async def served(service: SlackService) -> AsyncIterator[str]:
    """The control port, as far as Slack calls it."""

    async def handle(request: web.Request) -> web.Response:
        assert service.inbound is not None
        lower = {name.lower(): value for name, value in request.headers.items()}
        status, headers, body = await service.inbound(lower, await request.read())
        return web.Response(status=status, headers=dict(headers), body=body)

    app = web.Application(client_max_size=1 << 22)
    app.router.add_post("/channels/slack", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/channels/slack"
    finally:
        await runner.cleanup()

"""All of Slack, joined: what carries copies there, what takes answers from there, and what has to run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from interlock.channels.answering import Counter, Refuse
from interlock.channels.readers import Readers
from interlock.channels.slack.app import ACK, SlackApp
from interlock.channels.slack.clicks import Clicks
from interlock.channels.slack.commands import Commands
from interlock.channels.slack.courier import Accounts, Notices, SlackCourier
from interlock.channels.slack.home import EVERY, Home
from interlock.channels.slack.inbound import SlackInbound
from interlock.channels.slack.members import Members
from interlock.channels.slack.pacing import Pacing
from interlock.channels.slack.socket import SocketMode
from interlock.channels.slack.tasks import Tasks
from interlock.channels.slack.web_api import TIMEOUT, WebApi
from interlock.model.channel_settings import SlackSettings
from interlock.model.names import ReviewId


@dataclass(frozen=True, slots=True)
class Patience:
    """Times in seconds: of one call, of an answer within an acknowledgement, between two rounds of home tabs, before
    socket mode is tried again."""

    call: float = TIMEOUT
    ack: float = ACK
    home: float = EVERY
    socket: float = 1.0


@dataclass(frozen=True, slots=True)
class SlackService:
    """One workspace. `inbound` is None without a signing secret, `socket` without an app token."""

    api: WebApi
    app: SlackApp
    home: Home
    courier: SlackCourier
    inbound: SlackInbound | None
    socket: SocketMode | None

    async def run(self, stop: asyncio.Event) -> None:
        """Socket mode and home tabs, until `stop` is set."""
        async with asyncio.TaskGroup() as running:
            running.create_task(self.home.run(stop))
            if self.socket is not None:
                running.create_task(self.socket.run(stop))

    async def close(self) -> None:
        """Ends what is under way and the connections; after `run`."""
        await self.app.close()
        await self.api.close()


def slack_service(
    settings: SlackSettings,
    counter: Counter,
    notices: Notices,
    accounts: Accounts,
    readers: Readers,
    refuse: Refuse,
    moves: Callable[[], AsyncIterator[ReviewId]],
    clock: Callable[[], float] = time.time,
    patience: Patience = Patience(),
) -> SlackService:
    """Slack as set up; call it in the running loop. `moves` is the desk's, `accounts` the registry's people; `clock`
    gives seconds since 1970, which Slack's signatures are compared with."""
    api = WebApi(settings, patience.call)
    members = Members(api, time.monotonic)
    tasks = Tasks()
    clicks = Clicks(api, counter, members, refuse, tasks)
    home = Home(api, counter, members, moves, time.monotonic, patience.home)
    app = SlackApp(api, clicks, Commands(counter, members), home, refuse, tasks, patience.ack)
    courier = SlackCourier(api, notices, counter, accounts, readers, Pacing(time.monotonic))
    secret, token = settings.signing_secret, settings.app_token
    inbound = None if secret is None else SlackInbound(secret, app, refuse, clock)
    socket = None if token is None else SocketMode(api, token, app, patience.socket)
    return SlackService(api, app, home, courier, inbound, socket)

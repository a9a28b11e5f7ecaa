"""Teams, put together: the one function that the composition root calls, and the only one that needs the SDK."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.channels.answering import Counter, Refuse
from interlock.channels.calling import Calling
from interlock.channels.extras import require
from interlock.channels.teams.login import Login, token_url
from interlock.channels.teams.tokens import ConnectorKeys
from interlock.model.channel_settings import TeamsSettings
from interlock.model.channels import Channel
from interlock.ports import Clock

if TYPE_CHECKING:
    from interlock.channels.readers import Readers
    from interlock.channels.teams.app import RefuseVote, TeamsInbound
    from interlock.channels.teams.connector import Connector
    from interlock.channels.teams.service import TeamsCourier
    from interlock.channels.teams.views import Notices, Roll


@dataclass(frozen=True, slots=True)
class Teams:
    """Teams, ready: `courier` for the outbox, `inbound` for `/channels/teams`."""

    courier: TeamsCourier
    inbound: TeamsInbound
    keys: ConnectorKeys
    connector: Connector

    async def run(self, stop: asyncio.Event) -> None:
        """Keeps the Connector's keys fresh until `stop`."""
        await self.keys.run(stop)

    async def close(self) -> None:
        """Ends what is under way, then the connections."""
        await self.inbound.close()
        await self.keys.close()
        await self.connector.close()


def outgoing_of(settings: TeamsSettings) -> tuple[str, ...]:
    """What `upstreams.outgoing` must allow: the metadata document's folder, where its keys are too, and the login."""
    return settings.metadata.rpartition("/")[0] + "/", token_url(settings)


def build_teams(
    settings: TeamsSettings,
    calling: Calling,
    notices: Notices,
    counter: Counter,
    roll: Roll,
    readers: Readers,
    refuse: Refuse,
    refuse_vote: RefuseVote,
    clock: Clock,
    *,
    now: Callable[[], float] = time.monotonic,
    seconds: float = 10.0,
) -> Teams:
    """Everything of `[teams]`. `seconds`: for one call of the Connector.

    Raises `SettingsMistakes` where the Teams SDK isn't installed.
    """
    require(Channel.TEAMS)
    # Only where the SDK is there: and it takes two seconds to import.
    from interlock.channels.teams.app import TeamsInbound
    from interlock.channels.teams.chats import Chats
    from interlock.channels.teams.connector import Connector
    from interlock.channels.teams.limits import Limits
    from interlock.channels.teams.members import Members
    from interlock.channels.teams.service import TeamsCourier
    from interlock.channels.teams.views import Views

    limits = Limits(now)
    connector = Connector(settings, Login(settings, calling, clock), limits, clock, seconds=seconds)
    members, chats = Members(connector, settings.tenant, now), Chats(connector)
    views, keys = Views(counter, roll, members), ConnectorKeys(settings.metadata, calling, clock)
    inbound = TeamsInbound(
        settings, keys, connector, members, chats, views, notices, counter, refuse, refuse_vote, readers, clock, now
    )
    return Teams(TeamsCourier(connector, limits, chats, notices, views, roll, readers), inbound, keys, connector)

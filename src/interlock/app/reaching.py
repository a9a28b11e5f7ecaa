"""Where reviews reach people, put together: couriers, the outbox, who is told, and what calls us back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from interlock.app.core import Core
from interlock.channels.answering import Answering
from interlock.channels.email import Email
from interlock.channels.extras import require
from interlock.channels.notice_of import Notices
from interlock.channels.on_call import OnCall
from interlock.channels.opsgenie import Opsgenie
from interlock.channels.pagerduty import PagerDuty
from interlock.channels.readers import DeskReaders
from interlock.channels.refusing import RefusedCalls
from interlock.channels.teams.building import build_teams, outgoing_of
from interlock.channels.vote_callbacks import VoteCallbacks
from interlock.channels.webhooks import Webhooks
from interlock.model.channel_settings import ChannelSettings
from interlock.model.channels import Channel
from interlock.model.names import ConnectionName
from interlock.model.settings import Settings
from interlock.ports import Courier
from interlock.upstreams.outgoing import Allowed, Outgoing
from interlock.web.needs import Inbound
from interlock.workers.meters import Meters
from interlock.workers.notifying import Notifying
from interlock.workers.outbox import Outbox
from interlock.workers.rotas import Rotas

Runs = Callable[[asyncio.Event], Coroutine[None, None, None]]


@dataclass(frozen=True, slots=True)
class Reaching:
    """`inbound`: who calls us at `/channels/...`. `runs`: what has to run while the gateway serves."""

    inbound: Mapping[str, Inbound]
    runs: tuple[Runs, ...]
    meters: Meters


@dataclass(slots=True)
class _Parts:
    """What every channel is made from, and what they come to."""

    core: Core
    calling: Outgoing
    notices: Notices
    answering: Answering
    refuse: RefusedCalls
    couriers: list[Courier]
    inbound: dict[str, Inbound]
    runs: list[Runs]
    stack: AsyncExitStack

    @property
    def settings(self) -> ChannelSettings:
        return self.core.settings.channels


@asynccontextmanager
async def reaching(core: Core) -> AsyncIterator[Reaching]:
    """Every channel of the settings, until the context ends: run `runs` within it. Raises `SettingsMistakes` where a
    channel needs an extra that isn't installed."""
    settings, meters = core.settings, Meters()
    async with AsyncExitStack() as stack:
        calling = Outgoing(called_by(settings.channels))
        stack.push_async_callback(calling.close)
        refuse = RefusedCalls(core.store, core.clock, core.entropy)
        notices = Notices(core.desk, settings.public_url)
        answering = Answering(
            core.desk, core.people, notices, settings.public_url, core.clock, _counted(refuse, meters), meters.vote
        )
        parts = _Parts(core, calling, notices, answering, refuse, [], {}, [refuse.run], stack)
        _add_slack(parts)
        _add_teams(parts)
        _add_told(parts)
        on_call = _add_pagers(parts)
        _add_vote_callbacks(parts)
        outbox = Outbox(
            parts.couriers,
            desk=core.desk,
            documents=core.store.records,
            ledger=core.store,
            sealer=core.sealer,
            clock=core.clock,
            meters=meters,
        )
        notifying = Notifying(
            settings.channels,
            environments(settings),
            desk=core.desk,
            outbox=outbox,
            rotas=Rotas(settings.channels.rotas, core.clock, on_call.on_call),
            clock=core.clock,
            meters=meters,
        )
        listen = core.bell.listen
        runs = (*parts.runs, lambda stop: outbox.run(listen, stop), lambda stop: notifying.run(listen, stop))
        yield Reaching(parts.inbound, runs, meters)


def called_by(channels: ChannelSettings) -> tuple[Allowed, ...]:
    """Where channels call: exactly what their tables name."""
    places = [Allowed(hook.url) for hook in channels.webhooks.values()]
    for pager in (channels.pagerduty, channels.opsgenie):
        if pager is not None:
            places += [Allowed(base) for base in (pager.api, pager.events) if base]
    if channels.teams is not None:
        places += [Allowed(place) for place in outgoing_of(channels.teams)]
    return tuple(places)


def environments(settings: Settings) -> Mapping[ConnectionName, str]:
    """Of every connection, those that callers guard among them."""
    ours = {name: each.connection.environment for name, each in settings.connections.items()}
    return {**ours, **{name: each.connection.environment for name, each in settings.access.items()}}


def _counted(refuse: RefusedCalls, meters: Meters) -> Callable[[str, str], Awaitable[None]]:
    async def counted(channel: str, because: str) -> None:
        meters.refused(channel)
        await refuse(channel, because)

    return counted


def _add_slack(parts: _Parts) -> None:
    settings, core = parts.settings.slack, parts.core
    if settings is None:
        return
    require(Channel.SLACK)
    from interlock.channels.slack.service import slack_service  # what it stands on is an extra, and takes a second

    service = slack_service(
        settings,
        parts.answering,
        parts.notices,
        core.people,
        DeskReaders(core.desk),
        parts.answering.refuse,
        core.desk.moves,
    )
    parts.couriers.append(service.courier)
    parts.runs.append(service.run)
    parts.stack.push_async_callback(service.close)
    if service.inbound is not None:
        parts.inbound["slack"] = service.inbound


def _add_teams(parts: _Parts) -> None:
    settings, core = parts.settings.teams, parts.core
    if settings is None:
        return
    require(Channel.TEAMS)
    from interlock.channels.teams.roll import LinkedRoll

    roll, answering = LinkedRoll(core.people, core.desk, settings.tenant), parts.answering
    teams = build_teams(
        settings,
        parts.calling,
        parts.notices,
        answering,
        roll,
        DeskReaders(core.desk),
        answering.refuse,
        core.desk.refuse_vote,
        core.clock,
    )
    parts.couriers.append(teams.courier)
    parts.runs.append(teams.run)
    parts.stack.push_async_callback(teams.close)
    parts.inbound["teams"] = teams.inbound


def _add_told(parts: _Parts) -> None:
    """Mail and webhooks: told, and never asked."""
    settings, core, notices = parts.settings, parts.core, parts.notices
    if settings.email is not None:
        url = core.settings.public_url
        parts.couriers.append(
            Email(
                settings.email,
                addresses=settings.addresses,
                public_url=url,
                notices=notices,
                readers=DeskReaders(core.desk),
                clock=core.clock,
            )
        )
    if settings.webhooks:
        votes, hooks = core.desk.votes, settings.webhooks
        parts.couriers.append(Webhooks(hooks, notices=notices, votes=votes, calling=parts.calling, clock=core.clock))


def _add_pagers(parts: _Parts) -> OnCall:
    settings, notices, calling, clock = parts.settings, parts.notices, parts.calling, parts.core.clock
    pagers: dict[str, PagerDuty | Opsgenie] = {}
    if settings.pagerduty is not None:
        pagers["pagerduty"] = PagerDuty(settings.pagerduty, notices=notices, calling=calling, clock=clock)
    if settings.opsgenie is not None:
        pagers["opsgenie"] = Opsgenie(settings.opsgenie, notices=notices, calling=calling, clock=clock)
    parts.couriers.extend(pagers.values())
    return OnCall(pagers, accounts=settings.pager_accounts, clock=clock)


def _add_vote_callbacks(parts: _Parts) -> None:
    for name, settings in parts.settings.vote_callbacks.items():
        callbacks = VoteCallbacks(settings, parts.answering, parts.answering.refuse, parts.core.clock)
        parts.inbound[f"callback/{name}"] = callbacks
        parts.stack.push_async_callback(callbacks.close)

"""Where reviews reach people, put together: couriers, the outbox, who is told, and what calls us back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from interlock.app.assembly import Assembly
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

    assembly: Assembly
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
        return self.assembly.settings.channels


@asynccontextmanager
async def reaching(assembly: Assembly) -> AsyncIterator[Reaching]:
    """Every channel of the settings, until the context ends: run `runs` within it. Raises `SettingsMistakes` where a
    channel needs an extra that isn't installed."""
    settings, meters = assembly.settings, Meters()
    async with AsyncExitStack() as stack:
        calling = Outgoing(called_by(settings.channels))
        stack.push_async_callback(calling.close)
        refuse = RefusedCalls(assembly.store, assembly.clock, assembly.entropy)
        notices = Notices(assembly.desk, settings.public_url)
        answering = Answering(
            assembly.desk,
            assembly.people,
            notices,
            settings.public_url,
            assembly.clock,
            _counted(refuse, meters),
            meters.vote,
        )
        parts = _Parts(assembly, calling, notices, answering, refuse, [], {}, [refuse.run], stack)
        _add_slack(parts)
        _add_teams(parts)
        _add_told(parts)
        on_call = _add_pagers(parts)
        _add_vote_callbacks(parts)
        outbox = Outbox(
            parts.couriers,
            desk=assembly.desk,
            documents=assembly.store.records,
            ledger=assembly.store,
            sealer=assembly.sealer,
            clock=assembly.clock,
            meters=meters,
        )
        notifying = Notifying(
            settings.channels,
            environments(settings),
            desk=assembly.desk,
            outbox=outbox,
            rotas=Rotas(settings.channels.rotas, assembly.clock, on_call.on_call),
            clock=assembly.clock,
            meters=meters,
        )
        listen = assembly.bell.listen
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
    servers = {name: each.connection.environment for name, each in settings.mcp.items()}
    return {**ours, **servers, **{name: each.connection.environment for name, each in settings.access.items()}}


def _counted(refuse: RefusedCalls, meters: Meters) -> Callable[[str, str], Awaitable[None]]:
    async def counted(channel: str, because: str) -> None:
        meters.refused(channel)
        await refuse(channel, because)

    return counted


def _add_slack(parts: _Parts) -> None:
    settings, assembly = parts.settings.slack, parts.assembly
    if settings is None:
        return
    require(Channel.SLACK)
    from interlock.channels.slack.service import slack_service  # what it stands on is an extra, and takes a second

    service = slack_service(
        settings,
        parts.answering,
        parts.notices,
        assembly.people,
        DeskReaders(assembly.desk),
        parts.answering.refuse,
        assembly.desk.moves,
    )
    parts.couriers.append(service.courier)
    parts.runs.append(service.run)
    parts.stack.push_async_callback(service.close)
    if service.inbound is not None:
        parts.inbound["slack"] = service.inbound


def _add_teams(parts: _Parts) -> None:
    settings, assembly = parts.settings.teams, parts.assembly
    if settings is None:
        return
    require(Channel.TEAMS)
    from interlock.channels.teams.roll import LinkedRoll

    roll, answering = LinkedRoll(assembly.people, assembly.desk, settings.tenant), parts.answering
    teams = build_teams(
        settings,
        parts.calling,
        parts.notices,
        answering,
        roll,
        DeskReaders(assembly.desk),
        answering.refuse,
        assembly.desk.refuse_vote,
        assembly.clock,
    )
    parts.couriers.append(teams.courier)
    parts.runs.append(teams.run)
    parts.stack.push_async_callback(teams.close)
    parts.inbound["teams"] = teams.inbound


def _add_told(parts: _Parts) -> None:
    """Mail and webhooks: told, and never asked."""
    settings, assembly, notices = parts.settings, parts.assembly, parts.notices
    if settings.email is not None:
        url = assembly.settings.public_url
        parts.couriers.append(
            Email(
                settings.email,
                addresses=settings.addresses,
                public_url=url,
                notices=notices,
                readers=DeskReaders(assembly.desk),
                clock=assembly.clock,
            )
        )
    if settings.webhooks:
        votes, hooks = assembly.desk.votes, settings.webhooks
        parts.couriers.append(
            Webhooks(hooks, notices=notices, votes=votes, calling=parts.calling, clock=assembly.clock)
        )


def _add_pagers(parts: _Parts) -> OnCall:
    settings, notices, calling, clock = parts.settings, parts.notices, parts.calling, parts.assembly.clock
    pagers: dict[str, PagerDuty | Opsgenie] = {}
    if settings.pagerduty is not None:
        pagers["pagerduty"] = PagerDuty(settings.pagerduty, notices=notices, calling=calling, clock=clock)
    if settings.opsgenie is not None:
        pagers["opsgenie"] = Opsgenie(settings.opsgenie, notices=notices, calling=calling, clock=clock)
    parts.couriers.extend(pagers.values())
    return OnCall(pagers, accounts=settings.pager_accounts, clock=clock)


def _add_vote_callbacks(parts: _Parts) -> None:
    for name, settings in parts.settings.vote_callbacks.items():
        callbacks = VoteCallbacks(settings, parts.answering, parts.answering.refuse, parts.assembly.clock)
        parts.inbound[f"callback/{name}"] = callbacks
        parts.stack.push_async_callback(callbacks.close)

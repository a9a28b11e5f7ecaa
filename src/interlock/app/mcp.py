"""The MCP door, put together: for each `[mcp.NAME]` its links, pins, calls and masks, behind the agents' port."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import structlog
from starlette.types import ASGIApp

from interlock import __version__
from interlock.actions.from_document import UNSIGNED, Signed
from interlock.app.assembly import Assembly
from interlock.doors.endings import Endings
from interlock.doors.inside import Dial
from interlock.doors.masks import Masks
from interlock.doors.mcp.approval_tools import DEFINITIONS
from interlock.doors.mcp.calling import Calls
from interlock.doors.mcp.definitions import FRESH_SECONDS, Pins
from interlock.doors.mcp.door import McpDoor, Upstream
from interlock.doors.mcp.listing import Templates
from interlock.doors.mcp.masks import BlindMasks, ResultMasks
from interlock.doors.mcp.metadata import PATH, WELL_KNOWN
from interlock.doors.mcp.needs import Measures
from interlock.doors.mcp.own.mounting import own_upstream
from interlock.doors.mcp.own.server import OwnServer
from interlock.doors.mcp.place import Place, is_loopback
from interlock.doors.mcp.runner import McpRuns
from interlock.doors.mcp.seams import Links
from interlock.doors.mcp.upstream.links import UpstreamLinks
from interlock.errors import UpstreamFailed
from interlock.masking.keys import MaskKeys
from interlock.masking.profiles import PROFILES
from interlock.masking.pseudonyms import Pseudonyms
from interlock.masking.rule import RuleName
from interlock.model.mcp_settings import McpSettings
from interlock.model.names import ConnectionName
from interlock.model.settings import Settings
from interlock.model.tool import Tool
from interlock.policy.bundle import Bundle
from interlock.policy.schema import INPUT
from interlock.ports import Clock
from interlock.registry.overrides import Overrides
from interlock.sensitivity.regime import regime_of
from interlock.settings.mcp import OURS
from interlock.stores.vault import Vault
from interlock.web.bounds import Guesses, Rate
from interlock.web.problems import Refused

BURST: Final = 2_000  # requests of one actor at once
PER_SECOND: Final = 500.0  # and so many a second after that
REFUSALS: Final = 20  # recorded for one actor in a row, of requests that never came to be actions
REFUSALS_PER_SECOND: Final = 0.5

log = structlog.get_logger()


@dataclass(slots=True)
class McpServing:
    """The door and what runs beside it."""

    door: McpDoor
    links: Mapping[ConnectionName, Links]
    pins: Mapping[ConnectionName, Pins]
    calls: Mapping[ConnectionName, Calls]
    runner: McpRuns

    @property
    def mounted(self) -> Mapping[str, ASGIApp]:
        """By the beginnings of their paths, on the agents' port."""
        return {PATH: self.door, WELL_KNOWN + PATH: self.door}

    async def watch(self, stop: asyncio.Event) -> None:
        """Lists every server's tools now and then, so that a changed one is noticed before anybody calls it."""
        while not stop.is_set():
            await asyncio.gather(*(self._look(name, pins) for name, pins in self.pins.items()))
            try:
                await asyncio.wait_for(stop.wait(), FRESH_SECONDS)
            except TimeoutError:
                continue

    def unavailable(self) -> Mapping[str, tuple[int, int]]:
        """Of each connection how many pinned tools changed, and how many are gone, for metrics."""
        return {name: pins.unavailable for name, pins in self.pins.items()}

    async def _look(self, name: ConnectionName, pins: Pins) -> None:
        try:
            await pins.refresh(self.links[name])
        except UpstreamFailed as failed:
            log.warning("mcp.not_listed", connection=name, code=failed.code, error=failed.sentence)

    async def stop(self, seconds: float) -> None:
        """Ends the door, what waits for answers of clients, and the sessions with servers."""
        for calls in self.calls.values():
            calls.close()
        await self.door.stop(seconds)


async def mcp_of(
    assembly: Assembly,
    overrides: Overrides,
    vault: Vault | None,
    measures: Measures | None = None,
    dial: Dial | None = None,
) -> McpServing:
    """The door for the settings' servers; waits for the engines of detection where values are looked into.

    `dial`: to the PostgreSQL door, for our own server; None: that isn't served.
    """
    settings, endings = assembly.settings, Endings(assembly.gate)
    upstreams: dict[ConnectionName, Upstream] = {}
    links: dict[ConnectionName, Links] = {}
    pins: dict[ConnectionName, Pins] = {}
    calls: dict[ConnectionName, Calls] = {}
    for name, each in settings.mcp.items():
        masks, templates = await _masks(assembly, each, overrides, vault), Templates()
        pins[name] = _pins(assembly, each)
        links[name] = UpstreamLinks(each, changed=pins[name].stale)
        calls[name] = Calls(
            each,
            assembly.gate,
            assembly.registry,
            pins[name],
            masks,
            endings,
            assembly.clock,
            assembly.entropy,
            settings.public_url,
            sealer=assembly.sealer,
            templates=templates.known,
        )
        upstreams[name] = Upstream(
            each.connection,
            links[name],
            pins[name],
            calls[name],
            masks,
            calls[name].tasks,
            DEFINITIONS,
            templates,
            each.tokens,
        )
    if dial is not None:
        upstreams[OURS] = own_upstream(_own(assembly, dial), settings.own_mcp.tokens)
    door = McpDoor(
        upstreams,
        gate=assembly.gate,
        registry=assembly.registry,
        clock=assembly.clock,
        entropy=assembly.entropy,
        bounds=WebBounds.of(assembly.clock),
        place=place_of(settings),
        issuers=tuple(issuer.issuer for issuer in settings.issuers.values()),
        most_per_actor=settings.limits.sessions_per_actor,
        version=__version__,
        measures=measures,
        endings=endings,
    )
    runner = McpRuns(calls, links, assembly.gate, assembly.registry, endings, assembly.entropy)
    return McpServing(door, links, pins, calls, runner)


def _own(assembly: Assembly, dial: Dial) -> OwnServer:
    """Interlock's own server, for the databases that the PostgreSQL door guards."""
    guarded = {name: each.connection for name, each in assembly.settings.connections.items()}
    url, own = assembly.settings.public_url, assembly.settings.own_mcp
    return OwnServer(
        guarded,
        dial,
        assembly.gate,
        assembly.clock,
        assembly.entropy,
        url,
        hold=own.hold.total_seconds(),
        longest=own.timeout.total_seconds(),
    )


def _pins(assembly: Assembly, settings: McpSettings) -> Pins:
    rulebook = assembly.rulebook

    def in_force() -> Mapping[str, Tool]:
        bundle = rulebook.current()
        return bundle.rules.tools if isinstance(bundle, Bundle) else {}

    def reads_input() -> bool:
        bundle = rulebook.current()
        return isinstance(bundle, Bundle) and INPUT in bundle.reads

    def signed() -> Signed:
        bundle = rulebook.current()
        if not isinstance(bundle, Bundle):
            return UNSIGNED
        rules, name = bundle.rules, settings.connection.name
        return Signed(tuple(offer for offer in rules.offers if offer.connection == name), rules.words)

    return Pins(settings, in_force, assembly.gate, reads_input, signed)


async def _masks(assembly: Assembly, settings: McpSettings, overrides: Overrides, vault: Vault | None) -> ResultMasks:
    name, profile = settings.connection.name, PROFILES[settings.profile] if settings.profile else None
    looks = settings.content == "mask"
    engines = await assembly.content.engines() if looks else None
    masks = Masks(
        name,
        assembly.clock,
        engines.detections[regime_of(settings.connection)] if engines is not None else None,
        profile,
        MaskKeys(assembly.keys.sealing, name),
        vault if profile is not None and RuleName.SURROGATE in profile.allowed else None,
        partial(overrides.of, name),
    )
    kind = BlindMasks if looks and engines is None else ResultMasks
    return kind(masks, settings.connection, Pseudonyms(assembly.keys.sealing))


def place_of(settings: Settings) -> Place:
    """Where clients reach the agents' port."""
    listen = settings.agents
    ours = {listen.host, *(urlsplit(url).hostname or "" for url in (settings.public_url, listen.url))} - {""}
    return Place(listen.url, listen.tls is not None, is_loopback(listen.host), frozenset(ours))


@dataclass(frozen=True, slots=True)
class WebBounds:
    """The control port's own bounds, for the door."""

    guesses: Guesses
    rate: Rate
    refusals: Rate

    @classmethod
    def of(cls, clock: Clock) -> WebBounds:
        """With the figures above."""
        return cls(Guesses(clock), Rate(clock, BURST, PER_SECOND), Rate(clock, REFUSALS, REFUSALS_PER_SECOND))

    def guess(self, address: str, credential: str) -> int:
        """See `Bounds`."""
        try:
            self.guesses.check(address, credential)
        except Refused as refused:
            return refused.retry_after or 1
        return 0

    def wrong(self, address: str, credential: str) -> None:
        """See `Bounds`."""
        self.guesses.wrong(address, credential)

    def right(self, credential: str) -> None:
        """See `Bounds`."""
        self.guesses.right(credential)

    def take(self, who: str) -> int:
        """See `Bounds`."""
        try:
            self.rate.take(who)
        except Refused as refused:
            return refused.retry_after or 1
        return 0

    def may_record(self, who: str) -> bool:
        """See `Bounds`."""
        try:
            self.refusals.take(who)
        except Refused:
            return False
        return True

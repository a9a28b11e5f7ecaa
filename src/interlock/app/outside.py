"""Who outside is believed, and who outside is called: issuers of credentials, and askers' own services."""

from __future__ import annotations

from collections.abc import Mapping

from interlock.doors.mcp.metadata import resource_url
from interlock.identity.audience import Resources
from interlock.model.settings import Settings
from interlock.ports import Clock, Entropy, Sealer
from interlock.registry.credentials import Issuers, KeySets
from interlock.settings.mcp import OURS
from interlock.stores.sqlite import SqliteStore
from interlock.upstreams.outgoing import Outgoing, within
from interlock.workers.callbacks import Callbacks


def issuers_of(settings: Settings, key_sets: KeySets) -> Issuers:
    """The issuers of the settings, and whose accounts at the people's provider are whose."""
    return Issuers(
        by_url={issuer.issuer: issuer for issuer in settings.issuers.values()},
        keys=key_sets,
        provider=(settings.oidc.provider, settings.oidc.issuer) if settings.oidc else None,
        accounts=settings.accounts,
        resources=resources_of(settings),
    )


def resources_of(settings: Settings) -> Resources:
    """The URI of each MCP connection, our own server's among them, where the settings say how clients reach us."""
    base = settings.agents.url
    return {name: resource_url(base, name) if base else "" for name in (*settings.mcp, OURS)}


def providers_of(settings: Settings) -> frozenset[str]:
    """Whose accounts people can link: the provider they sign in at, and each service that they can answer from."""
    channels = settings.channels
    named = {f"callback/{name}" for name in channels.vote_callbacks}
    if settings.oidc is not None:
        named.add(settings.oidc.provider)
    return frozenset(named | {name for name in ("slack", "teams") if getattr(channels, name) is not None})


def callbacks_of(
    settings: Settings, store: SqliteStore, sealer: Sealer, clock: Clock, entropy: Entropy, calling: Outgoing
) -> Callbacks:
    """Callbacks, to addresses under `[outgoing] allow` and nowhere else."""

    async def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        return (await calling.post(url, body, headers=headers)).status

    return Callbacks(
        ledger=store,
        records=store.records,
        documents=store.records,
        sealer=sealer,
        clock=clock,
        entropy=entropy,
        post=post,
        allows=lambda url: within(url, settings.outgoing),
    )

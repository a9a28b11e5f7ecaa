"""Issuers' key sets, kept: fetched in the background, and anew when a token names a key that isn't among them.

Asking is bounded: an issuer is asked at most once in ten seconds whatever tokens come in. An outage of an issuer costs
nobody their login for a day; longer, and nothing of it is trusted, since by then it may have taken back a key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from interlock.errors import InterlockError, MalformedInput, UpstreamFailed
from interlock.identity.signing_keys import MAX_SET, SigningKeys, read_key_set
from interlock.model import jcs
from interlock.model.mistakes import place_of_mistake
from interlock.model.settings import IssuerSettings
from interlock.ports import Clock
from interlock.upstreams.outgoing import Outgoing

EVERY: Final = timedelta(minutes=10)
AT_MOST_EVERY: Final = timedelta(seconds=10)
KEEP: Final = timedelta(hours=24)

log = structlog.get_logger()


@dataclass(slots=True)
class _Kept:
    keys: SigningKeys | None = None
    fetched_at: datetime | None = None
    tried_at: datetime | None = None
    fetching: asyncio.Lock = field(default_factory=asyncio.Lock)


class KeySets:
    """The key sets of the issuers in the settings. `run` keeps them fresh while the gateway serves."""

    def __init__(self, issuers: Iterable[IssuerSettings], outgoing: Outgoing, clock: Clock) -> None:
        self._issuers = tuple(issuers)
        self._kept = {issuer.name: _Kept() for issuer in self._issuers}
        self._outgoing = outgoing
        self._clock = clock

    async def keys(self, issuer: IssuerSettings, kid: str) -> SigningKeys | None:
        """The issuer's keys; fetched anew first where `kid` isn't among them. None while there are none to trust."""
        kept = self._kept.get(issuer.name)
        if kept is None:
            return None
        known = self._trusted(kept)
        if known is not None and known.named(kid):
            return known
        async with kept.fetching:
            if self._may_ask(kept):
                await self._fetch(issuer, kept)
        return self._trusted(kept)

    async def refresh(self) -> None:
        """Fetches every set anew that wasn't asked for in the last ten seconds; failures are logged."""
        for issuer in self._issuers:
            kept = self._kept[issuer.name]
            async with kept.fetching:
                if self._may_ask(kept):
                    await self._fetch(issuer, kept)

    async def run(self, stop: asyncio.Event) -> None:
        """Refreshes at once and then every ten minutes, until `stop`."""
        while not stop.is_set() and self._issuers:
            try:
                await self.refresh()
            except Exception as error:  # a mistake of ours in one place may not end the gateway
                log.error("issuer.keys_mistake", kind=type(error).__name__, at=place_of_mistake(error))
            try:
                await asyncio.wait_for(stop.wait(), EVERY.total_seconds())
            except TimeoutError:
                continue

    def _trusted(self, kept: _Kept) -> SigningKeys | None:
        if kept.fetched_at is None or self._clock.now() - kept.fetched_at > KEEP:
            return None
        return kept.keys

    def _may_ask(self, kept: _Kept) -> bool:
        return kept.tried_at is None or not timedelta(0) <= self._clock.now() - kept.tried_at < AT_MOST_EVERY

    async def _fetch(self, issuer: IssuerSettings, kept: _Kept) -> None:
        kept.tried_at = self._clock.now()
        try:
            found = read_key_set(await self._text(issuer))
        except (InterlockError, OSError) as error:
            sentence = error.sentence if isinstance(error, InterlockError) else "its file can't be read"
            log.warning("issuer.keys_unknown", issuer=issuer.name, because=sentence)
            return
        if not found.keys:
            log.warning("issuer.keys_unknown", issuer=issuer.name, because="no key of its set can check signatures")
        kept.keys, kept.fetched_at = found, kept.tried_at

    async def _text(self, issuer: IssuerSettings) -> bytes:
        if isinstance(issuer.keys, Path):
            return await asyncio.to_thread(_file, issuer.keys)
        url = await self._discovered(issuer) if issuer.keys == "discovery" else issuer.keys
        return await self._got(url)

    async def _discovered(self, issuer: IssuerSettings) -> str:
        """OpenID Connect Discovery 1.0, sections 4.1 and 4.3: what answers must say it is that issuer."""
        text = await self._got(f"{issuer.issuer.rstrip('/')}/.well-known/openid-configuration")
        document = jcs.read(text, most_values=jcs.MANY)
        said = document if isinstance(document, Mapping) else {}
        url = said.get("jwks_uri")
        if said.get("issuer") != issuer.issuer or not isinstance(url, str):
            raise MalformedInput("what its discovery document says isn't of this issuer")
        return url

    async def _got(self, url: str) -> bytes:
        answer = await self._outgoing.get(url)
        if answer.status != 200:
            raise UpstreamFailed(f"it answered with status {answer.status}")
        return answer.body


def _file(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_SET + 1)
    if len(data) > MAX_SET:
        raise MalformedInput("the file of its keys is too long")
    return data

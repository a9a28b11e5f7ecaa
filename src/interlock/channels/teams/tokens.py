"""The tokens that the Bot Connector signs its calls with: its keys, kept ahead, and the check in numbered steps.

After "Authentication with the Bot Connector API", section "Connector to Bot". Keys are fetched in the background; a key
that isn't known is asked for at most once in ten seconds, whatever comes in, and
whoever names it is refused meanwhile; keys outlive an outage for a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from interlock.channels.calling import Calling
from interlock.errors import AuthenticationFailed, InterlockError, MalformedInput, UpstreamFailed
from interlock.identity import tokens
from interlock.identity.signing_keys import MAX_SET, SigningKeys, read_key_set
from interlock.model import jcs
from interlock.model.mistakes import place_of_mistake
from interlock.ports import Clock

ISSUER: Final = "https://api.botframework.com"
ALGORITHM: Final = "RS256"
CHANNEL: Final = "msteams"
LEEWAY: Final = timedelta(minutes=5)  # for clocks that differ: the page's own figure
EVERY: Final = timedelta(minutes=10)
AT_MOST_EVERY: Final = timedelta(seconds=10)
KEEP: Final = timedelta(hours=24)
MOST_WAITING: Final = 8  # calls that wait for the first keys; the others are refused at once
_LATEST: Final = 253_402_300_799  # 9999-12-31T23:59:59Z

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Endorsed:
    """The Connector's keys, and for which channels each may speak: a key that isn't in `channels` says nothing."""

    keys: SigningKeys
    channels: Mapping[str, frozenset[str]]

    def named(self, kid: str) -> bool:
        """Whether a key of that id is among them."""
        return bool(kid and self.keys.named(kid))

    def may_speak(self, kid: str) -> bool:
        """Whether this key may sign for Teams, as far as its endorsements go."""
        return kid not in self.channels or CHANNEL in self.channels[kid]


class ConnectorKeys:
    """The Connector's keys, as its metadata document names them. `run` keeps them fresh while the gateway serves."""

    def __init__(self, metadata: str, calling: Calling, clock: Clock) -> None:
        self._metadata = metadata
        self._calling = calling
        self._clock = clock
        self._kept: Endorsed | None = None
        self._fetched_at: datetime | None = None
        self._tried_at: datetime | None = None
        self._fetching = asyncio.Lock()
        self._waiting = 0
        self._refreshing: asyncio.Task[None] | None = None

    async def keys(self, kid: str) -> Endorsed | None:
        """The keys; fetched anew in the background where `kid` isn't among them, which anybody can say: nobody waits
        for that. While there are none to trust a few calls wait for them; None where there are none then."""
        known = self._trusted()
        if known is not None:
            if not known.named(kid):
                self._refresh_behind()
            return known
        if self._waiting >= MOST_WAITING:
            return None
        self._waiting += 1
        try:
            await self.refresh()
        finally:
            self._waiting -= 1
        return self._trusted()

    async def close(self) -> None:
        """Ends a refresh that is under way."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)

    def _refresh_behind(self) -> None:
        running = self._refreshing is not None and not self._refreshing.done()
        if not running and self._may_ask():
            self._refreshing = asyncio.create_task(self.refresh())

    async def refresh(self) -> None:
        """Fetches them anew, unless that was tried in the last ten seconds. A failure is logged."""
        async with self._fetching:
            if self._may_ask():
                await self._fetch()

    async def run(self, stop: asyncio.Event) -> None:
        """Refreshes at once and then every ten minutes, until `stop`."""
        while not stop.is_set():
            try:
                await self.refresh()
            except Exception as error:  # a mistake of ours in one place may not end the gateway
                log.error("teams.keys_mistake", kind=type(error).__name__, at=place_of_mistake(error))
            try:
                await asyncio.wait_for(stop.wait(), EVERY.total_seconds())
            except TimeoutError:
                continue

    def _trusted(self) -> Endorsed | None:
        if self._fetched_at is None or self._clock.now() - self._fetched_at > KEEP:
            return None
        return self._kept

    def _may_ask(self) -> bool:
        return self._tried_at is None or not timedelta(0) <= self._clock.now() - self._tried_at < AT_MOST_EVERY

    async def _fetch(self) -> None:
        self._tried_at = self._clock.now()
        try:
            self._kept = read_keys(await self._got(_jwks_uri(await self._got(self._metadata))))
        except InterlockError as error:
            log.warning("teams.keys_unknown", because=error.sentence)
            return
        self._fetched_at = self._tried_at

    async def _got(self, url: str) -> bytes:
        answer = await self._calling.get(url, headers={})
        if answer.status != 200:
            raise UpstreamFailed(f"it answered with status {answer.status}")
        return answer.body


def read_keys(text: bytes) -> Endorsed:
    """A key set with endorsements; raises `MalformedInput`."""
    keys = read_key_set(text)
    document = jcs.read(text, limit=MAX_SET, most_values=jcs.MANY)
    listed = document.get("keys") if isinstance(document, Mapping) else None
    channels: dict[str, frozenset[str]] = {}
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, Mapping) and "endorsements" in each:
            told = each["endorsements"]
            named = told if isinstance(told, list) else []
            channels[str(each.get("kid", ""))] = frozenset(name for name in named if isinstance(name, str))
    return Endorsed(keys, channels)


def _jwks_uri(text: bytes) -> str:
    document = jcs.read(text, most_values=jcs.MANY)
    said = document if isinstance(document, Mapping) else {}
    url = said.get("jwks_uri")
    if said.get("issuer") != ISSUER or not isinstance(url, str):
        raise MalformedInput("what the metadata document says isn't of the Bot Connector")
    return url


def presented(authorization: str) -> tokens.Presented:
    """The token of an Authorization header, read; raises `MalformedInput`. Nothing in it is true yet."""
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise MalformedInput("no bearer token")
    return tokens.read(text)


def verify(token: tokens.Presented, endorsed: Endorsed, app_id: str, now: datetime) -> str:
    """The `serviceurl` that the Connector says its call is about; raises `AuthenticationFailed`, for our own records.

    1. The issuer is the Connector.  2. It is signed with RS256.  3. By a key of its set that may speak for Teams.
    4. For this bot.  5. Now: begun, and not over.  6. It names a service.
    """
    if token.issuer != ISSUER:
        raise AuthenticationFailed("a token of another issuer")
    if token.algorithm != ALGORITHM:
        raise AuthenticationFailed("a token of another algorithm than RS256")
    candidates = endorsed.keys.named(token.kid) if token.kid else ()
    if not any(key.verifies(ALGORITHM, token.signed, token.signature) for key in candidates):
        raise AuthenticationFailed("a token that no key of the Bot Connector has signed")
    if not endorsed.may_speak(token.kid):
        raise AuthenticationFailed("a token of a key that may not speak for Teams")
    if token.claims.get("aud") != app_id:
        raise AuthenticationFailed("a token for another bot")
    _check_time(token.claims, now)
    service = token.claims.get("serviceurl")
    if not isinstance(service, str) or not service:
        raise AuthenticationFailed("a token that names no service")
    return service


def _check_time(claims: Mapping[str, jcs.Json], now: datetime) -> None:
    ends, begins = _seconds(claims, "exp"), _seconds(claims, "nbf")
    at, leeway = now.timestamp(), LEEWAY.total_seconds()
    if ends is None or at >= ends + leeway:
        raise AuthenticationFailed("a token that is over, or has no end")
    if begins is not None and at + leeway < begins:
        raise AuthenticationFailed("a token that hasn't begun")


def _seconds(claims: Mapping[str, jcs.Json], name: str) -> float | None:
    value = claims.get(name)
    if name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        raise AuthenticationFailed("a token whose times aren't times")
    return float(value)

"""Tokens of our own for a server: client credentials (RFC 6749 section 4.4) or token exchange (RFC 8693), for one
resource (RFC 8707). What a client sent us is never passed on; with token exchange the issuer alone sees it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx2

from interlock.doors.mcp.upstream.http_client import http_client, trust
from interlock.errors import UpstreamFailed
from interlock.model.mcp_settings import McpOAuth
from interlock.model.secret import Secret

EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_JWT: Final = "urn:ietf:params:oauth:token-type:jwt"
_ACCESS: Final = "urn:ietf:params:oauth:token-type:access_token"
_SECONDS: Final = 15.0  # for one request to the token service
_MOST: Final = 1024  # tokens kept
_EARLY: Final = 30.0  # seconds before its end at which a token is asked for anew
_UNSAID: Final = 300.0  # seconds that a token is kept whose answer didn't say for how long
_LONGEST: Final = 64 * 1024  # bytes of an answer


@dataclass(slots=True)
class _Kept:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    token: Secret[str] | None = None
    until: float = 0.0


class Tokens:
    """The tokens for one connection; one for each asker with token exchange, else one for all."""

    def __init__(self, settings: McpOAuth, url: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._now = settings, now
        self._resource = settings.resource or url
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._client: httpx2.AsyncClient | None = None

    @property
    def exchanges(self) -> bool:
        """Whether a token tells who asks."""
        return self._settings.grant == "token_exchange"

    async def token(self, subject: Secret[str] | None, *, stale: Secret[str] | None = None) -> Secret[str]:
        """A token that holds for now, fetched by one task at a time; not `stale`, which the server refused.

        Raises `UpstreamFailed`.
        """
        kept = self._keep(subject)
        async with kept.lock:
            refused = stale is not None and kept.token == stale
            if kept.token is None or refused or self._now() >= kept.until:
                kept.token, seconds = await self._fetched(subject)
                kept.until = self._now() + max(seconds - _EARLY, seconds / 2)
            return kept.token

    async def close(self) -> None:
        """Ends its connections."""
        if self._client is not None:
            await self._client.aclose()

    def _keep(self, subject: Secret[str] | None) -> _Kept:
        key = hashlib.sha256(subject.reveal().encode()).hexdigest() if subject is not None else ""
        kept = self._kept.setdefault(key, _Kept())
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return kept

    async def _fetched(self, subject: Secret[str] | None) -> tuple[Secret[str], float]:
        form = {"resource": self._resource, "grant_type": "client_credentials"}
        if self._settings.scopes:
            form["scope"] = " ".join(self._settings.scopes)
        if subject is not None:
            form |= {"grant_type": EXCHANGE, "subject_token": subject.reveal(), "subject_token_type": _JWT}
            form["requested_token_type"] = _ACCESS
        return _read(await self._asked(form))

    async def _asked(self, form: dict[str, str]) -> Any:
        headers = {
            "authorization": f"Basic {self._basic()}",
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        if self._client is None:
            self._client = http_client(trust(self._settings.ca), limit=_LONGEST)
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await self._client.post(self._settings.token_url, content=urlencode(form), headers=headers)
        except (TimeoutError, httpx2.HTTPError, ValueError):
            raise UpstreamFailed("The token service can't be reached.", code="upstream_token") from None
        if answer.status_code != 200:
            raise UpstreamFailed("The token service refused us a token.", code="upstream_token")
        try:
            return json.loads(answer.content)
        except ValueError:
            return None

    def _basic(self) -> str:
        """RFC 6749 section 2.3.1: both parts are form-encoded before they are joined."""
        parts = (self._settings.client_id, self._settings.client_secret.reveal())
        return base64.b64encode(":".join(quote(part, safe="") for part in parts).encode()).decode()


class OurToken(httpx2.Auth):
    """Puts our token on each request; a 401 gets one new token and one more try (nothing ran: it wasn't let in)."""

    requires_request_body = True

    def __init__(self, tokens: Tokens, subject: Secret[str] | None) -> None:
        self._tokens, self._subject = tokens, subject

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        token = await self._tokens.token(self._subject)
        request.headers["authorization"] = f"Bearer {token.reveal()}"
        response = yield request
        if response.status_code == 401:
            token = await self._tokens.token(self._subject, stale=token)
            request.headers["authorization"] = f"Bearer {token.reveal()}"
            yield request


def _read(answer: Any) -> tuple[Secret[str], float]:
    """RFC 6749 section 5.1; RFC 8693 section 2.2.1."""
    match answer:
        case {"access_token": str() as token, "token_type": str() as kind} if kind.lower() == "bearer" and token:
            if all("!" <= character <= "~" for character in token):
                seconds = answer.get("expires_in")
                plain = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds < 1e9
                return Secret(token), float(seconds) if plain else _UNSAID
    raise UpstreamFailed("The token service's answer holds no token that we can use.", code="upstream_token")

"""Calls out: to key sets, to the people's provider, to callbacks. One place, one list of where they may go.

An address is called only if the settings name it or a prefix of it. Redirects aren't followed, the environment's
proxies aren't asked, and sizes and times are bounded. What is refused or fails is said (`UpstreamFailed`), never left
out in silence.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import httpx

from interlock.errors import UpstreamFailed
from interlock.model.settings import Settings

MAX_ANSWER: Final = 1024 * 1024  # bytes of one answer's body
MAX_URL: Final = 2_048  # characters
SECONDS: Final = 10.0  # for the whole of one call
CONNECTIONS: Final = 20  # at once

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_PORTS: Final = {"http": 80, "https": 443}
# RFC 3986's characters without those that parsers disagree about: backslash, spaces, controls, anything but ASCII.
_PLAIN = re.compile(r"[A-Za-z0-9:/?\[\]@!$&'()*+,;=._~%-]+")
# Escapes that the next server may read as something else than a letter: anything outside ASCII (overlong forms of "."
# and "/" among it), controls, an escaped escape, what divides paths; and a percent sign that escapes nothing.
_TREACHEROUS = re.compile(r"%([89a-f].|[01].|7f|25|2f|5c|3b|(?![0-9a-f]{2}))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Allowed:
    """Where calls may go: a prefix where it ends in `/`, else exactly this URL. `ca`: the authorities (PEM) that its
    certificate must come from; None for the system's."""

    prefix: str
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the headers with names in lower case, and the whole body (at most 1 MiB)."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outgoing:
    """Calls URLs of `allowed`, and no others. One for as long as the gateway runs; `close` it then."""

    def __init__(self, allowed: Sequence[Allowed], *, seconds: float = SECONDS) -> None:
        self._allowed = tuple(allowed)
        self._seconds = seconds
        self._clients: dict[Path | None, httpx.AsyncClient] = {}

    def allows(self, url: str) -> bool:
        """Whether this URL may be called."""
        return self._place(url) is not None

    async def get(self, url: str, *, headers: Mapping[str, str] = _NONE) -> Answer:
        """GET; any status is an answer, a redirect too. Raises `UpstreamFailed`."""
        return await self._call("GET", url, None, headers)

    async def post(self, url: str, body: bytes, *, headers: Mapping[str, str] = _NONE) -> Answer:
        """POST; any status is an answer, a redirect too. Raises `UpstreamFailed`."""
        return await self._call("POST", url, body, headers)

    async def close(self) -> None:
        """Ends its connections."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _call(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        place = self._place(url)
        if place is None:
            raise UpstreamFailed(
                "a call was refused: its address isn't one that the settings allow (see [outgoing])",
                code="outgoing_refused",
            )
        sent = {"Accept": "application/json", "User-Agent": "interlock", **headers, "Accept-Encoding": "identity"}
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._client(place.ca).stream(method, url, content=body, headers=sent) as answer,
            ):
                return Answer(
                    answer.status_code,
                    {name.lower(): value for name, value in answer.headers.items()},
                    await _bounded(answer),
                )
        except Exception as error:  # httpx lets through whatever a hostile answer makes of it: a `UnicodeError`, say
            host = urlsplit(place.prefix).hostname
            raise UpstreamFailed(f"a call to {host} failed ({type(error).__name__})", code="outgoing_failed") from None

    def _place(self, url: str) -> Allowed | None:
        asked = _parsed(url)
        if asked is None:
            return None
        return next((each for each in self._allowed if _covers(each.prefix, asked)), None)

    def _client(self, ca: Path | None) -> httpx.AsyncClient:
        client = self._clients.get(ca)
        if client is None:
            context = ssl.create_default_context(cafile=ca)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            client = self._clients[ca] = httpx.AsyncClient(
                verify=context,
                trust_env=False,
                follow_redirects=False,
                timeout=self._seconds,
                limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            )
        return client


def allowed_by(settings: Settings) -> tuple[Allowed, ...]:
    """Where identities come from: issuers, their key sets, the people's provider, and `[outgoing] allow`.

    A provider whose endpoints lie on another host than its issuer needs these in `[outgoing] allow`.
    """
    places = [Allowed(prefix) for prefix in settings.outgoing]
    for issuer in settings.issuers.values():
        if issuer.keys == "discovery":
            places.append(Allowed(issuer.issuer.rstrip("/") + "/", issuer.ca))
        elif isinstance(issuer.keys, str):
            places.append(Allowed(issuer.keys, issuer.ca))
    if settings.oidc is not None:
        places.append(Allowed(settings.oidc.issuer.rstrip("/") + "/", settings.oidc.ca))
    return tuple(places)


def within(url: str, prefixes: Sequence[str]) -> bool:
    """Whether a URL lies under one of these prefixes, read as `Outgoing` reads it."""
    asked = _parsed(url)
    return asked is not None and any(_covers(prefix, asked) for prefix in prefixes)


def _parsed(url: str) -> SplitResult | None:
    if len(url) > MAX_URL or not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or not _stays(parts.path):
        return None
    return parts


def _stays(path: str) -> bool:
    """Whether every server reads the path as we do: no part of it is dots, or would be without a `;` parameter."""
    if _TREACHEROUS.search(path):
        return False
    return not any(_is_dots(unquote(part).partition(";")[0]) for part in path.split("/"))


def _is_dots(name: str) -> bool:
    """Dots alone, with or without the blanks that some servers drop."""
    return "." in name and not name.strip(" .")


def _covers(prefix: str, asked: SplitResult) -> bool:
    mine = _parsed(prefix)
    if mine is None or _place_of(mine) != _place_of(asked):
        return False
    if mine.path.endswith("/") and not mine.query:
        return asked.path.startswith(mine.path)
    return (mine.path or "/", mine.query) == (asked.path or "/", asked.query)


def _place_of(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS[parts.scheme]


async def _bounded(answer: httpx.Response) -> bytes:
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise httpx.DecodingError("an encoding that wasn't asked for")
    pieces, size = [], 0
    async for piece in answer.aiter_raw():
        size += len(piece)
        if size > MAX_ANSWER:
            raise httpx.DecodingError("more than may come")
        pieces.append(piece)
    return b"".join(pieces)

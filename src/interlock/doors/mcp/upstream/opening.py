"""How an upstream session comes to be: which wire, with which credentials, in which era.

The client's era is tried first, so that what it can do is there at the server too; then the other one. Each try has a
wire of its own: a server may be spoilt by a first message that it doesn't know.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, assert_never

import structlog

from interlock.doors.mcp.seams import Client
from interlock.doors.mcp.upstream.greeting import Era, Offer, OtherEra
from interlock.doors.mcp.upstream.http_asking import Asking
from interlock.doors.mcp.upstream.http_client import mcp_client, trust
from interlock.doors.mcp.upstream.http_wire import http_wire
from interlock.doors.mcp.upstream.oauth import OurToken, Tokens
from interlock.doors.mcp.upstream.process_launch import Separation, separation
from interlock.doors.mcp.upstream.process_wire import process_wire
from interlock.doors.mcp.upstream.session import Session
from interlock.doors.mcp.upstream.turning import Turning
from interlock.doors.mcp.upstream.wire import Wire
from interlock.errors import UpstreamFailed
from interlock.model.mcp_settings import McpHttp, McpProcess, McpSettings
from interlock.model.secret import Secret

log = structlog.get_logger()

_FINAL: Final = frozenset({"upstream_away", "upstream_unauthorized", "upstream_token", "upstream_user"})


class Opener:
    """Opens sessions with one server. `changed` hears when it says that its tools have changed."""

    def __init__(self, settings: McpSettings, changed: Callable[[], None] = lambda: None) -> None:
        self._settings, self._changed = settings, changed
        self._speaks: dict[Era, bool] = {}
        self._tls: ssl.SSLContext | None = None
        self._separation: Separation | None = None
        self._separating = asyncio.Lock()
        self.in_headers: Mapping[str, Any] = {}
        http = settings.upstream if isinstance(settings.upstream, McpHttp) else None
        self.tokens = Tokens(settings.oauth, http.url) if settings.oauth is not None and http is not None else None

    async def open(self, wanted: Era, offer: Offer, own: Client | None, subject: Secret[str] | None) -> Session:
        """A session in the wanted era, or in the other one where the server doesn't speak it. Raises
        `UpstreamFailed`."""
        if self._speaks.get(wanted) is False:
            wanted = wanted.other
        try:
            return await self._opened(wanted, offer, own, subject)
        except UpstreamFailed as error:
            if error.code in _FINAL or self._speaks.get(wanted):
                raise
            if isinstance(error, OtherEra) and error.sure:
                self._speaks[wanted] = False
        try:
            return await self._opened(wanted.other, offer, own, subject)
        except UpstreamFailed:
            self._speaks.clear()  # nothing is known for sure of a server that speaks neither
            raise

    async def _opened(self, era: Era, offer: Offer, own: Client | None, subject: Secret[str] | None) -> Session:
        whose = own if era is Era.LEGACY else None
        can = offer.capabilities if whose is not None or era is Era.MODERN else {}
        seconds = self._settings.timeout.total_seconds()
        turning = Turning(era, whose, can, seconds, self._changed)
        session = Session(era, lambda: self._wire(subject), Offer(offer.version, can), turning)
        session.in_headers = self.in_headers
        await session.open()
        self._speaks[era] = True
        return session

    @asynccontextmanager
    async def _wire(self, subject: Secret[str] | None) -> AsyncIterator[Wire]:
        match self._settings.upstream:
            case McpHttp() as http:
                if self._tls is None:
                    self._tls = trust(http.ca)
                auth = OurToken(self.tokens, subject) if self.tokens is not None else None
                asking = Asking(http, self._tls, self.tokens, subject)
                async with mcp_client(http, self._tls, auth) as client, http_wire(http.url, client, asking) as wire:
                    yield wire
            case McpProcess() as process:
                async with process_wire(process, await self._separated(process)) as wire:
                    yield wire
            case other:
                assert_never(other)

    async def _separated(self, process: McpProcess) -> Separation:
        async with self._separating:
            if self._separation is None:
                self._separation = await separation(process)
                if self._separation.lacking:
                    name, lacking = self._settings.connection.name, list(self._separation.lacking)
                    log.warning("mcp.process_not_separated", connection=name, lacking=lacking)
            return self._separation

    async def close(self) -> None:
        """Ends what sessions share."""
        if self.tokens is not None:
            await self.tokens.close()

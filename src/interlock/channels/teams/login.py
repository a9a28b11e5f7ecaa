"""Our own token at the Connector: client credentials (RFC 6749 section 4.4), kept until shortly before its end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from interlock.channels.calling import Calling
from interlock.errors import MalformedInput, ServiceAway, UpstreamFailed
from interlock.model import jcs
from interlock.model.channel_settings import TeamsSettings
from interlock.ports import Clock

SCOPE: Final = "https://api.botframework.com/.default"
AHEAD: Final = timedelta(minutes=5)  # it is taken for over so long before it is
AGAIN: Final = timedelta(seconds=5)  # after a failure nobody is asked for so long
MAX_LIFE: Final = 86_400  # seconds that are believed
MAX_TOKEN: Final = 16 * 1024
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


def token_url(settings: TeamsSettings) -> str:
    """Where it is fetched."""
    return f"{settings.login}{quote(settings.tenant, safe='')}/oauth2/v2.0/token"


class Login:
    """Called, it gives the token; one fetch at a time, whoever waits for it."""

    def __init__(self, settings: TeamsSettings, calling: Calling, clock: Clock) -> None:
        self._settings = settings
        self._calling = calling
        self._clock = clock
        self._token = ""
        self._until: datetime | None = None
        self._failed_at: datetime | None = None
        self._fetching = asyncio.Lock()

    async def __call__(self) -> str:
        """The token; raises `ServiceAway` when none is to be had now."""
        if not self._good():
            async with self._fetching:
                if not self._good():
                    await self._fetch()
        return self._token

    def forget(self) -> None:
        """The Connector didn't take it: the next call fetches another."""
        self._until = None

    def _good(self) -> bool:
        return self._until is not None and self._clock.now() < self._until

    async def _fetch(self) -> None:
        now = self._clock.now()
        if self._failed_at is not None and timedelta(0) <= now - self._failed_at < AGAIN:
            raise ServiceAway("the login at Microsoft failed just now", seconds=AGAIN.total_seconds())
        try:
            self._token, seconds = await self._asked()
        except (UpstreamFailed, MalformedInput) as error:
            self._failed_at = now
            raise ServiceAway(f"the login at Microsoft failed: {error.sentence}") from None
        self._failed_at = None
        self._until = now + max(timedelta(seconds=seconds) - AHEAD, timedelta(seconds=seconds / 2))

    async def _asked(self) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.app_id,
            "client_secret": self._settings.secret.reveal(),
            "scope": SCOPE,
        }
        answer = await self._calling.post(token_url(self._settings), urlencode(form).encode(), headers=_FORM)
        if answer.status != 200:
            raise UpstreamFailed(f"it answered with status {answer.status}")
        document = jcs.read(answer.body, most_values=jcs.MANY)
        said = document if isinstance(document, Mapping) else {}
        token, seconds = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not 0 < len(token) <= MAX_TOKEN or not token.isascii() or " " in token:
            raise MalformedInput("what it answered holds no token")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= MAX_LIFE:
            raise MalformedInput("what it answered doesn't say how long the token is good")
        return token, float(seconds)

"""Who is on call, as a pager says: asked at most once a minute, and known for a while through an outage.

It only ever decides who is told, never who may sign.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from interlock.errors import InterlockError
from interlock.model.names import PersonId
from interlock.ports import Clock

FRESH: Final = timedelta(seconds=60)  # so long an answer isn't asked for anew
KEPT: Final = timedelta(minutes=15)  # so long the last answer holds while the pager doesn't answer
PATIENCE: Final = timedelta(seconds=15)  # between two attempts at a pager that doesn't answer

log = structlog.get_logger()


class Pager(Protocol):
    """What is asked of a pager (`PagerDuty`, `Opsgenie`)."""

    async def on_call(self, schedule: str) -> frozenset[str]:
        """Its own names of the users on call; raises `InterlockError`."""


@dataclass(slots=True)
class _Known:
    people: frozenset[PersonId] | None = None
    at: datetime | None = None
    tried_at: datetime | None = None


class OnCall:
    """Asks `pagers` ("pagerduty", "opsgenie"); `accounts` says whose each of their users is."""

    def __init__(
        self, pagers: Mapping[str, Pager], *, accounts: Mapping[tuple[str, str], PersonId], clock: Clock
    ) -> None:
        self._pagers, self._accounts, self._clock = pagers, accounts, clock
        self._known: dict[tuple[str, str], _Known] = {}  # by pager and schedule, as the settings' rotas name them
        self._asking: dict[tuple[str, str], asyncio.Lock] = {}

    async def on_call(self, pager: str, schedule: str) -> frozenset[PersonId] | None:
        """The people on call by a schedule now; None when that can't be known. Never raises.

        Users whom the settings don't name as somebody's account are left out, so it may be nobody.
        """
        key = pager, schedule
        async with self._asking.setdefault(key, asyncio.Lock()):
            known = self._known.setdefault(key, _Known())
            if not self._is_fresh(known):
                await self._ask(key, known)
            return known.people if self._holds(known) else None

    async def _ask(self, key: tuple[str, str], known: _Known) -> None:
        pager, schedule = key
        known.tried_at = self._clock.now()
        asked = self._pagers.get(pager)
        if asked is None:
            return
        try:
            users = await asked.on_call(schedule)
        except InterlockError as error:
            log.warning("on_call.failed", pager=pager, code=error.code)
            return
        found = (self._accounts.get((pager, user)) for user in users)
        known.people, known.at = frozenset(person for person in found if person is not None), self._clock.now()
        if len(known.people) < len(users):
            log.info("on_call.unknown_users", pager=pager, count=len(users) - len(known.people))

    def _is_fresh(self, known: _Known) -> bool:
        now = self._clock.now()
        if known.at is not None and now - known.at < FRESH:
            return True
        return known.tried_at is not None and now - known.tried_at < PATIENCE

    def _holds(self, known: _Known) -> bool:
        return known.at is not None and self._clock.now() - known.at < KEPT

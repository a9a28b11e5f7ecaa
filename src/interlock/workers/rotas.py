"""Whose turn it is, and when it is quiet: the parts of `[rotas]` and `[notify]` that hang on the hour."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog

from interlock.errors import InterlockError
from interlock.model.channel_settings import Quiet, Rota
from interlock.model.names import PersonId
from interlock.model.steady import Steady
from interlock.ports import Clock

ASKED_AGAIN: Final = timedelta(minutes=1)  # what a pager said of a schedule holds for so long
ASK_SECONDS: Final = 10.0

log = structlog.get_logger()


class OnCall(Protocol):
    """A pager that keeps schedules."""

    async def __call__(self, pager: str, schedule: str) -> frozenset[PersonId] | None:
        """Who is on call by a schedule of "pagerduty" or "opsgenie"; None when it can't be asked."""


def turn(rota: Rota, now: datetime) -> PersonId | None:
    """Whose turn it is in a rota of `people`; None before it begins, and in one without people.

    Shifts are handed over at the same hour by the clock on the wall in the zone of `starts`, whatever that clock does
    in between.
    """
    if not rota.people or rota.starts is None or now < rota.starts:
        return None
    begins, zone = rota.starts.replace(tzinfo=None), rota.starts.tzinfo

    def at(number: int) -> datetime:
        return (begins + number * rota.shift).replace(tzinfo=zone).astimezone(UTC)

    number = (now.astimezone(zone).replace(tzinfo=None) - begins) // rota.shift
    while at(number) > now:
        number -= 1
    while at(number + 1) <= now:
        number += 1
    return rota.people[number % len(rota.people)]


def quiet_until(quiet: Quiet | None, now: datetime) -> datetime | None:
    """When the quiet hours end that it is in now (UTC); None when it isn't quiet."""
    if quiet is None:
        return None
    local = now.astimezone(quiet.zone)
    hour, begins, ends = local.time().replace(fold=0), quiet.begins, quiet.ends
    over_midnight = begins > ends
    inside = (hour >= begins or hour < ends) if over_midnight else begins <= hour < ends
    if not inside:
        return None
    day = local.date() + timedelta(days=1) if hour >= ends else local.date()
    for fold in (0, 1):  # an hour that comes twice in a night ends a second time
        until = datetime.combine(day, ends, quiet.zone).replace(fold=fold).astimezone(UTC)
        if until > now:
            return until
    return None


class Rotas:
    """Who is on call, by rota."""

    def __init__(self, rotas: Mapping[str, Rota], clock: Clock, pager: OnCall | None = None) -> None:
        self._rotas, self._clock, self._pager = rotas, clock, pager
        self._steady = Steady()
        self._said: dict[str, tuple[datetime, frozenset[PersonId] | None]] = {}

    async def on_call(self, name: str) -> frozenset[PersonId] | None:
        """Who is on call by a rota now; None when that can't be known, or there is no such rota."""
        rota = self._rotas.get(name)
        if rota is None:
            return None
        if not rota.pager:
            person = turn(rota, self._clock.now())
            return frozenset() if person is None else frozenset({person})
        said, now = self._said.get(name), self._steady.of(self._clock.now())
        if said is None or now - said[0] >= ASKED_AGAIN:
            said = self._said[name] = (now, await self._ask(rota))
        return said[1]

    async def _ask(self, rota: Rota) -> frozenset[PersonId] | None:
        if self._pager is None:
            return None
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await self._pager(rota.pager, rota.schedule)
        except (InterlockError, TimeoutError) as error:
            log.warning("rota.unknown", rota=rota.name, kind=type(error).__name__)
            return None

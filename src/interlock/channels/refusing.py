"""Calls to us that proved nothing, in the ledger: forged, stale, replayed, of another tenant. Bounded; all counted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from interlock.errors import LedgerError
from interlock.model.canonical import JsonValue
from interlock.model.change import Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.mistakes import place_of_mistake
from interlock.model.names import EntryId
from interlock.ports import Clock, Entropy, Ledger

MINUTE: Final = timedelta(minutes=1)
MOST: Final = 20  # of one channel that are recorded one by one in a minute
INTERVAL: Final = 5.0  # seconds between looks at whose minute is over
REST: Final = "more calls like these"

log = structlog.get_logger()


@dataclass(slots=True)
class _Minute:
    began: datetime
    recorded: int = 0
    rest: int = 0


@dataclass(frozen=True, slots=True)
class RefusedCalls:
    """Fills `answering.Refuse`. The channels are those that the settings name, so there are few.

    What can't be recorded when it happens is told among the rest, later: whoever forges is answered all the same.
    """

    ledger: Ledger
    clock: Clock
    entropy: Entropy
    _minutes: dict[str, _Minute] = field(default_factory=dict)

    async def __call__(self, channel: str, because: str) -> None:
        """Records one call: as an entry of its own, or among the rest of this minute."""
        now = self.clock.now()
        await self._tell_rest(self._over(now))
        minute = self._minutes.setdefault(channel, _Minute(now))
        if minute.recorded >= MOST:
            if not minute.rest:
                log.warning("channel.refused_often", channel=channel)
            minute.rest += 1
            return
        minute.recorded += 1
        if not await self._record(channel, because, 1):
            minute.rest += 1

    async def run(self, stop: asyncio.Event) -> None:
        """Tells the rest of minutes that are over, until `stop`; then all there is."""
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), INTERVAL)
            except TimeoutError:
                await self._tell_some()
        await self.close()

    async def _tell_some(self) -> None:
        try:
            await self._tell_rest(self._over(self.clock.now()))
        except Exception as error:  # a mistake of ours in one place may not end the gateway
            log.error("channel.refusals_mistake", kind=type(error).__name__, at=place_of_mistake(error))

    async def close(self) -> None:
        """Tells all that wasn't recorded one by one."""
        await self._tell_rest(list(self._minutes))

    def _over(self, now: datetime) -> list[str]:
        return [each for each, minute in self._minutes.items() if not minute.began <= now < minute.began + MINUTE]

    async def _tell_rest(self, channels: Sequence[str]) -> None:
        for channel in channels:
            minute = self._minutes.pop(channel, None)  # another call may have told it meanwhile
            if minute is not None and minute.rest and not await self._record(channel, REST, minute.rest):
                later = self._minutes.setdefault(channel, _Minute(self.clock.now()))
                later.rest += minute.rest

    async def _record(self, channel: str, because: str, attempts: int) -> bool:
        d: dict[str, JsonValue] = {"channel": channel, "because": because, "attempts": attempts}
        draft = Draft(id=EntryId(self.entropy.uuid7()), type=EntryType.CHANNEL_REFUSED, d=d)
        try:
            await self.ledger.commit(Unit((draft,)))
        except LedgerError as error:
            log.warning("channel.refusal_not_recorded", channel=channel, code=error.code)
            return False
        return True

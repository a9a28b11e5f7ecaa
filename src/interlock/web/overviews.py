"""Figures about fatigue, worked out off the event loop and shared by all who ask: at their bound they take a second."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import timedelta
from typing import Final

from interlock.ledger.fatigue import Overview
from interlock.ports import Clock
from interlock.web.needs import Figures

GOOD_FOR: Final = timedelta(seconds=10)
MOST: Final = 30  # stretches that are kept; of a few kilobytes for each person who votes


class Overviews:
    """The last overview of each stretch of days. One is worked out at a time: one thread, one set of copies."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Overview] = OrderedDict()
        self._coming: dict[int, asyncio.Task[Overview]] = {}
        self._turn = asyncio.Lock()

    async def over(self, figures: Figures, days: int, clock: Clock) -> Overview:
        """The figures of the last `days`. Who asks while they are being worked out waits for those."""
        kept = self._kept.get(days)
        if kept is not None and timedelta(0) <= clock.now() - kept.until < GOOD_FOR:
            return kept
        if (coming := self._coming.get(days)) is None:
            coming = self._coming[days] = asyncio.create_task(self._work_out(figures, days, clock))
            coming.add_done_callback(lambda _: self._coming.pop(days))
        return await asyncio.shield(coming)  # one who goes away takes it from nobody

    async def _work_out(self, figures: Figures, days: int, clock: Clock) -> Overview:
        async with self._turn:
            found = await asyncio.to_thread(figures.prepared(timedelta(days=days), clock.now()))
        self._kept[days] = found
        self._kept.move_to_end(days)
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return found

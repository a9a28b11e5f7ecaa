"""Keeps the schema snapshot fresh: watches the upstream's mark and loads anew when it moves.

The door awaits `refresh_now` before it opens or redeems a review, so that what is signed and what runs are judged by
the definitions of that moment; `run` notices changes when nobody asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from interlock.errors import InterlockError, UpstreamFailed
from interlock.model.snapshot import Snapshot

INTERVAL = 0.5  # seconds between looks
LONGEST_PAUSE = 60.0  # seconds between looks while they fail
LOOK_SECONDS = 60.0  # for one look, loading included

log = structlog.get_logger()


class Watch(Protocol):
    """A connection of its own to the upstream."""

    async def mark(self) -> str:
        """The fingerprint of all definitions now; raises `UpstreamFailed`."""

    async def close(self) -> None:
        """Ends the connection."""


class SchemaRefresh:
    """Hands each new snapshot to `changed`, in order, and tells `settled` after each look of its own. One for each
    connection.

    The first look loads the first snapshot. When a look fails, the last snapshot stays with whoever has it, and
    `refresh_now` raises: nothing held is opened or redeemed on definitions that may be stale.
    """

    def __init__(
        self,
        watch: Watch,
        load: Callable[[], Awaitable[Snapshot]],
        changed: Callable[[Snapshot], None],
        settled: Callable[[], None] = lambda: None,
        *,
        interval: float = INTERVAL,
    ) -> None:
        self._watch = watch
        self._load = load
        self._changed = changed
        self._settled = settled
        self._interval = interval
        self._turn = asyncio.Lock()
        self._begun = 0
        self._done = 0  # the number of the newest look that succeeded
        self._mark = ""
        self._version = ""

    async def refresh_now(self) -> None:
        """Returns when a look begun after this call has succeeded; callers who wait together share one.

        Raises `UpstreamFailed` when the upstream can't be read within a minute.
        """
        asked = self._begun
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                async with self._turn:
                    if self._done > asked:
                        return
                    await self._look()
        except TimeoutError:
            raise UpstreamFailed("the upstream's definitions couldn't be read in time") from None

    async def run(self, stop: asyncio.Event) -> None:
        """Looks every `interval` seconds until `stop`, less often while it fails; closes the watch at the end."""
        pause = self._interval
        try:
            while not stop.is_set():
                try:
                    await self.refresh_now()
                    self._settled()
                    pause = self._interval
                except InterlockError as error:
                    pause = min(pause * 2, LONGEST_PAUSE)
                    log.warning("schema_refresh.failed", code=error.code, sentence=error.sentence)
                await _pause(stop, pause)
        finally:
            async with self._turn:
                await self._watch.close()

    async def _look(self) -> None:
        """The mark is taken before loading: what changes during the load shows at the next look."""
        self._begun += 1
        number = self._begun
        mark = await self._watch.mark()
        if mark != self._mark:
            snapshot = await self._load()
            if snapshot.version != self._version:
                self._changed(snapshot)
                self._version = snapshot.version
            self._mark = mark
        self._done = number


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return

"""The sweeper: expires what is due, even when nobody looks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from interlock.errors import InterlockError

INTERVAL = 1.0  # seconds; expiry itself is a comparison with the store's clock at the moment of use, not this timer

log = structlog.get_logger()


async def run(expire_due: Callable[[], Awaitable[int]], stop: asyncio.Event, interval: float = INTERVAL) -> None:
    """Calls `expire_due` every `interval` seconds until `stop`."""
    while not stop.is_set():
        try:
            await expire_due()
        except InterlockError as error:
            log.warning("sweeper.failed", code=error.code)
        try:
            await asyncio.wait_for(stop.wait(), interval)
        except TimeoutError:
            continue

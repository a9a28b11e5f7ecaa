"""The adopter: puts proposed policies in force as soon as they are signed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from interlock.errors import InterlockError
from interlock.model.names import ReviewId

INTERVAL = 5.0  # seconds; a move wakes it at once, this is for what failed the first time

log = structlog.get_logger()


class Moves(Protocol):
    """Reviews as they move."""

    async def __anext__(self) -> ReviewId:
        """The next one; raises `StopAsyncIteration` once it was closed."""

    async def aclose(self) -> None:
        """Ends it."""


async def run(adopt_due: Callable[[], Awaitable[int]], moves: Callable[[], Moves], stop: asyncio.Event) -> None:
    """Calls `adopt_due` whenever a review has moved, and every few seconds, until `stop`."""
    while not stop.is_set():
        listening = moves()  # before looking, so that nothing moves unheard in between
        try:
            await adopt_due()
            await asyncio.wait_for(anext(listening), INTERVAL)
        except (TimeoutError, StopAsyncIteration):
            pass
        except InterlockError as error:
            log.warning("adopter.failed", code=error.code)
            await _pause(stop)
        finally:
            await listening.aclose()


async def _pause(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), INTERVAL)
    except TimeoutError:
        return

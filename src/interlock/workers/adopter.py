"""The adopter: puts proposed policies in force as soon as they are signed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from interlock.errors import InterlockError
from interlock.model.names import ReviewId

INTERVAL = 5.0  # seconds; a move wakes it, this is for what failed the first time
BEHIND_SECONDS = 0.05  # after a move: whoever waits for a vote is answered first, and moves of a moment are one look

log = structlog.get_logger()


class Moves(Protocol):
    """Reviews as they move."""

    async def __anext__(self) -> ReviewId:
        """The next one; raises `StopAsyncIteration` once it was closed."""

    async def aclose(self) -> None:
        """Ends it."""


def _every(review: ReviewId) -> bool:
    return True


async def run(
    adopt_due: Callable[[], Awaitable[int]],
    moves: Callable[[], Moves],
    stop: asyncio.Event,
    concerns: Callable[[ReviewId], bool] = _every,
) -> None:
    """Calls `adopt_due` a moment after a review that it concerns has moved, and every few seconds, until `stop`."""
    while not stop.is_set():
        listening = moves()  # before looking, so that nothing moves unheard in between
        try:
            await adopt_due()
            async with asyncio.timeout(INTERVAL):
                while not concerns(await anext(listening)):
                    pass
            await asyncio.sleep(BEHIND_SECONDS)
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

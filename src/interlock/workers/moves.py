"""Following reviews as they move, a moment behind: whoever waits for the release goes first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import structlog

from interlock.errors import InterlockError
from interlock.model.mistakes import place_of_mistake
from interlock.model.names import ReviewId
from interlock.workers.adopter import Moves

BEHIND_SECONDS: Final = 0.05  # a vote's release takes a few milliseconds; what is told of it can wait for that
AGAIN_SECONDS: Final = 1.0
MOST_TOGETHER: Final = 1024

log = structlog.get_logger()


async def follow(
    listen: Callable[[], Moves],
    stop: asyncio.Event,
    moved: Callable[[Sequence[ReviewId]], Awaitable[None]],
    missed: Callable[[], Awaitable[None]],
) -> None:
    """Calls `moved` with the reviews that did, those of a moment together, until `stop`; `missed` before the first and
    whenever some may have been missed."""
    stopping = asyncio.ensure_future(stop.wait())
    try:
        while not stop.is_set():
            listening = listen()  # before looking, so that nothing moves unheard in between
            try:
                await missed()
                await _follow(listening, stopping, moved)
            except InterlockError as error:
                log.warning("moves.failed", code=error.code)
            except Exception as error:  # a mistake of ours in one place may not end the gateway
                log.error("moves.mistake", kind=type(error).__name__, at=place_of_mistake(error))
            finally:
                await listening.aclose()
            await asyncio.wait({stopping}, timeout=AGAIN_SECONDS)
    finally:
        stopping.cancel()


async def _follow(
    listening: Moves, stopping: asyncio.Future[Any], moved: Callable[[Sequence[ReviewId]], Awaitable[None]]
) -> None:
    following: asyncio.Future[ReviewId] = asyncio.ensure_future(_next(listening))
    together: list[ReviewId] = []
    try:
        while True:
            if not together:
                waited: set[asyncio.Future[Any]] = {stopping, following}
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                return
            if not together:
                together = [following.result()]
                following = asyncio.ensure_future(_next(listening))
            await asyncio.sleep(BEHIND_SECONDS)
            since: list[ReviewId] = []  # what moved while we slept has its own moment before it still
            while following.done() and following.exception() is None and len(since) < MOST_TOGETHER:
                since.append(following.result())
                following = asyncio.ensure_future(_next(listening))
                await asyncio.sleep(0)
            await moved(together)
            together = since
    except _Ended:
        return
    finally:
        following.cancel()


class _Ended(Exception):
    """There is nothing more to hear; a task can't end with `StopAsyncIteration`'s sister."""


async def _next(listening: Moves) -> ReviewId:
    try:
        return await anext(listening)
    except StopAsyncIteration:
        raise _Ended from None

"""What goes on after Slack has its acknowledgement: counted, bounded, and ended with us."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

import structlog

log = structlog.get_logger("interlock.slack")

MOST: Final = 200
_END: Final = 5.0  # seconds for what is under way when we stop

T = TypeVar("T")


class Tasks:
    """Work that nobody awaits."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def full(self) -> bool:
        """Whether there is too much of it: nothing more should be taken in."""
        return len(self._running) >= MOST

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Starts it; what it raises is logged by its type."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def settled(self) -> None:
        """Waits until nothing runs any more."""
        while self._running:
            await asyncio.wait(set(self._running))

    async def close(self) -> None:
        """Lets it end, for a while; then ends it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _END
        while self._running and (left := until - loop.time()) > 0:
            await asyncio.wait(set(self._running), timeout=left)
        rest = set(self._running)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("slack.failed", because=type(error).__name__)

"""Endings that must reach the ledger, also when it can't be written just now.

The action has run already; what is left is to record how it ended. While the ledger is down, endings wait here,
bounded, and are tried again; if the process dies first, recovery records `unknown`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from functools import partial
from typing import Any

import structlog

from interlock.errors import InterlockError, LedgerUnavailable
from interlock.gate import Gate
from interlock.model.release import Ending, Release
from interlock.ports import Receipt

MAX_WAITING = 10_000  # endings; beyond that the oldest tries aren't repeated and recovery says `unknown`
RETRY_SECONDS = 0.5
LONGEST_RETRY = 30.0

log = structlog.get_logger()


class Endings:
    """Records endings in the background, or at once for who must know."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._waiting: set[asyncio.Future[Any]] = set()

    async def record(self, release: Release, ending: Ending) -> None:
        """Durable when this returns, unless the ledger is down: then it is tried again in the background."""
        await self._record(self._gate.end(release, ending), release, ending)

    def soon(self, release: Release, ending: Ending) -> None:
        """Records without waiting; what the actor did counts at once."""
        recorded = asyncio.ensure_future(self._gate.end(release, ending))  # the ledger's own future: no task for it
        if self._is_full():
            recorded.add_done_callback(_unheard)
            return
        self._waiting.add(recorded)
        recorded.add_done_callback(partial(self._recorded, release, ending))

    def _recorded(self, release: Release, ending: Ending, recorded: asyncio.Future[Receipt]) -> None:
        self._waiting.discard(recorded)
        if recorded.cancelled():
            return
        match recorded.exception():
            case None:
                return
            case LedgerUnavailable():
                self._keep(self._again(release, ending))
            case InterlockError() as error:
                log.error("ending.refused", code=error.code, action=release.action.id)
            case error:
                log.error("ending.failed", error=type(error).__name__, action=release.action.id)

    async def _record(self, recorded: Awaitable[object], release: Release, ending: Ending) -> None:
        try:
            await recorded
        except LedgerUnavailable:
            self._keep(self._again(release, ending))
        except InterlockError as error:
            log.error("ending.refused", code=error.code, action=release.action.id)

    async def settled(self, seconds: float) -> None:
        """Waits for what is being recorded, for at most `seconds`."""
        if self._waiting:
            await asyncio.wait(self._waiting, timeout=seconds)
        for task in tuple(self._waiting):
            task.cancel()

    def _keep(self, coroutine: object) -> None:
        assert asyncio.iscoroutine(coroutine)
        if self._is_full():
            coroutine.close()
            return
        task = asyncio.ensure_future(coroutine)
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def _is_full(self) -> bool:
        full = len(self._waiting) >= MAX_WAITING
        if full:
            log.error("ending.dropped", waiting=len(self._waiting))
        return full

    async def _again(self, release: Release, ending: Ending) -> None:
        pause = RETRY_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_RETRY)
            try:
                await self._gate.end(release, ending)
            except LedgerUnavailable:
                continue
            except InterlockError as error:
                log.error("ending.refused", code=error.code, action=release.action.id)
            return


def _unheard(recorded: asyncio.Future[Receipt]) -> None:
    """Nobody asks for its outcome; asked here, so that the loop doesn't complain."""
    if not recorded.cancelled():
        recorded.exception()

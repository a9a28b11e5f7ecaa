"""Deferred actions: what was signed for runs by itself, once, and again tried while the protected system is away.

    every look: approvals whose deferred run hasn't begun, by signed entries -> at most `AT_ONCE` of them run

Level-triggered: a move wakes it, and so does time; a start of the gateway is one more look. That it runs once is held
by the store: the run takes its use, and the document's next version, in the unit of its release. What a crash leaves is
`unknown`, as of every other release.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from interlock.desk import Desk
from interlock.errors import InterlockError, UpstreamFailed
from interlock.model.deferred import Deferred
from interlock.model.mistakes import place_of_mistake
from interlock.model.names import ReviewId
from interlock.ports import Runner
from interlock.workers.adopter import Moves
from interlock.workers.moves import follow

AT_ONCE: Final = 4
INTERVAL: Final = 1.0  # seconds between looks while something is put off or waits for room
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
STOP_SECONDS: Final = 5.0  # how long a stop waits for what runs

log = structlog.get_logger()


@dataclass(slots=True)
class _PutOff:
    """A review whose protected system was away: not before `until` (the loop's time)."""

    until: float
    pause: float


class DeferredWork:
    """Runs what is due by whichever of `runners` takes its connection."""

    def __init__(self, desk: Desk, runners: Sequence[Runner]) -> None:
        self._desk, self._runners = desk, runners
        self._tasks: dict[ReviewId, asyncio.Task[None]] = {}
        self._put_off: dict[ReviewId, _PutOff] = {}

    async def run(self, listen: Callable[[], Moves], stop: asyncio.Event) -> None:
        """Runs what is due until `stop`."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(follow(listen, stop, self._moved, self.look))
                group.create_task(self._look_again(stop))
        finally:
            await self._stopped()

    async def look(self) -> None:
        """Begins what is due and has room."""
        due = self._desk.due_to_run()
        self._put_off = {review: each for review, each in self._put_off.items() if review in due}
        now = asyncio.get_running_loop().time()
        for review in due:
            if len(self._tasks) >= AT_ONCE:
                return
            put_off = self._put_off.get(review)
            if review not in self._tasks and (put_off is None or put_off.until <= now):
                self._begin(review)

    async def settled(self) -> None:
        """Returns once nothing runs."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks.values()))

    # -- the loop -----------------------------------------------------------------------------------------------------

    async def _moved(self, reviews: Sequence[ReviewId]) -> None:
        await self.look()

    async def _look_again(self, stop: asyncio.Event) -> None:
        """Looks also when nothing has moved: for what was put off, or is somebody else's to move."""
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), INTERVAL)
            except TimeoutError:
                await self.look()

    async def _stopped(self) -> None:
        """What runs may come to its end for a moment; what doesn't is unknown, as after a crash."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks.values()), timeout=STOP_SECONDS)
        for task in tuple(self._tasks.values()):
            task.cancel()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks.values()))

    # -- one run ------------------------------------------------------------------------------------------------------

    def _begin(self, review: ReviewId) -> None:
        task = asyncio.ensure_future(self._one(review))
        self._tasks[review] = task
        task.add_done_callback(lambda _: self._tasks.pop(review, None))

    async def _one(self, review: ReviewId) -> None:
        try:
            deferred = await self._desk.deferrals.of(review)
            runner = self._runner(deferred) if deferred is not None else None
            if deferred is None or runner is None:
                self._put(review)  # the document is gone, or another node's connection
                return
            await runner.run(deferred)
            if self._desk.waits_to_run(review):  # refused for now, and not settled: not again and again at once
                self._put(review)
        except UpstreamFailed as error:
            self._put(review)
            log.warning("deferred.away", review=review, because=error.sentence)
        except InterlockError as error:
            self._put(review)
            log.error("deferred.failed", review=review, code=error.code)
        except Exception as error:  # a mistake of ours in one run may not end the gateway
            self._put(review)
            log.error("deferred.mistake", review=review, kind=type(error).__name__, at=place_of_mistake(error))

    def _runner(self, deferred: Deferred) -> Runner | None:
        return next((each for each in self._runners if each.takes(deferred.connection)), None)

    def _put(self, review: ReviewId) -> None:
        """Puts a run off: twice as long each time. What has begun isn't due any more, and isn't looked at again."""
        before = self._put_off.get(review)
        pause = FIRST_PAUSE if before is None else min(before.pause * 2, LONGEST_PAUSE)
        self._put_off[review] = _PutOff(asyncio.get_running_loop().time() + pause, pause)

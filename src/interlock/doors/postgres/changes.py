"""Changes of definitions on their way through one connection, for those who read at the same moment.

A statement that was decided on may wait for a lock that such a change holds: then it runs under definitions that nobody
has looked at, and a view shows what it didn't. So whoever gets a first answer meanwhile waits until the change has been
answered, too, and the definitions were read anew; its labels are looked at after that (`Preparing.still`).

    sent -> answered (committed, as a rule) -> definitions read -> over

A change that isn't answered either waits for a lock itself, perhaps for one of theirs: it isn't waited for long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from interlock.errors import UpstreamFailed

ANSWER_SECONDS: Final = 0.1  # a commit's own answer leaves the server before whoever waited for its locks has rows
LOOK_SECONDS: Final = 10.0


@dataclass(eq=False, slots=True)
class Change:
    """One change, from before it is sent."""

    answered: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Changes:
    """Those of one connection. `refresh` reads the definitions."""

    def __init__(self, refresh: Callable[[], Awaitable[None]]) -> None:
        self._refresh = refresh
        self._changes: set[Change] = set()
        self._looks: set[asyncio.Task[None]] = set()

    @property
    def under_way(self) -> bool:
        """Whether there are any."""
        return bool(self._changes)

    @contextmanager
    def begun(self) -> Iterator[Change]:
        """One is about to be sent; at the end the definitions have been read since, if they had to be. Where it breaks
        off nobody knows what has come of it, so they are read then."""
        change = Change()
        self._changes.add(change)
        try:
            yield change
        except BaseException:
            change.answered.set()
            look = asyncio.ensure_future(self._look(change))
            self._looks.add(look)
            look.add_done_callback(self._looks.discard)
            raise
        self._end(change)

    async def settled(self) -> None:
        """Returns once what is read now is known; raises `UpstreamFailed` where that takes too long."""
        for change in tuple(self._changes):
            if await _within(ANSWER_SECONDS, change.answered) and not await _within(LOOK_SECONDS, change.over):
                raise UpstreamFailed("definitions have changed and can't be read", code="relabelled")

    async def _look(self, change: Change) -> None:
        try:
            await self._refresh()
        except UpstreamFailed:
            pass  # the watch goes on trying, and says so
        finally:
            self._end(change)

    def _end(self, change: Change) -> None:
        change.answered.set()
        change.over.set()
        self._changes.discard(change)


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True

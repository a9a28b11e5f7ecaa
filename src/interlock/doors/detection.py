"""Detection beside the loop: one engine that doors share, one look at a time.

Little is looked at where it is asked for, in some hundred microseconds at most; all else in a thread of its own, so
that nobody else waits for it. An engine isn't for several threads at once, hence the lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, TypeVar

from interlock.model.finding import Finding
from interlock.sensitivity.formats.looking import Looking, TextFinder
from interlock.sensitivity.regime import Regime

AT_ONCE: Final = 2048  # bytes that are looked into on the loop, if the engine is free; no language model reads these
LONG: Final = 40  # characters from which on a text is one that somebody wrote, and the language model reads it too

SLICE: Final = 32 * 1024  # bytes or characters that are looked into at a time: others have their turn between

T = TypeVar("T")
Placed = TypeVar("Placed")
Value = TypeVar("Value", str, bytes)


def slices(asked: Sequence[tuple[Placed, Value]]) -> Iterator[list[tuple[Placed, Value]]]:
    """Values, each with its place, so many at a time as are looked into at once."""
    part: list[tuple[Placed, Value]] = []
    size = 0
    for each in asked:
        if part and size + len(each[1]) > SLICE:
            yield part
            part, size = [], 0
        part.append(each)
        size += len(each[1])
    if part:
        yield part


class ByLength:
    """A `TextFinder` of two: short values go by patterns and lists alone, as in columns they stand without a sentence
    around them, and the language model takes too much there for names (`ward 7`)."""

    def __init__(self, quick: TextFinder, full: TextFinder) -> None:
        self._quick, self._full = quick, full

    @property
    def failed(self) -> int:
        """As `TextFinder` has it."""
        return self._quick.failed + self._full.failed

    def find(self, text: str, *, seeds: Sequence[str] = (), telling: str = "") -> tuple[Finding, ...]:
        """As `TextFinder` has it."""
        return (self._full if len(text) >= LONG else self._quick).find(text, seeds=seeds, telling=telling)

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
        """As `TextFinder` has it."""
        long = [text for text in texts if len(text) >= LONG]
        if not long:
            return self._quick.find_many(texts, telling=telling)
        full = iter(self._full.find_many(long, telling=telling))
        quick = iter(self._quick.find_many([text for text in texts if len(text) < LONG], telling=telling))
        return [next(full if len(text) >= LONG else quick) for text in texts]


@dataclass(frozen=True, slots=True)
class Detection:
    """An engine under one regime. `lock` and `thread` (of one worker) are the same for all that share parts of it."""

    finder: TextFinder
    regime: Regime
    thread: ThreadPoolExecutor = field(repr=False)
    lock: Lock = field(repr=False)

    def looking(self) -> Looking:
        """For one batch of values; to be used within `within`."""
        return Looking(self.finder, self.regime)

    async def within(self, work: Callable[[], T], size: int, *, long: bool) -> T:
        """What `work` gives, which looks into so many bytes. `long`: there are texts among them that take longer.

        Raises what `work` raises, `RuntimeError` once the thread was shut down.
        """
        if size <= AT_ONCE and not long and self.lock.acquire(blocking=False):
            try:
                return work()
            finally:
                self.lock.release()
        return await asyncio.get_running_loop().run_in_executor(self.thread, self._locked, work)

    def _locked(self, work: Callable[[], T]) -> T:
        with self.lock:
            return work()

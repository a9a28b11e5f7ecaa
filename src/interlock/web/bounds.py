"""Bounds: how fast one caller may ask, and how many may listen."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from interlock.ports import Clock
from interlock.web.problems import Refused

BURST = 120  # requests at once
PER_SECOND = 20.0  # and so many a second after that
MAX_CALLERS = 4096  # callers remembered; the longest silent is forgotten first
MAX_LISTENERS = 256  # event streams in all
MAX_LISTENERS_PER_CALLER = 12  # browser windows of one person, roughly


class Rate:
    """A token bucket for each authenticated caller: one caller's haste never slows another."""

    def __init__(self, clock: Clock, burst: float = BURST, per_second: float = PER_SECOND) -> None:
        self._clock = clock
        self._burst = burst
        self._per_second = per_second
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def take(self, who: str) -> None:
        """Counts one request; raises `Refused` (429) when `who` has used up the burst."""
        now = self._clock.now()
        left, at = self._buckets.pop(who, (self._burst, now))
        left = min(self._burst, left + max(0.0, (now - at).total_seconds()) * self._per_second)
        self._buckets[who] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > MAX_CALLERS:
            self._buckets.popitem(last=False)
        if left < 1:
            raise Refused(429, "too_fast", "Too many requests. Wait a moment and ask again.")


class Listeners:
    """Counts open event streams."""

    def __init__(self, most: int = MAX_LISTENERS, most_each: int = MAX_LISTENERS_PER_CALLER) -> None:
        self._most = most
        self._most_each = most_each
        self._open: Counter[str] = Counter()

    @contextmanager
    def seat(self, who: str) -> Iterator[None]:
        """Holds one place; raises `Refused` (503) when there is none."""
        if self._open.total() >= self._most or self._open[who] >= self._most_each:
            raise Refused(503, "too_many_listeners", "Too many event streams are open. Close one, or ask again later.")
        self._open[who] += 1
        try:
            yield
        finally:
            self._open[who] -= 1
            if not self._open[who]:
                del self._open[who]

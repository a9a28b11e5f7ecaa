"""The store's clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable


@runtime_checkable
class Floored(Protocol):
    """A clock that takes a floor; the store raises it to the newest entry's time."""

    def raise_floor(self, moment: datetime) -> None:
        """From now on the clock is never below `moment`."""


def _system() -> datetime:
    return datetime.now(UTC)


class SystemClock:
    """The machine's clock, UTC. Expiry is compared with the clock of the store, so there is one a store.

    It never shows less than its floor and what has passed since that was raised: a clock that is set back revives
    nothing that has expired by the entries, and doesn't stand still either. Safe to use from several threads.
    """

    __slots__ = ("_floor", "_lock", "_monotonic", "_system")

    def __init__(
        self, *, system: Callable[[], datetime] = _system, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`system` tells the time, UTC; `monotonic` counts seconds, and nobody sets it."""
        self._system = system
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._floor: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """Now, UTC."""
        now, floor = self._system(), self._floor
        if floor is None:
            return now
        moment, since = floor
        return max(now, moment + timedelta(seconds=self._monotonic() - since))

    def raise_floor(self, moment: datetime) -> None:
        """From now on the clock is never below `moment`, nor below an earlier floor."""
        with self._lock:
            floor, since = self._floor, self._monotonic()
            if floor is None or moment > floor[0] + timedelta(seconds=since - floor[1]):
                self._floor = (moment, since)

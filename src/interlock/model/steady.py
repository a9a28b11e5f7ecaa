"""Time that never goes back, made of a clock that may: what waits by it waits no longer where that one is set back."""

from __future__ import annotations

from datetime import datetime, timedelta


class Steady:
    """Readings of one clock, moved so that each is at least the one before."""

    __slots__ = ("_last", "_moved")

    def __init__(self) -> None:
        self._last: datetime | None = None
        self._moved = timedelta(0)

    def of(self, now: datetime) -> datetime:
        """The steady time at a reading of the clock. Where that was set back, the time goes on from the last one."""
        moment = now + self._moved
        if self._last is not None and moment < self._last:
            self._moved += self._last - moment
            moment = self._last
        self._last = moment
        return moment

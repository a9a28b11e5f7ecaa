"""Pauses: how long a copy waits before it is tried again, and how long a service that is away is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from interlock.model.steady import Steady

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(minutes=10)
LONGEST_PROBE: Final = timedelta(minutes=1)  # a service that is back is noticed by then, unless it asked for longer
LONGEST_ASKED: Final = timedelta(hours=1)  # what a service may ask us to wait
WHILE_PROBED: Final = 1.0  # seconds until the one that tries a service is looked at again


def retry_pause(attempts: int) -> timedelta:
    """5 s, 10 s, 20 s and so on, up to 10 minutes, after so many attempts of one copy."""
    return min(FIRST_PAUSE * (1 << min(max(attempts - 1, 0), 20)), LONGEST_PAUSE)


@dataclass(slots=True)
class _Away:
    since: datetime
    until: datetime
    failures: int = 1
    probed: bool = False


class Circuits:
    """Which services are away, of those that one loop calls. A service that is away gets one copy at a time to try it,
    and everything else as soon as that went well. A clock that is set back makes no wait longer."""

    def __init__(self) -> None:
        self._away: dict[str, _Away] = {}
        self._steady = Steady()

    def wait(self, service: str, now: datetime) -> float:
        """Seconds for which nothing may be sent there; 0 when something may."""
        found, now = self._away.get(service), self._steady.of(now)
        if found is None:
            return 0.0
        if found.until > now:
            return (found.until - now).total_seconds()
        return WHILE_PROBED if found.probed else 0.0

    def is_open(self, service: str, now: datetime) -> bool:
        """Whether it was found away and is being left alone."""
        found = self._away.get(service)
        return found is not None and found.until > self._steady.of(now)

    def begin(self, service: str) -> None:
        """A call begins: where the service was away, it is the one that tries."""
        if (found := self._away.get(service)) is not None:
            found.probed = True

    def answered(self, service: str) -> None:
        """The service did answer, if only to refuse."""
        self._away.pop(service, None)

    def put_off(self, service: str) -> None:
        """A call that had begun wasn't made."""
        if (found := self._away.get(service)) is not None:
            found.probed = False

    def failed(self, service: str, seconds: float | None, now: datetime) -> None:
        """A call found it away; `seconds` is how long it asked us to wait. Calls that fail together count once."""
        asked = min(timedelta(seconds=max(seconds or 0.0, 0.0)), LONGEST_ASKED)
        found, now = self._away.get(service), self._steady.of(now)
        if found is None:
            self._away[service] = _Away(now, now + max(FIRST_PAUSE, asked))
            return
        found.probed = False
        if found.until > now:
            found.until = max(found.until, now + asked)
            return
        found.failures += 1
        found.until = now + max(min(retry_pause(found.failures), LONGEST_PROBE), asked)

    def away(self, service: str, now: datetime) -> timedelta | None:
        """For how long it has been away, None when it isn't."""
        found = self._away.get(service)
        return None if found is None else self._steady.of(now) - found.since

    def longest(self, now: datetime) -> timedelta:
        """For how long the one that is away the longest has been so; nothing when none is."""
        now = self._steady.of(now)
        return max((now - each.since for each in self._away.values()), default=timedelta(0))

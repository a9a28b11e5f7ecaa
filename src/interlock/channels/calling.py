"""Calling services over HTTP: what their answers mean to the outbox, and how fast they may be called.

The calls themselves are made by whoever is passed in (`upstreams.outgoing.Outgoing` with its allow-list).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

from interlock.errors import DestinationGone, ServiceAway, UpstreamFailed
from interlock.model.steady import Steady

LONGEST_WAIT: Final = 3_600.0  # seconds: a service may ask us to wait so long, not longer
_TOO_MANY, _UNAVAILABLE, _GONE = 429, 503, 410


class Answer(Protocol):
    """What came back: header names in lower case, the whole body."""

    @property
    def status(self) -> int:
        """HTTP's."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""

    @property
    def body(self) -> bytes:
        """All of it; who calls has bounded it."""


class Calling(Protocol):
    """Makes calls to addresses that the settings allow; raises `UpstreamFailed` for others and for failures."""

    async def get(self, url: str, *, headers: Mapping[str, str]) -> Answer:
        """GET; any status is an answer."""

    async def post(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> Answer:
        """POST; any status is an answer."""


def failed(service: str, error: UpstreamFailed) -> UpstreamFailed:
    """What a call without an answer means: nobody there now; or, for an address that isn't allowed, nobody ever."""
    if error.code == "outgoing_refused":
        return DestinationGone(f"{service}'s address isn't one that the settings allow.", code="not_allowed")
    return ServiceAway(f"{service} can't be reached now.")


def refused(
    service: str,
    answer: Answer,
    now: datetime,
    *,
    gone: frozenset[int] = frozenset({_GONE}),
    alone: frozenset[int] = frozenset(),
) -> UpstreamFailed:
    """What an answer that isn't a success means. `gone` are the statuses after which nothing more is tried; `alone`
    those that say something of this one call, and nothing of others.

    A wrong key is among those that may pass: an operator puts it right, and what waits then goes out.
    """
    if answer.status in gone:
        return DestinationGone(f"{service} takes no such message (status {answer.status}).")
    seconds = wait_asked(answer.headers, now) if answer.status in (_TOO_MANY, _UNAVAILABLE) else None
    whole = answer.status not in alone
    return ServiceAway(f"{service} answered with status {answer.status}.", seconds=seconds, whole=whole)


def wait_asked(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds of `Retry-After` (RFC 9110 section 10.2.3: a number or a date), at most an hour; None where it says
    nothing that can be understood."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return min(float(text), LONGEST_WAIT)
    try:
        seconds = (parsedate_to_datetime(text) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):  # a date without a zone can't be subtracted from
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


class Pace:
    """A service's limit: `calls` within `seconds`, and whatever longer wait it asked for itself. A clock that is set
    back makes no wait longer."""

    def __init__(self, calls: int, seconds: float) -> None:
        self._calls, self._seconds = calls, seconds
        self._made: deque[float] = deque(maxlen=calls)
        self._until = 0.0
        self._steady = Steady()

    def pause(self, now: datetime) -> float:
        """For how many seconds no call may be made."""
        moment = self._moment(now)
        free_at = self._made[0] + self._seconds if len(self._made) == self._calls else 0.0
        return max(free_at - moment, self._until - moment, 0.0)

    def made(self, now: datetime) -> None:
        """A call is made now."""
        self._made.append(self._moment(now))

    def asked_to_wait(self, now: datetime, seconds: float | None) -> None:
        """The service asked us to leave it alone for so long."""
        if seconds is not None:
            self._until = max(self._until, self._moment(now) + seconds)

    def _moment(self, now: datetime) -> float:
        return self._steady.of(now).timestamp()

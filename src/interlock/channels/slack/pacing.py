"""Slack's published limits (docs.slack.dev/apis/web-api/rate-limits), kept before Slack has to say so.

One message a second in a channel; several hundred a minute in a workspace; tier 3 methods fifty a minute and more.
Buckets that nobody used lately are full, so forgetting them is forgetting nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

_MOST_CHANNELS: Final = 10_000


@dataclass(slots=True)
class Bucket:
    """`burst` calls at once, then `rate` a second."""

    rate: float
    burst: float
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.burst

    def wait(self, now: float) -> float:
        """Seconds until there is one to take."""
        level = min(self.burst, self.level + (now - self.at) * self.rate)
        return 0.0 if level >= 1 else (1 - level) / self.rate

    def take(self, now: float) -> None:
        """Takes one, also where there is none: then the next waits longer."""
        self.level = min(self.burst, self.level + (now - self.at) * self.rate) - 1
        self.at = now


@dataclass(slots=True)
class Pacing:
    """How long to wait before a call; `clock` gives seconds that only go forward."""

    clock: Callable[[], float]
    _until: float = 0.0
    _workspace: Bucket = field(default_factory=lambda: Bucket(rate=5.0, burst=20.0))
    _updates: Bucket = field(default_factory=lambda: Bucket(rate=50 / 60, burst=20.0))
    _opens: Bucket = field(default_factory=lambda: Bucket(rate=50 / 60, burst=20.0))
    _channels: OrderedDict[str, Bucket] = field(default_factory=OrderedDict)

    def before_post(self, channel: str, *, opens: bool = False) -> float:
        """Before a message in a channel, or to a person whose conversation has to be opened first."""
        now = self.clock()
        waits = [self._until - now, self._workspace.wait(now), self._channel(channel).wait(now)]
        return max(0.0, *waits, self._opens.wait(now) if opens else 0.0)

    def before_update(self, channel: str) -> float:
        """Before a message is changed; the channel counts too, since a reminder may be what is next."""
        now = self.clock()
        return max(0.0, self._until - now, self._updates.wait(now), self._channel(channel).wait(now))

    def posting(self, channel: str) -> None:
        """A message goes out now."""
        now = self.clock()
        self._workspace.take(now)
        self._channel(channel).take(now)

    def updating(self) -> None:
        """A message is changed now."""
        self._updates.take(self.clock())

    def opening(self) -> None:
        """A conversation is opened now."""
        self._opens.take(self.clock())

    def told_to_wait(self, seconds: float) -> None:
        """Slack itself asked us to: for everything, which is more than it asks."""
        self._until = max(self._until, self.clock() + seconds)

    def _channel(self, channel: str) -> Bucket:
        bucket = self._channels.setdefault(channel, Bucket(rate=1.0, burst=1.0))
        self._channels.move_to_end(channel)
        if len(self._channels) > _MOST_CHANNELS:
            self._channels.popitem(last=False)
        return bucket

"""Teams' limits on what a bot may call, kept by us so that we aren't told: "Optimize your bot with rate limiting".

Each conversation takes 7 calls in a second, 8 in two, 60 in thirty and 1,800 in an hour; all together 50 a second. The
short windows are kept exactly; the hour as a bucket that never lets more than its 1,800 through.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

SHORT: Final = ((1.0, 7), (2.0, 8), (30.0, 60))  # seconds, calls in them
HOUR: Final = (3600.0, 1800)
ALL: Final = ((1.0, 50),)
MAX_CONVERSATIONS: Final = 2_000  # remembered; the one that was used longest ago is forgotten first

_BURST: Final = HOUR[1] / 2  # burst and refill of an hour together are the limit
_REFILL: Final = HOUR[1] / 2 / HOUR[0]  # a second


@dataclass(slots=True)
class _Used:
    calls: deque[float] = field(default_factory=lambda: deque(maxlen=SHORT[-1][1]))
    left: float = _BURST
    at: float = 0.0


class Limits:
    """Counts calls. `now` gives seconds of a clock that never goes back."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._all: deque[float] = deque(maxlen=ALL[-1][1])
        self._used: OrderedDict[str, _Used] = OrderedDict()

    def pause(self, conversation: str) -> float:
        """For how many seconds no call may be made there; 0 when it may be made now."""
        now = self._now()
        waits = [_wait(self._all, ALL, now)]
        used = self._used.get(conversation)
        if used is not None:
            waits.append(_wait(used.calls, SHORT, now))
            left = _left(used, now)
            waits.append(0.0 if left >= 1 else (1 - left) / _REFILL)
        return max(waits)

    def take(self, conversation: str) -> None:
        """Counts a call that is made now."""
        now = self._now()
        self._all.append(now)
        used = self._used.setdefault(conversation, _Used(at=now))
        used.left, used.at = max(0.0, _left(used, now) - 1), now
        used.calls.append(now)
        self._used.move_to_end(conversation)
        while len(self._used) > MAX_CONVERSATIONS:
            self._used.popitem(last=False)


def _left(used: _Used, now: float) -> float:
    return min(_BURST, used.left + (now - used.at) * _REFILL)


def _wait(calls: deque[float], windows: tuple[tuple[float, int], ...], now: float) -> float:
    """Until the n-th last call lies a whole window back, for each window of n calls."""
    return max([0.0, *(calls[-most] + window - now for window, most in windows if len(calls) >= most)])

"""What an actor did lately, by our own records; the present action isn't in it (design section 5, `recent`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from interlock.model.label import Label

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of time up to now.

    `actions` were let run, `exports` are those of them that copied data out, `denials` were refused, `held` had to wait
    for people; `rows` came back or were changed; `labels` are those that the actions touched.
    """

    actions: int = 0
    exports: int = 0
    denials: int = 0
    held: int = 0
    rows: int = 0
    labels: frozenset[Label] = frozenset()


@dataclass(frozen=True, slots=True)
class Recent:
    """The windows that policies can ask about. Each reaches at least as far back as its name says."""

    minute: Window = field(default_factory=Window)
    hour: Window = field(default_factory=Window)
    day: Window = field(default_factory=Window)


QUIET = Recent()
"""Nothing lately."""

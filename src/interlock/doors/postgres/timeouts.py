"""A time limit among the server's settings, as the client's statements leave it: SET, SET LOCAL, RESET, and what
ROLLBACK brings back.

The server knows it as well; the gateway must where the server can't: while a request is held, or its session parked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from interlock.sql import effects

# Whole milliseconds unless a unit stands behind (PostgreSQL documentation, "Parameter Names and Values").
_DURATION = re.compile(r"(-?\d{1,10})\s*(us|ms|s|min|h|d)?")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "": 1e-3, "s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}


@dataclass(frozen=True, slots=True)
class _Set:
    """What holds: for the session, and until the transaction ends (in a tuple, since None is a limit too)."""

    session: float | None
    local: tuple[float | None] | None = None


class Timeout:
    """One setting. `asked` are the session's start-up settings."""

    def __init__(self, name: str, asked: Mapping[str, str]) -> None:
        self._name = name
        self._first = self._now = _Set(seconds(asked.get(name, "0")))
        self._before: list[tuple[str | None, _Set]] = []  # at BEGIN (None) and at each savepoint since

    @property
    def seconds(self) -> float | None:
        """The limit now; None: there is none."""
        return self._now.session if self._now.local is None else self._now.local[0]

    def follow(self, effect: effects.SessionEffect | None) -> None:
        """Takes what a statement that succeeded has changed. A COMMIT of a failed transaction is a `Rollback`."""
        match effect:
            case effects.SetSession(name, value) if name == self._name:
                self._now = _Set(seconds(value))
            case effects.SetLocal(name, value) if name == self._name:
                self._now = _Set(self._now.session, (seconds(value),))
            case effects.Reset(name) if name in (None, self._name):
                self._now = self._first
            case effects.DiscardAll():
                self._now = self._first
            case effects.Begin() if not self._before:
                self._before = [(None, self._now)]
            case effects.Savepoint(name) if self._before:
                self._before.append((name, self._now))
            case effects.RollbackTo(name) if (at := self._find(name)) is not None:
                self._now = self._before[at][1]
                del self._before[at + 1 :]
            case effects.ReleaseSavepoint(name) if (at := self._find(name)) is not None:
                del self._before[at:]
            case effects.Rollback():
                self._now = self._before[0][1] if self._before else self._now
                self.outside()
            case effects.Commit():
                self.outside()
            case _:
                pass

    def outside(self) -> None:
        """No transaction is open: what was set for the session stays."""
        self._now, self._before = _Set(self._now.session), []

    def _find(self, name: str) -> int | None:
        return next((n for n in range(len(self._before) - 1, 0, -1) if self._before[n][0] == name), None)


def seconds(setting: str) -> float | None:
    """A setting's value in seconds; None where it sets no limit, or isn't one that we can read."""
    found = _DURATION.fullmatch(setting.strip())
    if found is None or int(found.group(1)) <= 0:
        return None
    return int(found.group(1)) * _SECONDS[found.group(2) or ""]

"""How long a client lets its own session lie idle: idle_session_timeout and idle_in_transaction_session_timeout.

The server knows them as well and honours them while it has a session for the client. Where that is parked nobody else
would; and the server's clock and ours end a session with the same code.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from interlock.doors.relay import Link
from interlock.sql import effects

SESSION = "idle_session_timeout"
TRANSACTION = "idle_in_transaction_session_timeout"

# Whole milliseconds unless a unit stands behind (PostgreSQL documentation, "Parameter Names and Values").
_DURATION = re.compile(r"(-?\d{1,10})\s*(us|ms|s|min|h|d)?")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "": 1e-3, "s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}


class Idled(Exception):
    """The session was idle for longer than its client allows; it ends with this answer."""

    def __init__(self, sqlstate: str, sentence: str) -> None:
        super().__init__(sentence)
        self.sqlstate, self.sentence = sqlstate, sentence


class IdleLimits:
    """One session's limits, in seconds. `asked` are its start-up settings."""

    def __init__(self, asked: Mapping[str, str]) -> None:
        self._first = {name: seconds(asked.get(name, "0")) for name in (SESSION, TRANSACTION)}
        self._now = dict(self._first)
        self._before: dict[str, float | None] | None = None  # what a ROLLBACK brings back

    def follow(self, effect: effects.SessionEffect | None) -> None:
        """Takes what a statement that succeeded has changed."""
        match effect:
            case effects.SetSession(name, value) if name in self._now:
                self._now[name] = seconds(value)
            case effects.Reset(name) if name is None or name in self._now:
                for each in [name] if name else list(self._now):
                    self._now[each] = self._first[each]
            case effects.DiscardAll():
                self._now = dict(self._first)
            case effects.Begin():
                self._before = dict(self._now)
            case effects.Rollback() if self._before is not None:
                self._now, self._before = self._before, None
            case effects.Commit():
                self._before = None
            case _:
                pass

    def of(self, *, in_transaction: bool) -> float | None:
        """How long the session may be idle now; None: for ever."""
        return self._now[TRANSACTION if in_transaction else SESSION]

    async def receive(self, link: Link, *, in_transaction: bool) -> bytes:
        """As `Link.receive`, for no longer than the limit; raises `Idled`."""
        limit = self.of(in_transaction=in_transaction)
        if limit is None:
            return await link.receive()
        try:
            async with asyncio.timeout(limit):
                return await link.receive()
        except TimeoutError:
            if in_transaction:
                raise Idled("25P03", f"The transaction was idle for longer than {TRANSACTION}.") from None
            raise Idled("57P05", f"The session was idle for longer than {SESSION}.") from None


def seconds(setting: str) -> float | None:
    """A setting's value in seconds; None where it sets no limit, or isn't one that we can read."""
    found = _DURATION.fullmatch(setting.strip())
    if found is None or int(found.group(1)) <= 0:
        return None
    return int(found.group(1)) * _SECONDS[found.group(2) or ""]

"""Watching for a server that says nothing any more: its own statement_timeout can't reach the client then.

Only where the client has set one. A server that goes on sending is left alone, and so is one that can't go on since the
client doesn't read, or that isn't asked for anything while people look at a request.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from interlock.doors.postgres.upstream import Upstream
from interlock.doors.relay import Link

SILENT_SECONDS = 30.0  # how long behind its own limit a server may be


# Not a generator: it is asked for twice a statement, nearly always for nothing.
_NOTHING = nullcontext()


def watched(up: Upstream, down: Link, seconds: float | None) -> AbstractContextManager[None]:
    """Cuts the connection with the server once it was silent for that many `seconds` and `SILENT_SECONDS` more;
    None: it may be silent for ever."""
    if seconds is None or not up.is_open:
        return _NOTHING
    return _Watch(up.link, down, seconds + SILENT_SECONDS)


@dataclass(slots=True)
class _Watch(AbstractContextManager[None]):
    link: Link
    down: Link
    seconds: float
    received: int = -1
    over: bool = False
    handle: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        self.handle = self.again()

    def __exit__(self, *raised: object) -> None:
        self.over = True
        if self.handle is not None:
            self.handle.cancel()

    def again(self) -> asyncio.TimerHandle:
        self.received = self.link.received
        return asyncio.get_running_loop().call_later(self.seconds, self._look)

    def _look(self) -> None:
        if self.over:
            return
        if self.link.received > self.received or self.link.pending or self.down.behind:
            self.handle = self.again()
        else:
            self.link.abort()

"""Watching for a server that says nothing any more: its own statement_timeout can't reach the client then.

Only where the client has set one. A server that goes on sending is left alone, and so is one that can't go on since the
client doesn't read, or that isn't asked for anything while people look at a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from interlock.doors.postgres.upstream import Upstream
from interlock.doors.relay import Link

SILENT_SECONDS = 30.0  # how long behind its own limit a server may be


@contextmanager
def watched(up: Upstream, down: Link, seconds: float | None) -> Iterator[None]:
    """Cuts the connection with the server once it was silent for that many `seconds` and `SILENT_SECONDS` more;
    None: it may be silent for ever."""
    if seconds is None or not up.is_open:
        yield
        return
    watch = _Watch(up.link, down, seconds + SILENT_SECONDS)
    handle = watch.again()
    try:
        yield
    finally:
        handle.cancel()
        watch.over = True


@dataclass(slots=True)
class _Watch:
    link: Link
    down: Link
    seconds: float
    received: int = -1
    over: bool = False

    def again(self) -> asyncio.TimerHandle:
        self.received = self.link.received
        return asyncio.get_running_loop().call_later(self.seconds, self._look)

    def _look(self) -> None:
        if self.over:
            return
        if self.link.received > self.received or self.link.pending or self.down.behind:
            self.again()
        else:
            self.link.abort()

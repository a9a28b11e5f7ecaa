"""The client's side, message by message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from interlock.doors.relay import Link
from interlock.wire.postgres.frames import Frame, FrameReader


class Client:
    """What a client sends. `waits` gives its next bytes, b"" once it is gone."""

    def __init__(self, frames: FrameReader, down: Link, waits: Callable[[], Awaitable[bytes]]) -> None:
        self._frames, self._down, self._waits = frames, down, waits

    async def frame(self) -> Frame | None:
        """Its next message, None once it is gone. Raises `MalformedInput`. Loses nothing when it is cancelled."""
        while (frame := self._frames.next()) is None:
            data = await self._waits()
            if not data:
                return None
            self._frames.feed(data)
        return frame

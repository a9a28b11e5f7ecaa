"""What comes from the server, message by message or in pieces: the reading half of one upstream session."""

from __future__ import annotations

from interlock.doors.relay import Link
from interlock.errors import UpstreamFailed
from interlock.wire.postgres.frames import Frame, Piece, RunReader

MAX_FRAME = 64 * 1024 * 1024  # one message we look into; rows that nobody looks into have no limit of ours
EVERY_TYPE = frozenset(bytes([n]) for n in range(256))


class Incoming:
    """The messages of one link. `reader` says by its wanted types what comes whole and what in runs."""

    def __init__(self, link: Link) -> None:
        self.reader = RunReader(EVERY_TYPE, MAX_FRAME)
        self._link = link
        self._frames: list[Frame] = []

    async def frame(self) -> Frame:
        """The next message, whole; raises `UpstreamFailed` when the server is gone, `MalformedInput`."""
        while not self._frames:
            for item in self.reader.feed(await self._chunk()):
                assert isinstance(item, Frame), "every type is wanted here"
                self._frames.append(item)
        return self._frames.pop(0)

    async def items(self) -> list[Piece]:
        """What came since the last call, by the reader's wanted types; raises as `frame`."""
        if self._frames:
            early: list[Piece] = list(self._frames)
            self._frames.clear()
            return early
        return self.reader.feed(await self._chunk())

    def unasked(self) -> list[Frame]:
        """Whole messages that have come already, without waiting; raises `MalformedInput`."""
        for item in self.reader.feed(self._link.take()):
            assert isinstance(item, Frame), "every type is wanted here"
            self._frames.append(item)
        frames = self._frames.copy()
        self._frames.clear()
        return frames

    async def _chunk(self) -> bytes:
        chunk = await self._link.receive()
        if not chunk:
            raise UpstreamFailed("the protected system closed the connection")
        return chunk

"""A PostgreSQL that lies: a real one behind a link that makes something else of single messages."""

from __future__ import annotations

from collections.abc import Callable

from testkit.postgres_messages import Message, cut, frame
from testkit.recording_link import Bend

Lie = Callable[[Message], bytes | None]
"""What to send in a message's place; None for the truth."""


class Liar:
    """Tells the truth until `lie` is set, which may be at any time; give `bend` to a `RecordingLink`."""

    def __init__(self) -> None:
        self.lie: Lie | None = None
        self.told = 0

    def bend(self) -> Bend:
        """One connection's stream, message by message."""
        rest = b""

        def bent(data: bytes) -> bytes:
            nonlocal rest
            messages, rest = cut(rest + data)
            return b"".join(self._said(message) for message in messages)

        return bent

    def _said(self, message: Message) -> bytes:
        said = self.lie(message) if self.lie is not None else None
        if said is None:
            return frame(message.type, message.body)
        self.told += 1
        return said

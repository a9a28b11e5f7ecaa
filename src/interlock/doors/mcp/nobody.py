"""The client of what goes on without one: of a task whose asker has left, or asks again whenever it likes."""

from __future__ import annotations

from dataclasses import dataclass, field

from interlock.doors.mcp.seams import MODERN, Object, Words
from interlock.errors import UpstreamFailed


@dataclass(frozen=True, slots=True)
class Nobody:
    """As a server sees it: by default of the newest version, so that servers can't turn to it, and able to do nothing.
    `hushed`: whether a question that may be meant for it goes to nobody else either."""

    protocol_version: str = MODERN
    capabilities: Object = field(default_factory=dict)
    hushed: bool = True

    def hush(self) -> None:
        """Nobody is asked anyway."""

    def heed(self, words: Words) -> None:
        """Nobody hears anything."""

    async def ask(self, method: str, params: Object, *, timeout: float) -> Object:  # noqa: ASYNC109  as the seam has it
        """Nobody answers."""
        raise UpstreamFailed("nobody is there to be asked")

    async def tell(self, method: str, params: Object) -> None:
        """Nobody hears it."""

"""The store's clock."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The machine's clock, UTC. Expiry is compared with the clock of the store, so there is one a store."""

    __slots__ = ()

    def now(self) -> datetime:
        """Now, UTC."""
        return datetime.now(UTC)

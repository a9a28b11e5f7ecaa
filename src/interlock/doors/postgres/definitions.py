"""What a door knows of one connection: how to reach it, its schema of this moment, and the labels of its columns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from interlock.model.connection import Connection
from interlock.model.settings import UpstreamPostgres
from interlock.model.snapshot import Snapshot
from interlock.sensitivity.catalog import Catalog
from interlock.sensitivity.columns import ColumnLabels


class Look:
    """One look at the server's definitions, which may be begun a little before somebody needs it.

    A release takes milliseconds of which the look is the longest part, so it is begun as soon as a review is approved,
    beside what else has to be read. It is never one from before that.
    """

    def __init__(self, refresh: Callable[[], Awaitable[None]]) -> None:
        self._refresh = refresh
        self._begun: asyncio.Future[None] | None = None

    def begin(self) -> None:
        """Begins a look. One that was begun before and that nobody asked for counts for nothing any more."""
        self._begun = asyncio.ensure_future(self._refresh())
        self._begun.add_done_callback(_heard)

    async def done(self) -> None:
        """Returns once the look that was begun, or else one begun now, has succeeded; raises what `refresh` does."""
        begun, self._begun = self._begun, None
        await (begun if begun is not None else self._refresh())


def _heard(look: asyncio.Future[None]) -> None:
    """The loop complains of errors that nobody looked at; who needs the look raises it."""
    if not look.cancelled():
        look.exception()


@dataclass(slots=True)
class Definitions:
    """One connection's definitions; replaced whole when the schema changes. `refresh` looks at the server now.

    `most_sessions`: how many upstream sessions clients may have at once.
    """

    connection: Connection
    upstream: UpstreamPostgres
    catalog: Catalog
    snapshot: Snapshot
    labels: ColumnLabels
    refresh: Callable[[], Awaitable[None]]
    most_sessions: int = 80

    def replace(self, snapshot: Snapshot) -> None:
        """Takes a newer snapshot; what is analysed from here on goes by it."""
        if snapshot.version != self.snapshot.version:
            self.snapshot = snapshot
            self.labels = ColumnLabels(snapshot, self.catalog, self.connection.name, self.labels)

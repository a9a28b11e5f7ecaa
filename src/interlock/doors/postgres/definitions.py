"""What a door knows of one connection: how to reach it, its schema of this moment, and the labels of its columns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from interlock.model.connection import Connection
from interlock.model.settings import UpstreamPostgres
from interlock.model.snapshot import Snapshot
from interlock.sensitivity.catalog import Catalog
from interlock.sensitivity.columns import ColumnLabels


@dataclass(slots=True)
class Definitions:
    """One connection's definitions; replaced whole when the schema changes. `refresh` looks at the server now."""

    connection: Connection
    upstream: UpstreamPostgres
    catalog: Catalog
    snapshot: Snapshot
    labels: ColumnLabels
    refresh: Callable[[], Awaitable[None]]

    def replace(self, snapshot: Snapshot) -> None:
        """Takes a newer snapshot; what is analysed from here on goes by it."""
        if snapshot.version != self.snapshot.version:
            self.snapshot = snapshot
            self.labels = ColumnLabels(snapshot, self.catalog, self.connection.name, self.labels)

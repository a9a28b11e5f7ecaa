"""What a reading of a statement rests on besides the statement and its description."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.actions.cover import UpstreamIdentity
from interlock.model.connection import Connection
from interlock.model.snapshot import Snapshot
from interlock.sensitivity.columns import ColumnLabels
from interlock.sql.session_state import SessionState


@dataclass(frozen=True, slots=True)
class Basis:
    """The connection, the labels of its columns, its definitions, the session's state, and as whom it is reached."""

    connection: Connection
    labels: ColumnLabels
    snapshot: Snapshot
    state: SessionState
    identity: UpstreamIdentity

    def same(self, other: Basis) -> bool:
        """Whether a reading on one is a reading on the other. Labels and snapshots must be the same objects."""
        return (
            self.labels is other.labels
            and self.snapshot is other.snapshot
            and self.state == other.state
            and self.connection == other.connection
            and self.identity == other.identity
        )

"""The lineage of a statement (being written by A1: overwrite this file)."""

from __future__ import annotations

from interlock.model.snapshot import Snapshot
from interlock.sql.lineage.expansions import Expansions
from interlock.sql.lineage.traced import Lineage
from interlock.sql.session_state import SessionState
from interlock.sql.tree import Node


def trace(root: Node, snapshot: Snapshot, state: SessionState, expansions: Expansions | None = None) -> Lineage | None:
    """None: nothing is traced yet."""
    return None

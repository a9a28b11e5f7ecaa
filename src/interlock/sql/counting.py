"""Whether a write's command tag counts every row that it changes: what a row cap needs to hold.

`UPDATE 3` says nothing of what triggers, rules and cascading foreign keys did besides, and the tag of a query says
nothing of the writes in its WITH. Serial columns and other defaults of built-ins change no further row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from interlock.model.snapshot import EVERY_WRITE, Snapshot
from interlock.sql.families import family
from interlock.sql.shape import Written
from interlock.sql.tree import Node
from interlock.sql.writing import Write

_DOES: Final[Mapping[str, str]] = {"InsertStmt": "insert", "UpdateStmt": "update", "DeleteStmt": "delete"}


def counts_all(root: Node, made: Sequence[Write], written: Sequence[Written], snapshot: Snapshot) -> bool:
    """Whether the tag of this query or write counts all that its writes change; True for one that writes nothing."""
    if not made and root[0] == "SelectStmt":
        return True
    if len(made) != 1 or made[0].node is not root or root[0] not in _DOES:
        return False
    target = written[0].relation
    if target is None or not target.is_base_table:
        return False
    together = tuple(family(target, snapshot))
    does = {_DOES[root[0]]} | ({"update"} if "onConflictClause" in root[1] else set())
    events = does if len(together) == 1 and target.kind == "r" else EVERY_WRITE  # rows may move between partitions
    return not any(relation.writes_more & events for relation in together)

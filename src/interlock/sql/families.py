"""Tables and what inherits from them: a write of one writes them all."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.model.snapshot import Relation, Snapshot


def family(target: Relation, snapshot: Snapshot) -> Iterator[Relation]:
    """A table, its partitions and heirs, theirs, and so on: each once."""
    seen: set[int] = set()
    waiting = [target]
    while waiting:
        relation = waiting.pop()
        if relation.oid not in seen:
            seen.add(relation.oid)
            yield relation
            waiting.extend(snapshot.by_oid[oid] for oid in relation.children if oid in snapshot.by_oid)

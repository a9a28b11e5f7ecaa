"""What lineage remembers of one snapshot: columns of tables, and the lineage of views and of functions' bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from interlock.model.snapshot import Snapshot
from interlock.sql.lineage.traced import Change, Filter, StoredColumn, WriteLineage
from interlock.sql.lineage.values import Value


@dataclass(frozen=True, slots=True)
class Expanded:
    """A relation's columns as a query finds them, and what reading it at all tests and reads (a view's predicates).

    `relations`: those below it (pg_class.oid). `writes` and `changes`: what functions do that a view calls.
    """

    names: tuple[str, ...]
    values: tuple[Value, ...]
    index: Mapping[str, int]
    filters: frozenset[Filter] = frozenset()
    reads: frozenset[StoredColumn] = frozenset()
    opaque: tuple[str, ...] = ()
    relations: frozenset[int] = frozenset()
    writes: tuple[WriteLineage, ...] = ()
    changes: frozenset[Change] = frozenset()


@dataclass(slots=True)
class Expansions:
    """A memory for one connection, forgotten whenever the snapshot is another. For one thread.

    `relations` by pg_class.oid; `routines` by pg_proc.oid: the statements of their bodies, or why they can't be
    read; `defaults` by pg_class.oid: what columns get that aren't given, by name, where that is more than nothing;
    `entered`: views that are being traced, by kind and oid, so that none is entered twice.
    """

    snapshot: Snapshot | None = None
    relations: dict[int, Expanded] = field(default_factory=dict)
    routines: dict[int, list[Any] | str] = field(default_factory=dict)
    defaults: dict[int, Mapping[str, Value]] = field(default_factory=dict)
    entered: set[tuple[str, int]] = field(default_factory=set)

    def fit(self, snapshot: Snapshot) -> None:
        """Forgets everything unless it is of this snapshot."""
        if self.snapshot is not snapshot:
            self.relations.clear()
            self.routines.clear()
            self.defaults.clear()
            self.entered.clear()
            self.snapshot = snapshot

"""What the signed entries say of derived labels: where writes took them, and where people cleared them.

A fold like `Roster`, which `Authority` feeds. Columns are known by the name they were written under; clearing takes
exactly the labels that it names, so that what was derived meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from interlock.ledger.entry import Entry
from interlock.model.derived import DerivedColumn, Origin
from interlock.model.entry import EntryType
from interlock.model.label import Label
from interlock.model.names import ActionId, ConnectionName

LABELLING = frozenset({EntryType.LABEL_DERIVED, EntryType.LABEL_CLEARED})


@dataclass(slots=True)
class Derived:
    """The fold. A connection's `version` grows with each of its entries."""

    _columns: dict[ConnectionName, dict[str, DerivedColumn]] = field(default_factory=dict)
    _versions: dict[ConnectionName, int] = field(default_factory=dict)

    def version(self, connection: ConnectionName) -> int:
        """How many entries were about this connection: while it is the same, so are its derived labels."""
        return self._versions.get(connection, 0)

    def columns(self, connection: ConnectionName) -> tuple[DerivedColumn, ...]:
        """The connection's columns with derived labels, in the order in which they first got some."""
        return tuple(self._columns.get(connection, {}).values())

    def column(self, connection: ConnectionName, column: str) -> DerivedColumn | None:
        """What is derived for a column of this name; None for nothing."""
        return self._columns.get(connection, {}).get(column)

    def connections(self) -> tuple[ConnectionName, ...]:
        """Those that have columns with derived labels."""
        return tuple(connection for connection, columns in self._columns.items() if columns)

    def apply(self, entry: Entry) -> None:
        """Takes the next entry of the log, of the types in `LABELLING`."""
        d, connection = entry.d, ConnectionName(entry.d["connection"])
        self._versions[connection] = self.version(connection) + 1
        if entry.type is EntryType.LABEL_DERIVED:
            origin = _origin(entry)
            for row in d["carries"]:
                self._derive(connection, row, origin)
        elif entry.type is EntryType.LABEL_CLEARED:
            self._clear(connection, d["column"], frozenset(d["labels"]))

    def _derive(self, connection: ConnectionName, row: Mapping[str, Any], origin: Origin) -> None:
        """A row without labels only says where a column is that is known already."""
        columns, name = self._columns.setdefault(connection, {}), row["column"]
        labels = {Label(label): origin for label in row["labels"].split()}
        known = columns.get(name)
        if known is None and not labels:
            return
        known = known or DerivedColumn(name, {})
        seen = frozenset({(row["oid"], row["number"])}) if row["oid"] else frozenset()
        columns[name] = replace(known, labels={**labels, **known.labels}, places=known.places | seen)

    def _clear(self, connection: ConnectionName, column: str, cleared: frozenset[str]) -> None:
        columns = self._columns.get(connection, {})
        known = columns.get(column)
        if known is None:
            return
        left = {label: origin for label, origin in known.labels.items() if label not in cleared}
        if left:
            columns[column] = replace(known, labels=left)
        else:
            del columns[column]


def _origin(entry: Entry) -> Origin:
    actor = entry.actor
    if actor is None:
        return Origin(entry.ts, ActionId(entry.act), "")
    part_of = frozenset((actor["id"], actor["owner"], *actor["chain"]))
    return Origin(entry.ts, ActionId(entry.act), actor["id"], part_of)

"""The labels of a snapshot's columns: catalog and snapshot joined once."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.sensitivity.catalog import Catalog


class ColumnLabels:
    """Labels by (relation OID, column number) of one connection. What it doesn't know carries every label."""

    __slots__ = ("_columns", "_connection", "_relations")

    def __init__(self, snapshot: Snapshot, catalog: Catalog, connection: ConnectionName) -> None:
        columns: dict[tuple[int, int], frozenset[Label]] = {}
        relations: dict[int, frozenset[Label]] = {}
        for relation in snapshot.relations:
            for column in relation.columns:
                labels = catalog.labels(connection, relation.schema, relation.name, column.name)
                columns[relation.oid, column.number] = labels
            relations[relation.oid] = frozenset().union(*(columns[relation.oid, c.number] for c in relation.columns))
        self._columns: Mapping[tuple[int, int], frozenset[Label]] = MappingProxyType(columns)
        self._relations: Mapping[int, frozenset[Label]] = MappingProxyType(relations)
        self._connection = catalog.all_labels(connection).union(*relations.values())

    def for_column(self, oid: int, number: int) -> frozenset[Label]:
        """The labels of one column."""
        return self._columns.get((oid, number), self._connection)

    def for_relation(self, oid: int) -> frozenset[Label]:
        """The labels of all columns of one relation."""
        return self._relations.get(oid, self._connection)

    def for_connection(self) -> frozenset[Label]:
        """Every label in reach of the connection."""
        return self._connection

    def of(self, relation: Relation, column: Column) -> frozenset[Label]:
        """The labels of a column, by the snapshot's own objects."""
        return self.for_column(relation.oid, column.number)

"""The labels of a snapshot's columns: catalog and snapshot joined once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.sensitivity.catalog import Catalog


class ColumnLabels:
    """Labels by (relation OID, column number) of one connection. What it doesn't know carries every label."""

    __slots__ = ("_columns", "_connection", "_relations")

    def __init__(
        self, snapshot: Snapshot, catalog: Catalog, connection: ConnectionName, before: ColumnLabels | None = None
    ) -> None:
        """`before` are the labels of an earlier snapshot: what was renamed since keeps what it had."""
        columns: dict[tuple[int, int], frozenset[Label]] = {}
        relations: dict[int, frozenset[Label]] = {}
        families = _families(snapshot)
        for relation in snapshot.relations:
            for column in relation.columns:
                columns[relation.oid, column.number] = frozenset().union(
                    *(
                        catalog.labels(connection, member.schema, member.name, column.name)
                        for member in families.get(relation.oid, (relation,))
                        if any(c.name == column.name for c in member.columns)
                    )
                )
            self._settle(relation, columns, before)
            relations[relation.oid] = frozenset().union(*(columns[relation.oid, c.number] for c in relation.columns))
        self._columns: Mapping[tuple[int, int], frozenset[Label]] = MappingProxyType(columns)
        self._relations: Mapping[int, frozenset[Label]] = MappingProxyType(relations)
        self._connection = catalog.all_labels(connection).union(*relations.values())

    @staticmethod
    def _settle(
        relation: Relation, columns: dict[tuple[int, int], frozenset[Label]], before: ColumnLabels | None
    ) -> None:
        """What names don't tell: a generated column is made of the others, a renamed one holds what it held."""
        keys = [(relation.oid, column.number) for column in relation.columns]
        if before is not None:
            for key in keys:
                columns[key] |= before._columns.get(key, frozenset())
        row = frozenset[Label]().union(*(columns[key] for key in keys))
        for column, key in zip(relation.columns, keys, strict=True):
            if column.generated:
                columns[key] |= row

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


def _families(snapshot: Snapshot) -> Mapping[int, Sequence[Relation]]:
    """Relations that inheritance or partitioning ties together, for each of their OIDs.

    A parent shows its children's rows, and a partition holds the rows that the parent's labels are about: so a column
    of one carries the labels of its namesakes in all of them.
    """
    family: dict[int, list[Relation]] = {}
    for relation in snapshot.relations:
        together = family.setdefault(relation.oid, [relation])
        for child in (snapshot.by_oid[oid] for oid in relation.children if oid in snapshot.by_oid):
            theirs = family.get(child.oid, [child])
            if theirs is not together:
                together.extend(theirs)
                family.update(dict.fromkeys((r.oid for r in theirs), together))
    return family

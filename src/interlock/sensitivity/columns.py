"""The labels of a snapshot's columns: catalog, derived labels and snapshot joined once."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from interlock.model.derived import DerivedColumn, Place, here, places_of
from interlock.model.exposure import Carry
from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.sensitivity.catalog import Catalog

_Labels = dict[Place, frozenset[Label]]
_Key = TypeVar("_Key")


class ColumnLabels:
    """Labels by (relation OID, column number) of one connection. What it doesn't know carries every label."""

    __slots__ = (
        "_catalog",
        "_columns",
        "_connection",
        "_derived",
        "_given",
        "_name",
        "_own",
        "_own_relations",
        "_provisional",
        "_relations",
        "_seen",
        "_snapshot",
    )

    def __init__(
        self,
        snapshot: Snapshot,
        catalog: Catalog,
        connection: ConnectionName,
        before: ColumnLabels | None = None,
        derived: Sequence[DerivedColumn] = (),
    ) -> None:
        """`before` are the labels of an earlier snapshot: what was renamed since keeps what it had. `derived` are all
        that hold now: those of `before` that aren't among them were cleared."""
        self._snapshot, self._catalog, self._name, self._derived = snapshot, catalog, connection, tuple(derived)
        self._own: Mapping[Place, frozenset[Label]]
        self._own_relations: Mapping[int, frozenset[Label]]
        if before is not None and before._snapshot is snapshot and before._catalog is catalog:
            self._own, self._own_relations = before._own, before._own_relations
        else:
            self._own = _own(snapshot, catalog, connection, before._own if before is not None else {})
            self._own_relations = {r.oid: _together(r, self._own) for r in snapshot.relations}
        earlier: Mapping[str, frozenset[Place]] = before._seen if before is not None else {}
        self._seen: Mapping[str, frozenset[Place]] = {
            d.column: d.places | places_of(connection, snapshot, d.column) | earlier.get(d.column, frozenset())
            for d in derived
        }
        self._provisional = frozenset[Place]().union(
            *(self._seen[d.column] for d in derived if any(not o.action for o in d.labels.values()))
        )
        self._given = _given(derived, self._seen)
        columns, relations = self._own, self._own_relations
        if derived:  # else there is nothing to add, and of 100,000 columns no second table is made
            more, others = dict(columns), dict(relations)
            for touched in _spread(more, snapshot, derived, self._seen):
                others[touched.oid] = _together(touched, more)
            columns, relations = more, others
        self._columns: Mapping[Place, frozenset[Label]] = MappingProxyType(columns)
        self._relations: Mapping[int, frozenset[Label]] = MappingProxyType(relations)
        self._connection = catalog.all_labels(connection).union(*relations.values(), *(d.labels for d in derived))

    @property
    def derived(self) -> Sequence[DerivedColumn]:
        """The derived labels that are among them."""
        return self._derived

    def carrying(self, carries: Iterable[Carry]) -> ColumnLabels:
        """The labels as they are once these writes have run: what a later statement of the same action meets."""
        more = [DerivedColumn(c.column, dict.fromkeys(c.labels, here())) for c in carries if c.labels]
        if not more:
            return self
        return ColumnLabels(self._snapshot, self._catalog, self._name, self, (*self._derived, *more))

    def with_temporary(
        self, snapshot: Snapshot, temporary: Sequence[Relation], derived: Sequence[DerivedColumn]
    ) -> ColumnLabels:
        """The labels in a session that has relations of its own besides. No rule about names is about those: they carry
        what `derived` says. `snapshot` is the session's; nothing of the connection's own labels is made anew."""
        own = {(r.oid, c.number): _NONE for r in temporary for c in r.columns}
        columns, apart = dict(own), replace(snapshot, relations=tuple(temporary))
        seen = {d.column: d.places | places_of(self._name, apart, d.column) for d in derived}
        _spread(columns, apart, derived, seen)
        made = object.__new__(ColumnLabels)  # the constructor would look at every column of the connection
        made._snapshot, made._catalog, made._name = snapshot, self._catalog, self._name
        made._derived = (*self._derived, *derived)
        made._own = _beside(own, self._own)
        made._own_relations = _beside({r.oid: _NONE for r in temporary}, self._own_relations)
        made._seen = {**self._seen, **seen}
        made._provisional, made._given = self._provisional, self._given
        made._columns = _beside(columns, self._columns)
        made._relations = _beside({r.oid: _together(r, columns) for r in temporary}, self._relations)
        made._connection = self._connection.union(*(d.labels for d in derived))
        return made

    def for_column(self, oid: int, number: int) -> frozenset[Label]:
        """The labels of one column."""
        return self._columns.get((oid, number), self._connection)

    def lasting(self, oid: int, number: int) -> frozenset[Label]:
        """Those of a column's labels that it is sure to keep: none where some of them aren't on record yet."""
        return frozenset() if (oid, number) in self._provisional else self.for_column(oid, number)

    def catalogued(self, oid: int, number: int) -> frozenset[Label]:
        """Those of a column's labels that people gave it, in the catalog or by confirming them. The others came with
        data, and such a column may hold guesses beside it: whoever may write anywhere can have one."""
        own = self._own.get((oid, number), _NONE)
        given = self._given.get((oid, number))
        return own | given if given else own

    def for_relation(self, oid: int) -> frozenset[Label]:
        """The labels of all columns of one relation."""
        return self._relations.get(oid, self._connection)

    def for_connection(self) -> frozenset[Label]:
        """Every label in reach of the connection."""
        return self._connection

    def of(self, relation: Relation, column: Column) -> frozenset[Label]:
        """The labels of a column, by the snapshot's own objects."""
        return self.for_column(relation.oid, column.number)


_NONE = frozenset[Label]()  # one object: most relations and columns have no labels


def _given(derived: Sequence[DerivedColumn], seen: Mapping[str, frozenset[Place]]) -> Mapping[Place, frozenset[Label]]:
    """The labels that people confirmed, by the columns that they meant."""
    found: _Labels = {}
    for each in derived:
        labels = frozenset(label for label, origin in each.labels.items() if origin.by_person)
        for place in seen[each.column] if labels else ():
            found[place] = found.get(place, _NONE) | labels
    return found


def _beside(
    own: dict[_Key, frozenset[Label]], others: Mapping[_Key, frozenset[Label]]
) -> Mapping[_Key, frozenset[Label]]:
    """Both, and neither copied."""
    return MappingProxyType(ChainMap(own, others))  # type: ignore[arg-type]  # nothing is written behind the proxy


def _together(relation: Relation, columns: Mapping[Place, frozenset[Label]]) -> frozenset[Label]:
    return _NONE.union(*(columns[relation.oid, c.number] for c in relation.columns)) or _NONE


def _own(
    snapshot: Snapshot, catalog: Catalog, connection: ConnectionName, before: Mapping[Place, frozenset[Label]]
) -> _Labels:
    """What the catalog says, by the names of now and of before; columns of one name in a family are labelled alike."""
    columns: _Labels = {}
    rules = catalog.of_connection(connection)
    families = _families(snapshot)
    done: set[int] = set()
    for relation in snapshot.relations:
        if relation.oid in done:
            continue
        family = families.get(relation.oid, (relation,))
        named: dict[str, frozenset[Label]] = {}
        for member in family:
            table = rules.of_table(member.schema, member.name)
            for column in member.columns:
                labels, known = table.labels(column.name), named.get(column.name)
                named[column.name] = labels if known is None or known == labels else known | labels
        for member in family:
            for column in member.columns:
                place, labels = (member.oid, column.number), named[column.name]
                earlier = before.get(place)
                columns[place] = labels | earlier if earlier and not earlier <= labels else labels
            _generate(member, columns)
            done.add(member.oid)
    return columns


def _generate(relation: Relation, columns: _Labels) -> None:
    """A generated column is made of the others."""
    generated = [c.number for c in relation.columns if c.generated]
    if generated:
        row = _together(relation, columns)
        for number in generated:
            columns[relation.oid, number] |= row


def _spread(
    columns: _Labels,
    snapshot: Snapshot,
    derived: Sequence[DerivedColumn],
    seen: Mapping[str, frozenset[Place]],
) -> Collection[Relation]:
    """Adds derived labels where the data lies, and in the namesakes of that column in the relation's family; gives the
    relations that got some."""
    if not derived:
        return ()
    families, touched = _families(snapshot), dict[int, Relation]()
    for each in derived:
        labels = frozenset(each.labels)
        for oid, number in seen[each.column]:
            relation = snapshot.by_oid.get(oid)
            name = next((c.name for c in relation.columns if c.number == number), None) if relation else None
            if relation is None or name is None:
                continue  # it was dropped
            for member in families.get(oid, (relation,)):
                for column in member.columns:
                    if column.name == name:
                        columns[member.oid, column.number] |= labels
                        touched[member.oid] = member
    for relation in touched.values():
        _generate(relation, columns)
    return touched.values()


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

"""Labels of what a statement shows: those of every stored column that an output comes from, by the lineage.

The server's description is the second witness (sql.md): it can't prove absence, but what it names as an output's origin
must be among the lineage's sources, and it must have as many columns. A plan is told whole or masked whole
(`sql/explaining.py`). Where no lineage was traced (queries of catalogs, other plans) plain columns go by the
description, and everything else carries what is in the statement's reach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from interlock.model.connection import Connection
from interlock.model.exposure import Definition, Output
from interlock.model.label import Label
from interlock.model.snapshot import DescribedColumn, Relation
from interlock.sensitivity.columns import ColumnLabels
from interlock.sql.catalogs import FIRST_USER_OID
from interlock.sql.lineage.traced import Lineage, OutputLineage, StoredColumn
from interlock.sql.shape import Kind, Looking, Reach, Statement

CONTRADICTED = "the server's description and the statement's text contradict each other"
NOT_DESCRIBED = "the server hasn't described what the statement returns"

_TRACED_KINDS = frozenset({Kind.QUERY, Kind.WRITE, Kind.COPY_OUT})
_PLAIN_KINDS = frozenset({Kind.QUERY, Kind.WRITE, Kind.COPY_OUT, Kind.COPY_IN})


@dataclass(frozen=True, slots=True)
class Shown:
    """The outputs of one statement; `because` says why they can't be trusted, empty when they can."""

    outputs: tuple[Output, ...]
    because: str


def label_outputs(
    statement: Statement,
    described: Sequence[DescribedColumn] | None,
    connection: Connection,
    labels: ColumnLabels,
) -> Shown:
    """The outputs of a statement with their labels."""
    if statement.describe is None:
        return Shown((), CONTRADICTED if described else "")
    if described is None:
        return Shown((), NOT_DESCRIBED)
    relations = {t.relation.oid: t.relation for t in statement.touches if t.relation is not None}
    coarse = reach_labels(statement, labels)
    lineage = statement.lineage if statement.kind in _TRACED_KINDS else None
    if lineage is not None:
        outputs = _traced(described, statement, lineage, connection, labels)
    elif statement.plan is not None:
        tells = any(labels.for_column(c.relation, c.number) for c in statement.plan)
        told = coarse if tells else frozenset[Label]()
        outputs = [_coarse(d, told, data=False) if d.table_oid == 0 else None for d in described]
    elif statement.looking is not None:
        outputs = [_looked(n, d, statement, statement.looking, coarse) for n, d in enumerate(described)]
    else:
        outputs = [_output(d, statement, relations, coarse, connection, labels) for d in described]
    wide = statement.width is not None and statement.width != len(described)
    if wide or None in outputs:
        return Shown(tuple(_coarse(d, labels.for_connection()) for d in described), CONTRADICTED)
    if statement.kind is Kind.COPY_IN:  # described for what it takes in; it shows nothing
        return Shown((), "")
    return Shown(tuple(o for o in outputs if o is not None), "")


def reach_labels(statement: Statement, labels: ColumnLabels) -> frozenset[Label]:
    """What anything that isn't a plain column carries."""
    if statement.reach is Reach.CONNECTION:
        return labels.for_connection()
    if statement.reach is Reach.NONE:
        return frozenset()
    named = (t.relation for t in statement.touches if t.relation is not None)
    return frozenset().union(*(labels.for_relation(r.oid) for r in named))


def same_shape(before: Sequence[DescribedColumn] | None, now: Sequence[DescribedColumn] | None) -> bool:
    """Whether a result at execution has the described shape: names, origins and types. Formats are Bind's business."""
    if before is None or now is None:
        return before is None and now is None
    return [_shape(d) for d in before] == [_shape(d) for d in now]


def _shape(d: DescribedColumn) -> tuple[str, int, int, int, int, int]:
    return d.name, d.table_oid, d.number, d.type_oid, d.type_size, d.type_modifier


def _coarse(described: DescribedColumn, labels: frozenset[Label], *, data: bool = True) -> Output:
    return Output(described.name, described.type_oid, labels, None, data=data)


def _output(
    described: DescribedColumn,
    statement: Statement,
    relations: dict[int, Relation],
    coarse: frozenset[Label],
    connection: Connection,
    labels: ColumnLabels,
) -> Output | None:
    """One output; None for a contradiction."""
    if described.table_oid == 0:
        return _coarse(described, coarse)
    if statement.kind not in _PLAIN_KINDS:
        return None
    relation = relations.get(described.table_oid)
    if relation is None:
        return _catalog_output(described, statement, coarse)
    if described.number <= 0 or not relation.is_base_table:
        return _coarse(described, coarse)
    column = next((c for c in relation.columns if c.number == described.number), None)
    if column is None:
        return None
    plain = f"{connection.name}/{relation.qualified}.{column.name}"
    return Output(described.name, described.type_oid, labels.for_column(relation.oid, column.number), plain)


def _traced(
    described: Sequence[DescribedColumn],
    statement: Statement,
    lineage: Lineage,
    connection: Connection,
    labels: ColumnLabels,
) -> list[Output | None]:
    """The outputs by their lineage; None for a contradiction."""
    if len(lineage.outputs) != len(described):
        return [None]
    relations = {t.relation.oid: t.relation for t in statement.touches if t.relation is not None}
    return [
        _from(traced, told, bool(statement.beyond), relations, connection, labels)
        for traced, told in zip(lineage.outputs, described, strict=True)
    ]


def _from(
    traced: OutputLineage,
    told: DescribedColumn,
    unseen: bool,
    relations: Mapping[int, Relation],
    connection: Connection,
    labels: ColumnLabels,
) -> Output | None:
    """One output by its lineage. System columns have numbers below 0, a whole row has 0: neither is a stored column."""
    if unseen or traced.opaque:
        return _coarse(told, labels.for_connection())
    origin = StoredColumn(told.table_oid, told.number) if told.table_oid and told.number > 0 else None
    if origin is not None and origin not in traced.sources:
        return None
    found = frozenset[Label]().union(*(labels.for_column(s.relation, s.number) for s in traced.sources))
    stored = [s for s in traced.sources if (r := relations.get(s.relation)) is None or r.is_base_table]
    plain = _name_of(stored[0], relations, connection) if origin is not None and len(stored) == 1 else None
    return Output(told.name, told.type_oid, found, plain, data=bool(traced.sources))


def _name_of(stored: StoredColumn, relations: Mapping[int, Relation], connection: Connection) -> str | None:
    relation = relations.get(stored.relation)
    column = next((c for c in relation.columns if c.number == stored.number), None) if relation is not None else None
    if relation is None or column is None:
        return None
    return f"{connection.name}/{relation.qualified}.{column.name}"


def _looked(
    at: int,
    described: DescribedColumn,
    statement: Statement,
    looking: Looking,
    coarse: frozenset[Label],
) -> Output | None:
    """An output of a query of catalogs; None for a contradiction.

    Where no definition decides anything, NULL says only that there is none, and SQL without literals is names.
    """
    if described.table_oid >= FIRST_USER_OID or statement.kind not in _PLAIN_KINDS:
        return None
    if not looking.is_text(at, described.name):
        return _coarse(described, frozenset(), data=False)
    shows = None if looking.tests else Definition.SQL if looking.is_sql(at) else Definition.TEXT
    return Output(described.name, described.type_oid, coarse, None, shows)


def _catalog_output(described: DescribedColumn, statement: Statement, coarse: frozenset[Label]) -> Output | None:
    """A catalog's column is harmless only where the text can reach none of those kept back."""
    reads = [t.catalog for t in statement.touches if t.catalog is not None]
    if described.table_oid >= FIRST_USER_OID or not reads:
        return None
    for read in reads:
        if read.harmless and read.catalog is not None and read.catalog.oid == described.table_oid:
            return _coarse(described, frozenset(), data=False)
    return _coarse(described, coarse)

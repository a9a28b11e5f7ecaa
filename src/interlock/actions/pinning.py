"""Labels that rest on definitions alone, put on record before a statement changes definitions.

A materialised view shows what its query was when it was refreshed, whatever the views and functions below it say now.
A table that is renamed, moved or taken out of its family carries what the catalog said of its old name, of its parent.
The gateway remembers both while it runs, and the ledger does from here on: such columns are recorded as if the data had
been written there by this statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from interlock.actions.basis import Basis
from interlock.model.exposure import Carry
from interlock.model.label import Label
from interlock.model.snapshot import Relation
from interlock.sql.query import traced
from interlock.sql.shape import Kind, Statement

_NAMES: Final = frozenset({"RenameStmt", "AlterObjectSchemaStmt"})
# What takes a column's labels away where they came from its family, or from the row that it was generated of.
_PARTING: Final = frozenset({"AT_DropExpression", "AT_DropInherit", "AT_DetachPartition", "AT_DetachPartitionFinalize"})


def pins_of(statement: Statement, basis: Basis) -> Iterator[Carry]:
    """Each column that could lose labels by this statement, with what it carries now; much of it may be on record."""
    if statement.kind is not Kind.SCHEMA or statement.temporary or not basis.labels.for_connection():
        return
    for relation in basis.snapshot.relations:
        if relation.kind == "m":
            yield from _kept(relation, basis)
    for relation in _moved(statement, basis):
        for column in relation.columns:
            labels = basis.labels.for_column(relation.oid, column.number)
            if labels:
                yield Carry(f"{basis.connection.name}/{relation.qualified}.{column.name}", labels)


def _kept(relation: Relation, basis: Basis) -> Iterator[Carry]:
    """The columns of a materialised view, by its query as it is now."""
    table = {"RangeVar": {"schemaname": relation.schema, "relname": relation.name}}
    star: Any = {"ResTarget": {"val": {"ColumnRef": {"fields": [{"A_Star": {}}]}}}}
    select = {"targetList": [star], "fromClause": [table], "op": "SETOP_NONE"}
    lineage = traced(("SelectStmt", select), basis.snapshot, basis.state)
    outputs = lineage.outputs if lineage is not None else ()
    columns, labels = sorted(relation.columns, key=lambda c: c.number), basis.labels
    for at, column in enumerate(columns):
        told = outputs[at] if len(outputs) == len(columns) else None
        if told is None or told.opaque:
            flows = labels.for_connection()
        else:
            flows = frozenset[Label]().union(*(labels.for_column(s.relation, s.number) for s in told.sources))
        if flows - labels.lasting(relation.oid, column.number):
            yield Carry(f"{basis.connection.name}/{relation.qualified}.{column.name}", flows)


def _moved(statement: Statement, basis: Basis) -> Iterator[Relation]:
    """The relations whose names or families the statement changes, and all below them."""
    for node in statement.source.statements:
        ((kind, fields),) = node.items()
        if kind in _NAMES:
            schema = fields.get("subname") if fields.get("renameType") == "OBJECT_SCHEMA" else None
            yield from (r for r in basis.snapshot.relations if r.schema == schema)
        elif kind != "AlterTableStmt" or not any(_parts(each) for each in fields.get("cmds", ())):
            continue
        named = [t.relation for t in statement.touches if t.relation is not None]
        seen: set[int] = set()
        while named:
            relation = named.pop()
            if relation.oid not in seen:
                seen.add(relation.oid)
                yield relation
                named.extend(r for oid in relation.children if (r := basis.snapshot.by_oid.get(oid)) is not None)


def _parts(command: Any) -> bool:
    return next(iter(command.values())).get("subtype") in _PARTING

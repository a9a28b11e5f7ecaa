"""COPY, and statements that make a relation of a query."""

from __future__ import annotations

from typing import Any, Final

from interlock.sql.lineage.paths import words
from interlock.sql.lineage.relations import found, relation_item
from interlock.sql.lineage.scopes import Scope
from interlock.sql.lineage.traced import StoredColumn, WriteLineage
from interlock.sql.lineage.tracer import Rows, Tracer
from interlock.sql.lineage.values import Value
from interlock.sql.temporary import place_of

_UNKNOWN: Final = "columns that we don't know"
NO_ROWS: Final = Rows((), ())


def made(t: Tracer, into: Any, rows: Rows) -> Rows:
    """Notes what is written into a relation that the statement makes; nothing is returned."""
    relation = into["rel"]
    names = words(into.get("colNames"))
    schema, table = place_of(relation), relation["relname"]
    if rows.unknown:
        t.give_up(_UNKNOWN)
        t.writes.append(WriteLineage(StoredColumn(0, 0), opaque=_UNKNOWN, made=(schema, table, "*")))
    for at, (name, value) in enumerate(zip(rows.names, rows.values, strict=True)):
        column = names[at] if at < len(names) else name
        t.writes.append(WriteLineage(StoredColumn(0, at + 1), value.sources, value.opaque, (schema, table, column)))
    return NO_ROWS


def copied(t: Tracer, fields: Any) -> Rows:
    """What COPY hands out, or takes in."""
    if "query" in fields:
        return t.query(t, fields["query"], Scope())
    relation = found(t, fields["relation"])
    item = relation_item(t, relation, "", fields["relation"]["relname"])
    generated = {c.name for c in relation.columns if c.generated} if relation is not None else set()
    names = words(fields.get("attlist")) or tuple(n for n in item.names if n not in generated)
    values = tuple(item.find(name) or t.give_up(_UNKNOWN) for name in names)
    if fields.get("is_from"):
        return _taken_in(t, fields, values, Scope(items=[item]))
    for value in values:
        t.reads |= value.sources
        if value.opaque:
            t.opaque[value.opaque] = None
    return Rows(names, values, bool(item.unknown))


def _taken_in(t: Tracer, fields: Any, values: tuple[Value, ...], scope: Scope) -> Rows:
    if "whereClause" in fields:
        t.predicate(t, fields["whereClause"], scope)
    for value in values:
        for column in sorted(value.sources):
            t.writes.append(WriteLineage(column))
    return NO_ROWS

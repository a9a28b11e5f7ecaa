"""Columns of views and materialised views, from what they select.

A view's own column is among the sources beside those below it, since it may carry a label of its own. What a view
tests is tested by whoever reads it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Relation
from interlock.sql.lineage.expansions import Expanded
from interlock.sql.lineage.scopes import Scope
from interlock.sql.lineage.traced import StoredColumn
from interlock.sql.lineage.tracer import Rows, Tracer, Untraced
from interlock.sql.lineage.values import SCALAR_TYPE, Value
from interlock.sql.parse import parse
from interlock.sql.session_state import SessionState

MOST_DEEP: Final = 32  # views on views

_UNREAD: Final = "a view whose definition we can't read"
_CATALOGS: Final = "a view over the server's catalogs"


def expand(t: Tracer, relation: Relation) -> Expanded:
    """A view's columns. Where its query can't be traced they are opaque."""
    key = ("view", relation.oid)
    if key in t.expansions.entered or len(t.expansions.entered) >= MOST_DEEP or not relation.query:
        return _opaque(relation, _UNREAD)
    below = definition_tracer(t)
    t.expansions.entered.add(key)
    try:
        rows = traced_text(below, relation.query)
    except Untraced:
        return _opaque(relation, _CATALOGS)
    except NotUnderstood:
        return _opaque(relation, _UNREAD)
    finally:
        t.expansions.entered.discard(key)
        t.steps = below.steps
    if rows.unknown or len(rows.values) != len(relation.columns):
        return _opaque(relation, _UNREAD)
    columns = sorted(relation.columns, key=lambda c: c.number)
    values = [_value(relation, c.number, c.type_oid, v) for c, v in zip(columns, rows.values, strict=True)]
    names = tuple(c.name for c in columns)
    index = {name: at for at, name in enumerate(names)}
    reads = frozenset(f.column for f in below.filters)
    tested, below_it = frozenset(below.filters), frozenset(below.relations)
    does = (tuple(below.writes), frozenset(below.changes))
    return Expanded(names, tuple(values), index, tested, reads, tuple(below.opaque), below_it, *does)


def definition_tracer(t: Tracer) -> Tracer:
    """A tracer for a text that the server printed under an empty search path."""
    return replace(
        t,
        state=SessionState((), ""),
        parameters={},
        in_definition=True,
        filters=set(),
        reads=set(),
        relations=set(),
        writes=[],
        changes=set(),
        opaque={},
    )


def traced_text(t: Tracer, text: str) -> Rows:
    """What one query's text returns. Raises `NotUnderstood` when it isn't one query."""
    parsed = parse(text.encode())
    if len(parsed.statements) != 1 or "SelectStmt" not in parsed.statements[0]:
        raise NotUnderstood(_UNREAD)
    return t.query(t, parsed.statements[0], Scope())


def _value(relation: Relation, number: int, type_oid: int, below: Value) -> Value:
    own = StoredColumn(relation.oid, number)
    sources = below.sources | {own}
    return Value(sources, below.plain, type_oid or below.type_oid, below.fields, below.item, below.opaque)


def _opaque(relation: Relation, because: str) -> Expanded:
    columns = sorted(relation.columns, key=lambda c: c.number)
    names = tuple(c.name for c in columns)
    values = []
    for column in columns:
        own = StoredColumn(relation.oid, column.number)
        values.append(Value(frozenset({own}), own, column.type_oid or SCALAR_TYPE, None, None, because))
    return Expanded(names, tuple(values), {n: at for at, n in enumerate(names)}, opaque=(because,))

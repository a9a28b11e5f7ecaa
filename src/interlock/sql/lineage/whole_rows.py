"""Column references in all their spellings, and fields: `p`, `p.ssn`, `p.*`, `(p).ssn`, `p.to_jsonb`, `(f(x)).*`.

As transformColumnRef and ParseFuncOrColumn have it. A name that is neither a column nor a row's is opaque.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from interlock.sql.lineage import calls
from interlock.sql.lineage.paths import words
from interlock.sql.lineage.scopes import Item, Scope
from interlock.sql.lineage.shapes import fields_of, item_of
from interlock.sql.lineage.tracer import Tracer
from interlock.sql.lineage.values import Value, carrying

_UNRESOLVED: Final = "a name that we can't resolve"
_NO_FIELDS: Final = "fields of something whose type we don't know"

Named = tuple[str, Value]


def column_ref(t: Tracer, fields: Any, scope: Scope) -> Value:
    """The value of a ColumnRef; with a star, the whole row."""
    names = words(fields["fields"])
    if names[-1] == "*":
        item = _item(t, names[:-1], scope)
        value = item.row() if item is not None else t.give_up(_UNRESOLVED)
    elif len(names) == 1:
        value = _bare(t, names[0], scope)
    else:
        value = _qualified(t, names, scope)
    if value.sources:
        t.reads.update(value.sources)
    if value.opaque:
        t.opaque[value.opaque] = None
    return value


def _bare(t: Tracer, name: str, scope: Scope) -> Value:
    found = scope.column(name)
    if found is not None:
        return found
    item = scope.item(name)
    return item.row() if item is not None else t.give_up(_UNRESOLVED)


def _qualified(t: Tracer, names: tuple[str, ...], scope: Scope) -> Value:
    item = _item(t, names[:-1], scope)
    if item is None:
        return t.give_up(_UNRESOLVED)
    found = item.find(names[-1])
    if found is not None:
        return found
    if item.unknown:
        return Value(opaque=item.unknown)
    row = item.row()
    t.reads.update(row.sources)
    return calls.of_row(t, names[-1], row)


def _item(t: Tracer, path: tuple[str, ...], scope: Scope) -> Item | None:
    if len(path) == 1:
        return scope.item(path[0])
    relation = t.snapshot.by_name.get((path[-2], path[-1])) if len(path) in (2, 3) else None
    return scope.item(path[-1], relation.oid) if relation is not None else None


def indirection(t: Tracer, fields: Any, scope: Scope) -> Value:
    """The value of `(x).a[1].b`; a star at the end is the row itself."""
    value = t.evaluate(t, fields["arg"], scope)
    for step in fields["indirection"]:
        ((kind, inner),) = step.items()
        if kind == "String":
            value = calls.of_row(t, inner["sval"], value)
        elif kind == "A_Indices":
            value = _subscripted(t, value, inner, scope)
        elif kind != "A_Star":
            return t.give_up(_NO_FIELDS)
    return value


def _subscripted(t: Tracer, value: Value, fields: Any, scope: Scope) -> Value:
    bounds = [t.evaluate(t, fields[name], scope) for name in ("lidx", "uidx") if name in fields]
    if fields.get("is_slice"):
        sliced = carrying([value, *bounds], value.type_oid)
        sliced.item = value.item
        return sliced
    item = item_of(t, value)
    picked = carrying([item, *bounds], item.type_oid)
    picked.fields, picked.item = item.fields, item.item
    return picked


def is_star(node: Any) -> bool:
    """Whether an expression stands for several columns where a list may."""
    fields = node.get("ColumnRef")
    if fields is not None:
        return "A_Star" in fields["fields"][-1]
    fields = node.get("A_Indirection")
    return fields is not None and "A_Star" in fields["indirection"][-1]


def spread(t: Tracer, node: Any, scope: Scope) -> list[Named] | None:
    """What a star stands for; None when it can't be told how many columns it has."""
    fields = node.get("ColumnRef")
    if fields is None:
        return _spread_row(t, indirection(t, node["A_Indirection"], scope))
    path = words(fields["fields"])[:-1]
    if path:
        found = _item(t, path, scope)
        items = [found] if found is not None else []
    else:
        items = [item for item in scope.items if item.bare]
    columns = list(_columns(t, items))
    if not items or any(item.unknown for item in items):
        t.give_up(next((item.unknown for item in items if item.unknown), _UNRESOLVED))
        return None
    return columns


def _columns(t: Tracer, items: list[Item]) -> Iterator[Named]:
    for item in items:
        for name, value in zip(*item.spread(), strict=True):
            t.reads.update(value.sources)
            if value.opaque:
                t.opaque[value.opaque] = None
            yield name, value


def _spread_row(t: Tracer, value: Value) -> list[Named] | None:
    fields = fields_of(t, value)
    if fields is None:
        t.give_up(value.opaque or _NO_FIELDS)
        return None
    return list(fields)


def expanded(t: Tracer, nodes: Any, scope: Scope) -> list[Value]:
    """The values of a list of expressions, stars in it spread (ROW, VALUES, IN lists)."""
    values: list[Value] = []
    for node in nodes:
        if not is_star(node):
            values.append(t.evaluate(t, node, scope))
            continue
        found = spread(t, node, scope)
        values.extend([t.give_up(_NO_FIELDS)] if found is None else [value for _, value in found])
        t.check_width(len(values))
    return values

"""SQL's own JSON and XML constructors and functions. What they make carries all that they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from interlock.sql.lineage import calls
from interlock.sql.lineage.scopes import Scope
from interlock.sql.lineage.shapes import cast_fails, type_named
from interlock.sql.lineage.traced import How
from interlock.sql.lineage.tracer import Tracer
from interlock.sql.lineage.values import SCALAR_TYPE, Value, carrying, either

_UNKNOWN: Final = "a JSON or XML expression that we don't know"
_STRUCTS: Final = frozenset(
    {"raw_expr", "context_item", "arg", "expr", "output", "on_empty", "on_error", "func", "value", "val", "constructor"}
)
"""Fields whose structs have no type of their own in the tree."""
_WRAPPED: Final = frozenset({"JsonKeyValue", "JsonArgument", "JsonValueExpr", "ResTarget", "List", "JsonOutput"})
_PLAIN_WORDS: Final = frozenset({"format", "returning", "typeName", "over", "agg_filter", "agg_order"})


def parts(fields: Any) -> Iterator[Any]:
    """The expressions directly below a JSON or XML node, through the structs that hold them.

    Raises ValueError for a struct that we don't know: then nothing is known of the statement.
    """
    stack = [fields]
    while stack:
        here = stack.pop()
        for name, value in reversed(here.items()):
            if name in _PLAIN_WORDS:
                continue
            for item in value if isinstance(value, list) else (value,):
                if not isinstance(item, dict) or not item:
                    continue
                inner = next(iter(item))
                if inner in _WRAPPED:
                    stack.append(item[inner])
                elif inner[:1].isupper():
                    yield item
                elif name in _STRUCTS:
                    stack.append(item)
                else:
                    raise ValueError(_UNKNOWN)


def carried(t: Tracer, fields: Any, scope: Scope) -> Value:
    """A value made of all expressions below."""
    value = carrying([t.evaluate(t, node, scope) for node in parts(fields)], SCALAR_TYPE)
    return _returned(t, value, fields)


def _may_fail(t: Tracer, fields: Any, scope: Scope) -> Value:
    value = carried(t, fields, scope)
    t.note(value.sources, How.ERROR)
    return value


def _returned(t: Tracer, value: Value, fields: Any) -> Value:
    """The same as the type that RETURNING names."""
    output = fields.get("output") or fields.get("constructor", {}).get("output") or {}
    type_name = output.get("typeName") or fields.get("typeName")
    if type_name is None:
        return value
    oid, why = type_named(t, type_name)
    if why:
        t.opaque[why] = None
    if cast_fails(value, oid, type_name):
        t.note(value.sources, How.ERROR)
    return Value(value.sources, None, oid, None, None, value.opaque or why)


def _aggregated(t: Tracer, fields: Any, scope: Scope) -> Value:
    """JSON_OBJECTAGG and JSON_ARRAYAGG, with the clauses that any aggregate may have."""
    value = _may_fail(t, fields, scope)
    clauses = fields["constructor"]
    for node in clauses.get("agg_order", ()):
        t.note(t.evaluate(t, node["SortBy"]["node"], scope).sources, How.ORDER)
    if "over" in clauses:
        calls.window(t, clauses["over"], scope)
    if "agg_filter" in clauses:
        t.predicate(t, clauses["agg_filter"], scope)
        value = either([value], Value(t.evaluate(t, clauses["agg_filter"], scope).sources))
    return value


def _of_query(t: Tracer, fields: Any, scope: Scope) -> Value:
    rows = t.query(t, fields["query"], scope)
    if rows.unknown:
        return t.give_up(_UNKNOWN)
    return _returned(t, carrying(rows.values, SCALAR_TYPE), fields)


HANDLERS: Final[Mapping[str, Callable[[Tracer, Any, Scope], Value]]] = {
    "XmlExpr": _may_fail,
    "XmlSerialize": _may_fail,
    "JsonObjectConstructor": _may_fail,
    "JsonArrayConstructor": carried,
    "JsonArrayQueryConstructor": _of_query,
    "JsonObjectAgg": _aggregated,
    "JsonArrayAgg": _aggregated,
    "JsonParseExpr": _may_fail,
    "JsonScalarExpr": carried,
    "JsonSerializeExpr": _may_fail,
    "JsonFuncExpr": _may_fail,
    "JsonIsPredicate": carried,
    "JsonValueExpr": carried,
}

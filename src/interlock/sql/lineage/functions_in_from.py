"""Functions in FROM, ROWS FROM and WITH ORDINALITY: how many columns they have, and what these are called."""

from __future__ import annotations

from typing import Any, Final

from interlock.sql.lineage.bodies import out_name
from interlock.sql.lineage.naming import output_name
from interlock.sql.lineage.paths import words
from interlock.sql.lineage.relations import renamed
from interlock.sql.lineage.returns import ONE_OUTPUT
from interlock.sql.lineage.scopes import Item, Scope
from interlock.sql.lineage.shapes import fields_of, is_row, type_named
from interlock.sql.lineage.tracer import Tracer
from interlock.sql.lineage.values import NOTHING, Value

_UNKNOWN: Final = "a function in FROM whose columns we can't tell"


def range_function(t: Tracer, fields: Any, scope: Scope, seen: list[Item]) -> Item:
    """The entry of a RangeFunction. Functions see what stands before them, LATERAL or not."""
    calls = _calls(fields)
    alias = fields.get("alias")
    names: list[str] = []
    values: list[Value] = []
    unknown, row = "", False
    for node, definitions in calls:
        value = t.evaluate(t, node, scope.around(seen))
        columns = _columns(t, node, definitions, value, alias if len(calls) == 1 else None)
        row = row or (bool(columns) and (definitions is not None or fields_of(t, value) is not None))
        unknown = unknown or ("" if columns is not None else value.opaque or _UNKNOWN)
        for name, column in columns or ():
            names.append(name)
            values.append(column)
    if fields.get("ordinality"):
        names.append("ordinality")
        values.append(NOTHING)
    if unknown:
        t.give_up(unknown)
    name = alias["aliasname"] if alias else output_name(calls[0][0])
    item = Item(name, names, values, unknown=unknown, scalar=len(values) == 1 and not row)
    return renamed(item, alias)


def _calls(fields: Any) -> list[tuple[Any, Any]]:
    """(call, column definitions) of each function; an unnest of several arrays is several."""
    found: list[tuple[Any, Any]] = []
    for node in fields["functions"]:
        call, definitions = node["List"]["items"]
        listed = definitions["List"]["items"] if definitions else fields.get("coldeflist")
        inner = call.get("FuncCall", {})
        arguments = inner.get("args", ())
        if words(inner.get("funcname"))[-1:] == ("unnest",) and len(arguments) > 1 and listed is None:
            found.extend(({"FuncCall": {**inner, "args": [one]}}, None) for one in arguments)
        else:
            found.append((call, listed))
    return found


def _columns(t: Tracer, node: Any, definitions: Any, value: Value, alias: Any) -> list[tuple[str, Value]] | None:
    fields = fields_of(t, value)
    if definitions is not None:  # they name a record's fields by position
        values = [v for _, v in fields] if fields is not None and len(fields) == len(definitions) else None
        return [_defined(t, d["ColumnDef"], values[n] if values else value) for n, d in enumerate(definitions)]
    if fields is not None:
        return list(fields)
    if value.opaque or is_row(t, value) is not False:
        return None
    name = output_name(node)
    told = ONE_OUTPUT.get(name) or out_name(t, words(node.get("FuncCall", {}).get("funcname")))
    if told:
        return [(told, value)]
    return [(alias["aliasname"] if alias else name, value)]


def _defined(t: Tracer, fields: Any, value: Value) -> tuple[str, Value]:
    oid, why = type_named(t, fields["typeName"])
    if why:
        t.opaque[why] = None
    return fields["colname"], Value(value.sources, None, oid, None, None, value.opaque or why)

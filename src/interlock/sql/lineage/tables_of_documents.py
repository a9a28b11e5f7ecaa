"""JSON_TABLE and XMLTABLE: every column carries the whole document and what is passed beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from interlock.sql.lineage.json_xml import parts
from interlock.sql.lineage.relations import renamed
from interlock.sql.lineage.scopes import Item, Scope
from interlock.sql.lineage.shapes import type_named
from interlock.sql.lineage.traced import How
from interlock.sql.lineage.tracer import Tracer
from interlock.sql.lineage.values import NOTHING, UNKNOWN_TYPE, Value, carrying


def json_table(t: Tracer, fields: Any, scope: Scope, seen: list[Item]) -> Item:
    """The entry of a JSON_TABLE."""
    columns = list(_json_columns(fields["columns"]))
    around = scope.around(seen)
    document = {name: fields[name] for name in ("context_item", "passing", "on_error") if name in fields}
    nodes = [*parts(document), *(n for c in columns for n in parts(_behaviours(c)))]
    whole = carrying(t.evaluate(t, node, around) for node in nodes)
    t.note(whole.sources, How.ERROR)
    t.note(whole.sources, How.CONDITION)
    values = [NOTHING if c["coltype"] == "JTC_FOR_ORDINALITY" else _of_type(t, c, whole) for c in columns]
    return _item(fields, "json_table", [c["name"] for c in columns], values)


def _json_columns(columns: Any) -> Iterator[Any]:
    """In the server's order: a level's own columns come before those of NESTED, wherever these are written
    (transformJsonTableColumns in parse_jsontable.c)."""
    found = [node["JsonTableColumn"] for node in columns]
    yield from (column for column in found if column["coltype"] != "JTC_NESTED")
    for column in found:
        if column["coltype"] == "JTC_NESTED":
            yield from _json_columns(column["columns"])


def _behaviours(column: Any) -> Any:
    return {name: column[name] for name in ("on_empty", "on_error") if name in column}


def xml_table(t: Tracer, fields: Any, scope: Scope, seen: list[Item]) -> Item:
    """The entry of an XMLTABLE."""
    around = scope.around(seen)
    columns = [node["RangeTableFuncCol"] for node in fields["columns"]]
    nodes = [fields["docexpr"], fields["rowexpr"]]
    nodes += [node["ResTarget"]["val"] for node in fields.get("namespaces", ())]
    nodes += [c[name] for c in columns for name in ("colexpr", "coldefexpr") if name in c]
    whole = carrying(t.evaluate(t, node, around) for node in nodes)
    t.note(whole.sources, How.ERROR)
    t.note(whole.sources, How.CONDITION)
    values = [NOTHING if c.get("for_ordinality") else _of_type(t, c, whole) for c in columns]
    return _item(fields, "xmltable", [c["colname"] for c in columns], values)


def _of_type(t: Tracer, column: Any, whole: Value) -> Value:
    oid, why = type_named(t, column["typeName"]) if "typeName" in column else (UNKNOWN_TYPE, "")
    if why:
        t.opaque[why] = None
    return Value(whole.sources, None, oid, None, None, whole.opaque or why)


def _item(fields: Any, name: str, names: list[str], values: list[Value]) -> Item:
    alias = fields.get("alias")
    return renamed(Item(alias["aliasname"] if alias else name, names, values), alias)

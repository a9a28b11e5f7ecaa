"""FROM: entries in order, each seeing those before it where it is LATERAL (parse_clause.c)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from interlock.sql.lineage.functions_in_from import range_function
from interlock.sql.lineage.joins import Entries, join
from interlock.sql.lineage.paths import words
from interlock.sql.lineage.relations import range_var, renamed
from interlock.sql.lineage.scopes import Item, Scope
from interlock.sql.lineage.tables_of_documents import json_table, xml_table
from interlock.sql.lineage.traced import How
from interlock.sql.lineage.tracer import Tracer

_UNKNOWN: Final = "an entry of FROM that we don't know"
_SAMPLING: Final = frozenset({"system", "bernoulli"})


def add_items(t: Tracer, nodes: Any, scope: Scope) -> None:
    """Puts the entries of a FROM clause in scope."""
    for node in nodes:
        scope.items = [*scope.items, *entries(t, node, scope, scope.items).all]


def entries(t: Tracer, node: Any, scope: Scope, seen: list[Item]) -> Entries:
    """The entries that one element of FROM makes. `seen`: what a LATERAL one sees of its neighbours."""
    t.step()
    ((kind, fields),) = node.items()
    if kind == "RangeVar":
        item = range_var(t, fields, scope)
    elif kind == "JoinExpr":
        return join(t, fields, scope, seen, entries)
    else:
        make = _MAKERS.get(kind)
        if make is None:
            t.give_up(_UNKNOWN)
            item = Item("", (), (), unknown=_UNKNOWN)
        else:
            item = make(t, fields, scope, seen)
    return Entries(item, [item])


def _subselect(t: Tracer, fields: Any, scope: Scope, seen: list[Item]) -> Item:
    rows = t.query(t, fields["subquery"], scope.around(seen if fields.get("lateral") else []))
    alias = fields.get("alias")
    unknown = "a subquery of columns that we don't know" if rows.unknown else ""
    item = Item(alias["aliasname"] if alias else "", rows.names, rows.values, named=bool(alias), unknown=unknown)
    return renamed(item, alias)


def _sampled(t: Tracer, fields: Any, scope: Scope, seen: list[Item]) -> Item:
    if words(fields["method"])[-1] not in _SAMPLING:
        t.give_up("a way of sampling outside pg_catalog")
    for node in (*fields.get("args", ()), *([fields["repeatable"]] if "repeatable" in fields else ())):
        t.note(t.evaluate(t, node, scope.around(seen)).sources, How.CONDITION)
    return entries(t, fields["relation"], scope, seen).main


_MAKERS: Final[Mapping[str, Callable[[Tracer, Any, Scope, list[Item]], Item]]] = {
    "RangeSubselect": _subselect,
    "RangeFunction": range_function,
    "RangeTableSample": _sampled,
    "RangeTableFunc": xml_table,
    "JsonTable": json_table,
}

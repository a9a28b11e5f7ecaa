"""INSERT, UPDATE, DELETE, MERGE: what is written from what, what is tested, and what RETURNING hands out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from interlock.sql.lineage.ctes import add_tables
from interlock.sql.lineage.filters import Constants, constants_of, pair
from interlock.sql.lineage.from_clause import add_items
from interlock.sql.lineage.scopes import Item, Scope
from interlock.sql.lineage.targets import (
    Target,
    assign,
    assign_all,
    fill,
    generate,
    is_default,
    returned,
    target_of,
    within,
)
from interlock.sql.lineage.traced import Change, How
from interlock.sql.lineage.tracer import Rows, Tracer
from interlock.sql.lineage.values import NOTHING, Value, carrying
from interlock.sql.writing import write_of

_UNKNOWN: Final = "columns that we don't know"

Write = Callable[[Tracer, Any, Scope, Target], Rows]


def write(t: Tracer, kind: str, fields: Any, parent: Scope) -> Rows:
    """Traces a write; returns what its RETURNING does. Raises KeyError for any other statement."""
    scope = Scope(parent)
    if "withClause" in fields:
        add_tables(t, fields["withClause"], scope)
    target = target_of(t, kind, fields)
    if t.calling:
        told = write_of((kind, fields))
        t.changes.add(Change(target.relation.oid if target.relation else 0, kind, told.columns, told.unbounded))
    return _WRITES[kind](t, fields, scope, target)


def _insert(t: Tracer, fields: Any, scope: Scope, target: Target) -> Rows:
    places = [node["ResTarget"] for node in fields.get("cols", ())] or [{"name": n} for n in target.item.names]
    inserted: dict[str, Value] = {}
    if "selectStmt" in fields:
        rows = t.query(t, fields["selectStmt"], scope)
        if rows.unknown:
            rows = Rows((), tuple(t.give_up(_UNKNOWN) for _ in places))
        for place, value in zip(places, rows.values, strict=False):
            put = within(t, value, place, scope)
            assign(t, target, place["name"], put, changes=False)
            known = inserted.get(place["name"])
            inserted[place["name"]] = value if known is None else carrying([known, put])
        places = places[: len(rows.values)]
    fill(t, target, _given(fields, [p["name"] for p in places]))
    generate(t, target)
    if "onConflictClause" in fields:
        constants = _constants(t, fields.get("selectStmt", {}), [p["name"] for p in places])
        _on_conflict(t, fields["onConflictClause"], scope, target, inserted, constants)
    return returned(t, target, fields.get("returningClause"), [], scope)


def _given(fields: Any, names: list[str]) -> set[str]:
    """Those of these columns that every row of an INSERT has a value for."""
    if "selectStmt" not in fields:
        return set()
    rows = [node["List"]["items"] for node in fields["selectStmt"].get("SelectStmt", {}).get("valuesLists", ())]
    return {n for at, n in enumerate(names) if not any(at < len(row) and is_default(row[at]) for row in rows)}


def _constants(t: Tracer, select: Any, names: list[str]) -> dict[str, Constants]:
    """For each column all that VALUES gives it, where these are constants."""
    lists = [node["List"]["items"] for node in select.get("SelectStmt", {}).get("valuesLists", ())]
    found: dict[str, Constants] = {}
    for at, name in enumerate(names):
        given = [constants_of(t, row[at]) for row in lists if at < len(row)]
        known = [c for c in given if c is not None]
        if given and len(known) == len(given):
            found[name] = (tuple(n for c in known for n in c[0]), tuple(n for c in known for n in c[1]))
    return found


def _on_conflict(
    t: Tracer, fields: Any, scope: Scope, target: Target, inserted: Mapping[str, Value], constants: dict[str, Constants]
) -> None:
    """A conflict tells that a row has these very values already."""
    infer = fields.get("infer", {})
    own = Scope(scope.parent, [target.item], scope.tables)
    names = [e["IndexElem"]["name"] for e in infer.get("indexElems", ()) if "name" in e["IndexElem"]]
    if not infer.get("indexElems"):
        names = list(inserted)
    for name in names:
        column = target.item.find(name) or t.give_up(_UNKNOWN)
        t.reads |= column.sources
        pair(t, column, None, inserted.get(name, NOTHING), constants.get(name))
    for element in infer.get("indexElems", ()):
        if "expr" in element["IndexElem"]:
            t.note(t.evaluate(t, element["IndexElem"]["expr"], own).sources, How.CONDITION)
    if "whereClause" in infer:
        t.predicate(t, infer["whereClause"], own)
    if fields["action"] == "ONCONFLICT_UPDATE":
        both = Scope(scope.parent, [target.item, _excluded(target, inserted)], scope.tables)
        assign_all(t, target, fields["targetList"], both)
        if "whereClause" in fields:
            t.predicate(t, fields["whereClause"], both)


def _excluded(target: Target, inserted: Mapping[str, Value]) -> Item:
    """The row that was to be inserted: what was given, under columns that may be labelled."""
    given = {**target.written, **inserted}
    values = [
        Value((v.sources | given[n].sources) if n in given else v.sources, v.plain, v.type_oid, None, None, v.opaque)
        for n, v in zip(target.item.names, target.item.values, strict=True)
    ]
    for at, name in enumerate(target.item.names):
        if name in given and (given[name].sources or given[name].opaque):
            values[at].plain, values[at].opaque = None, values[at].opaque or given[name].opaque
    return Item("excluded", target.item.names, values, unknown=target.item.unknown)


def _update(t: Tracer, fields: Any, scope: Scope, target: Target) -> Rows:
    scope.items = [target.item]
    add_items(t, fields.get("fromClause", ()), scope)
    assign_all(t, target, fields["targetList"], scope)
    if "whereClause" in fields:
        t.predicate(t, fields["whereClause"], scope)
    return returned(t, target, fields.get("returningClause"), scope.items[1:], scope)


def _delete(t: Tracer, fields: Any, scope: Scope, target: Target) -> Rows:
    scope.items = [target.item]
    add_items(t, fields.get("usingClause", ()), scope)
    if "whereClause" in fields:
        t.predicate(t, fields["whereClause"], scope)
    return returned(t, target, fields.get("returningClause"), scope.items[1:], scope)


def _merge(t: Tracer, fields: Any, scope: Scope, target: Target) -> Rows:
    add_items(t, [fields["sourceRelation"]], scope)
    source = scope.items
    both = Scope(scope.parent, [*source, target.item], scope.tables)
    t.predicate(t, fields["joinCondition"], both)
    visible = {
        "MERGE_WHEN_MATCHED": both,
        "MERGE_WHEN_NOT_MATCHED_BY_TARGET": Scope(scope.parent, source, scope.tables),
        "MERGE_WHEN_NOT_MATCHED_BY_SOURCE": Scope(scope.parent, [target.item], scope.tables),
    }
    for node in fields["mergeWhenClauses"]:
        clause = node["MergeWhenClause"]
        _merge_when(t, clause, visible[clause["matchKind"]], target)
    return returned(t, target, fields.get("returningClause"), source, scope, last=True)


def _merge_when(t: Tracer, clause: Any, scope: Scope, target: Target) -> None:
    if "condition" in clause:
        t.predicate(t, clause["condition"], scope)
    if clause["commandType"] == "CMD_UPDATE":
        assign_all(t, target, clause["targetList"], scope)
    elif clause["commandType"] == "CMD_INSERT":
        places = [n["ResTarget"] for n in clause.get("targetList", ())] or [{"name": n} for n in target.item.names]
        given = set()
        for place, node in zip(places, clause.get("values", ()), strict=False):
            value = t.evaluate(t, node, scope)
            assign(t, target, place["name"], within(t, value, place, scope), changes=False)
            given |= set() if is_default(node) else {place["name"]}
        fill(t, target, given)
    elif clause["commandType"] not in ("CMD_DELETE", "CMD_NOTHING"):
        t.give_up("an action of MERGE that we don't know")


_WRITES: Final[Mapping[str, Write]] = {
    "InsertStmt": _insert,
    "UpdateStmt": _update,
    "DeleteStmt": _delete,
    "MergeStmt": _merge,
}
KINDS: Final = frozenset(_WRITES)

"""The table that a write changes: assignments to its columns, and what RETURNING makes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from interlock.model.snapshot import Relation
from interlock.sql.lineage.relations import found, relation_item
from interlock.sql.lineage.scopes import SYSTEM_COLUMNS, Item, Scope
from interlock.sql.lineage.select import targets
from interlock.sql.lineage.traced import WriteLineage
from interlock.sql.lineage.tracer import Rows, Tracer
from interlock.sql.lineage.values import Value, carrying
from interlock.sql.lineage.whole_rows import expanded

_COLUMN: Final = "a column written that we don't know"
_HIDDEN: Final = "triggers, rules, row security or computed defaults of the table written"

_OLD, _NEW = "RETURNING_OPTION_OLD", "RETURNING_OPTION_NEW"


@dataclass(slots=True)
class Target:
    """What is written. `item`: its columns as stored before; `written`: by name, all that was assigned to a column."""

    relation: Relation | None
    item: Item
    written: dict[str, Value] = field(default_factory=dict)


def target_of(t: Tracer, fields: Any) -> Target:
    """The target of a write: never a WITH item."""
    relation = found(t, fields)
    alias = fields.get("alias", {}).get("aliasname", "")
    item = relation_item(t, relation, alias, fields["relname"])
    if relation is not None and relation.hidden_effects:
        t.opaque[_HIDDEN] = None
    return Target(relation, item)


def assign(t: Tracer, target: Target, name: str, value: Value) -> None:
    """Notes that a column is written from a value. A view's column is written with the one below it."""
    column = target.item.find(name) if name not in SYSTEM_COLUMNS else None
    if column is None:
        t.give_up(_COLUMN)
        return
    if value.opaque:
        t.opaque[value.opaque] = None
    for stored in sorted(column.sources):
        t.writes.append(WriteLineage(stored, value.sources, value.opaque or column.opaque))
    known = target.written.get(name)
    target.written[name] = carrying([value] if known is None else [known, value])


def assign_all(t: Tracer, target: Target, nodes: Any, scope: Scope) -> None:
    """SET: a list of ResTarget with values, some of which share one row."""
    shared: Any = None
    values: list[Value] = []
    for node in nodes:
        fields = node["ResTarget"]
        inner = fields["val"].get("MultiAssignRef")
        if inner is None:
            value = t.evaluate(t, fields["val"], scope)
        else:
            if shared is None or inner["colno"] == 1:
                shared, values = inner, _shared(t, inner["source"], scope)
            at = inner["colno"] - 1
            value = values[at] if len(values) > 1 and at < len(values) else carrying(values)
        assign(t, target, fields["name"], within(t, value, fields, scope))


def _shared(t: Tracer, source: Any, scope: Scope) -> list[Value]:
    """The values of one row that several columns are set from; a single one where they can't be told apart."""
    if "RowExpr" in source:
        return expanded(t, source["RowExpr"]["args"], scope)
    if "SubLink" in source:
        rows = t.query(t, source["SubLink"]["subselect"], scope)
        return [t.give_up(_COLUMN)] if rows.unknown else list(rows.values)
    return [t.evaluate(t, source, scope)]


def within(t: Tracer, value: Value, fields: Any, scope: Scope) -> Value:
    """A value put into a part of a column: what chooses the part can be told from the result."""
    bounds = [
        t.evaluate(t, step["A_Indices"][name], scope)
        for step in fields.get("indirection", ())
        if "A_Indices" in step
        for name in ("lidx", "uidx")
        if name in step["A_Indices"]
    ]
    return carrying([value, *bounds]) if bounds else value


def generate(t: Tracer, target: Target) -> None:
    """Generated columns are written from those that they are made of."""
    for column in target.relation.columns if target.relation is not None else ():
        if not column.generated or column.name in target.written:
            continue
        used = [v for n, v in target.written.items() if not column.default or '"' in n or n in column.default]
        value = carrying(used)
        if value.sources or value.opaque:
            assign(t, target, column.name, value)


def returned(t: Tracer, target: Target, clause: Any, beside: list[Item], scope: Scope, *, last: bool = False) -> Rows:
    """What RETURNING hands out. `beside`: what else is in scope; `last`: the target's columns come after it."""
    generate(t, target)
    if clause is None:
        return Rows((), ())
    item = _after(t, target)
    aliases = {o["ReturningOption"]["option"]: o["ReturningOption"]["value"] for o in clause.get("options", ())}
    old = Item(aliases.get(_OLD, "old"), target.item.names, target.item.values, bare=False, system=True)
    new = Item(aliases.get(_NEW, "new"), item.names, item.values, bare=False, system=True)
    # `old.ssn` is the old value, but `(old).ssn` and `ssn(old)` are the present one, as PostgreSQL 18 reads them.
    old.whole = item.values
    old.unknown = new.unknown = target.item.unknown
    ours = [*beside, item] if last else [item, *beside]
    return targets(t, clause["exprs"], Scope(scope.parent, [*ours, old, new], scope.tables))


def _after(t: Tracer, target: Target) -> Item:
    """The target's columns with what was written into them."""
    hidden = _HIDDEN if target.relation is not None and target.relation.hidden_effects else ""
    values = [
        _with(value, target.written.get(name), hidden)
        for name, value in zip(target.item.names, target.item.values, strict=True)
    ]
    before = target.item
    return Item(before.name, before.names, values, True, True, None, before.unknown, before.relation, before.system)


def _with(stored: Value, written: Value | None, hidden: str) -> Value:
    if hidden:
        return Value(stored.sources, None, stored.type_oid, None, None, hidden)
    if written is None or not (written.sources or written.opaque):
        return stored
    return carrying([stored, written], stored.type_oid)

"""The table that a write changes: assignments to its columns, and what RETURNING makes of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from interlock.model.snapshot import Relation
from interlock.sql.families import family
from interlock.sql.lineage.defaults import defaults_of
from interlock.sql.lineage.relations import expanded as columns_of
from interlock.sql.lineage.relations import found, relation_item
from interlock.sql.lineage.scopes import SYSTEM_COLUMNS, Item, Scope
from interlock.sql.lineage.select import targets
from interlock.sql.lineage.traced import StoredColumn, WriteLineage
from interlock.sql.lineage.tracer import Rows, Tracer
from interlock.sql.lineage.values import Value, carrying
from interlock.sql.lineage.whole_rows import expanded
from interlock.sql.writing import events_of

_COLUMN: Final = "a column written that we don't know"
_MOVED: Final = "a key that is written along with another, in a relation that we don't know"
HIDDEN: Final = "triggers, rules, row security or code of users about the table written"

_OLD, _NEW = "RETURNING_OPTION_OLD", "RETURNING_OPTION_NEW"


@dataclass(slots=True)
class Target:
    """What is written. `item`: its columns as stored before; `written`: by name, all that was assigned to a column.
    `hidden`: why what becomes of it can't be told, empty when it can.
    """

    relation: Relation | None
    item: Item
    hidden: str = ""
    written: dict[str, Value] = field(default_factory=dict)


def target_of(t: Tracer, kind: str, write: Any) -> Target:
    """The target of a write: never a WITH item."""
    fields = write["relation"]
    relation = found(t, fields)
    alias = fields.get("alias", {}).get("aliasname", "")
    item = relation_item(t, relation, alias, fields["relname"])
    hidden = HIDDEN if relation is not None and _rewrites(t, relation, events_of((kind, write), relation)) else ""
    if hidden:
        t.opaque[hidden] = None
    return Target(relation, item, hidden)


def _rewrites(t: Tracer, relation: Relation, events: frozenset[str]) -> bool:
    """Whether more may happen to what is written than the definitions here tell. Through a view, which hands on only
    what its columns are given, that is also what a table below makes of it by itself.
    """
    if relation.rewrites_by(events) or relation.is_base_table:
        return relation.rewrites_by(events)
    below = [t.snapshot.by_oid.get(oid) for oid in columns_of(t, relation).relations]
    return any(r is None or r.rewrites or _adds(t, r) for r in below)


def _adds(t: Tracer, relation: Relation) -> bool:
    together = list(family(relation, t.snapshot))
    by_itself = any(r.key_moves or any(c.generated for c in r.columns) for r in together)
    return by_itself or bool(defaults_of(t, relation))


def assign(t: Tracer, target: Target, name: str, value: Value, *, changes: bool = True) -> None:
    """Notes that a column is written from a value. A view's column is written with the one below it. `changes`: of a
    row that is there already, so that keys which refer to it may follow.
    """
    column = target.item.find(name) if name not in SYSTEM_COLUMNS else None
    if column is None:
        t.give_up(_COLUMN)
        return
    if value.opaque:
        t.opaque[value.opaque] = None
    for stored in sorted(column.sources):
        t.writes.append(WriteLineage(stored, value.sources, value.opaque or column.opaque))
    if changes and target.relation is not None and (value.sources or value.opaque):
        _move(t, target.relation, name, value)
    known = target.written.get(name)
    target.written[name] = carrying([value] if known is None else [known, value])


def _move(t: Tracer, relation: Relation, name: str, value: Value) -> None:
    """What is written into a key is written into the columns that refer to it (ON UPDATE CASCADE), and so on."""
    waiting, seen = [(relation, name)], set[StoredColumn]()
    while waiting:
        at, column = waiting.pop()
        for member in family(at, t.snapshot):
            numbers = {c.number for c in member.columns if c.name == column}
            moved = {StoredColumn(oid, number) for key, oid, number in member.key_moves if key in numbers} - seen
            seen |= moved
            for stored in sorted(moved):
                t.writes.append(WriteLineage(stored, value.sources, value.opaque))
                there = t.snapshot.by_oid.get(stored.relation)
                names = [c.name for c in there.columns if c.number == stored.number] if there is not None else []
                if there is None or not names:
                    t.opaque[_MOVED] = None
                else:
                    waiting.append((there, names[0]))


def fill(t: Tracer, target: Target, given: Collection[str]) -> None:
    """Columns that a new row isn't given get their defaults."""
    if target.relation is None:
        return
    for name, value in defaults_of(t, target.relation).items():
        if name not in given:
            assign(t, target, name, value, changes=False)


def is_default(node: Any) -> bool:
    """Whether what is assigned is DEFAULT."""
    return "SetToDefault" in node


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
        if target.relation is not None and _may_be_default(fields["val"]):
            default = defaults_of(t, target.relation).get(fields["name"])
            if default is not None:
                assign(t, target, fields["name"], default)


def _may_be_default(node: Any) -> bool:
    source = node.get("MultiAssignRef", {}).get("source", {})
    return is_default(node) or any(is_default(each) for each in source.get("RowExpr", {}).get("args", ()))


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
    """Generated columns are written from those that they are made of. A row goes by the table that it comes to lie in,
    and partitions and heirs may have an expression of their own.
    """
    for column in target.relation.columns if target.relation is not None else ():
        if not column.generated or column.name in target.written:
            continue
        texts = _expressions(t, target.relation, column.name)
        used = [v for n, v in target.written.items() if any(not x or '"' in n or n in x for x in texts)]
        value = carrying(used)
        if value.sources or value.opaque:
            assign(t, target, column.name, value)


def _expressions(t: Tracer, relation: Relation | None, name: str) -> list[str]:
    together = family(relation, t.snapshot) if relation is not None else ()
    return [c.default for r in together for c in r.columns if c.name == name]


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
    values = [
        _with(value, target.written.get(name), target.hidden)
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

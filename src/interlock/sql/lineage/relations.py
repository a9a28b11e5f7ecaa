"""Tables, views, sequences and WITH items as entries of FROM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from interlock.model.snapshot import Column, Relation
from interlock.sql.catalogs import SCHEMAS
from interlock.sql.lineage import ctes, views
from interlock.sql.lineage.expansions import Expanded
from interlock.sql.lineage.paths import words
from interlock.sql.lineage.scopes import Item, Scope
from interlock.sql.lineage.traced import StoredColumn
from interlock.sql.lineage.tracer import Tracer, Untraced
from interlock.sql.lineage.values import SCALAR_TYPE, Value, either
from interlock.sql.resolve import lookup

_UNKNOWN: Final = "a relation that we don't know"
_KINDS: Final = {"f": "a foreign table"}
_PLAIN: Final = frozenset({"r", "p", "S"})
_VIEWS: Final = frozenset({"v", "m"})
_SEQUENCE: Final = (Column(1, "last_value", 20), Column(2, "log_cnt", 20), Column(3, "is_called", 16))


def range_var(t: Tracer, fields: Any, scope: Scope) -> Item:
    """The entry of FROM that a name makes: a WITH item, else a relation. Raises `Untraced` for a catalog."""
    alias = fields.get("alias")
    name = fields["relname"]
    item = None
    if "schemaname" not in fields:
        item = ctes.item_of(t, name, alias["aliasname"] if alias else "", scope)
    if item is None:
        item = relation_item(t, found(t, fields), alias["aliasname"] if alias else "", name)
    return renamed(item, alias)


def found(t: Tracer, fields: Any) -> Relation | None:
    """The relation of a RangeVar; None when nothing is known of it. Raises `Untraced` for a catalog."""
    if "catalogname" in fields:
        return None
    place, relation = lookup(fields.get("schemaname", ""), fields["relname"], t.snapshot, t.state)
    if relation is None and (place in SCHEMAS or t.in_definition):
        raise Untraced
    if relation is not None and relation.is_temporary and t.calling and "schemaname" not in fields:
        return None  # a body may have been planned before this hid another: a kept plan goes on with that
    return relation


def relation_item(t: Tracer, relation: Relation | None, alias: str, name: str) -> Item:
    """A relation as an entry of FROM."""
    if relation is None:
        t.give_up(_UNKNOWN)
        return Item(alias or name, (), (), unknown=_UNKNOWN)
    known = expanded(t, relation)
    t.relations.add(relation.oid)
    t.relations |= known.relations
    if known.filters:
        t.filters |= known.filters
    if known.reads:
        t.reads |= known.reads
    for because in known.opaque:
        t.opaque[because] = None
    t.writes.extend(known.writes)
    t.changes |= known.changes
    return Item(
        alias or name,
        known.names,
        known.values,
        relation=0 if alias else relation.oid,
        system=relation.kind != "v",
        index=known.index,
    )


def expanded(t: Tracer, relation: Relation) -> Expanded:
    """A relation's columns, made once."""
    known = t.expansions.relations.get(relation.oid)
    if known is None:
        known = views.expand(t, relation) if relation.kind in _VIEWS else _stored(t, relation)
        t.expansions.relations[relation.oid] = known
    return known


def _stored(t: Tracer, relation: Relation) -> Expanded:
    columns = relation.columns or (_SEQUENCE if relation.kind == "S" else ())
    because = "" if relation.kind in _PLAIN else _KINDS.get(relation.kind, "a relation that isn't a table")
    return of_columns(columns, [_value(relation, column, because) for column in columns])


def _value(relation: Relation, column: Column, because: str) -> Value:
    stored = StoredColumn(relation.oid, column.number)
    return Value(frozenset({stored}), stored, column.type_oid or SCALAR_TYPE, None, None, because)


def of_columns(columns: tuple[Column, ...], values: list[Value]) -> Expanded:
    """Columns with their values, in the order of their numbers."""
    pairs = sorted(zip(columns, values, strict=True), key=lambda p: p[0].number)
    names = tuple(column.name for column, _ in pairs)
    return Expanded(names, tuple(value for _, value in pairs), {n: at for at, n in enumerate(names)})


def renamed(item: Item, alias: Any) -> Item:
    """An entry with the columns' names that its alias gives to the first of them."""
    names = words(alias.get("colnames")) if alias else ()
    if names:
        item.whole = _by_either_name(item.names, names, item.values)
        item.names, item.index = (*names, *item.names[len(names) :]), None
        if item.unknown:
            item.values = (*item.values, *(Value(opaque=item.unknown) for _ in item.names[len(item.values) :]))
    return item


def _by_either_name(own: Sequence[str], names: Sequence[str], values: Sequence[Value]) -> list[Value]:
    """The fields of a whole row, of which the first have other names than their type gives them.

    `(p).ssn` goes by the names of the alias `p (id, ssn)`, but once a table's row has gone through anything, its fields
    have the names of its type: `(coalesce(p, p)).ssn`. Where the two mean different columns it may be either.
    """
    typed = dict(zip(own, values, strict=False))
    told = [typed.get(shown, value) for shown, value in zip(names, values, strict=False)]
    return [v if v is t else either([v, t]) for v, t in zip(values, [*told, *values[len(told) :]], strict=True)]

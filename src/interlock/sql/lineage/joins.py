"""Joins: what USING merges, what an alias hides, and what ON sees (transformFromClauseItem in parse_clause.c)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from interlock.sql.lineage.expressions import check_operator
from interlock.sql.lineage.filters import pair
from interlock.sql.lineage.paths import words
from interlock.sql.lineage.relations import renamed
from interlock.sql.lineage.scopes import Item, Scope
from interlock.sql.lineage.tracer import Tracer
from interlock.sql.lineage.values import SCALAR_TYPE, Value, either

_UNMERGED: Final = "a join by columns that we don't know"


@dataclass(frozen=True, slots=True)
class Entries:
    """What an element of FROM adds: `main` holds its columns, `all` everything that names can reach."""

    main: Item
    all: list[Item]


Enter = Callable[[Tracer, Any, Scope, list[Item]], Entries]


def join(t: Tracer, fields: Any, scope: Scope, seen: list[Item], enter: Enter) -> Entries:
    """The entries of a JoinExpr."""
    left = enter(t, fields["larg"], scope, seen)
    right = enter(t, fields["rarg"], scope, [*seen, *left.all])
    unknown = left.main.unknown or right.main.unknown
    using = _using(t, fields, left.main, right.main)
    merged = [_merged(t, name, fields["jointype"], left.main, right.main) for name in using]
    if "quals" in fields:
        t.predicate(t, fields["quals"], scope.around([*left.all, *right.all]))
    names, values = [*using], [*merged]
    for side in (left.main, right.main):
        for name, value in zip(side.names, side.values, strict=True):
            if name not in using:
                names.append(name)
                values.append(value)
    alias = fields.get("alias")
    main = Item(alias["aliasname"] if alias else "", names, values, named=bool(alias), unknown=unknown)
    members = [] if alias else [item.hidden() for item in (*left.all, *right.all) if item.named]
    if "join_using_alias" in fields and not alias:
        members.append(Item(fields["join_using_alias"]["aliasname"], using, merged, bare=False))
    main = renamed(main, alias)
    return Entries(main, [*members, main])


def _using(t: Tracer, fields: Any, left: Item, right: Item) -> Sequence[str]:
    if not fields.get("isNatural"):
        return words(fields.get("usingClause"))
    if left.unknown or right.unknown:
        t.give_up(_UNMERGED)
    return [name for name in left.names if name in right.names]


def _merged(t: Tracer, name: str, how: str, left: Item, right: Item) -> Value:
    """One column of USING (buildMergedJoinVar): which side it is taken from, and the join that it makes."""
    ours, theirs = left.find(name), right.find(name)
    if ours is None or theirs is None:
        return t.give_up(_UNMERGED)
    for value in (ours, theirs):
        t.reads |= value.sources
        if value.opaque:
            t.opaque[value.opaque] = None
    check_operator(t, ("=",))
    pair(t, ours, None, theirs, None)
    if how == "JOIN_RIGHT":
        return theirs
    if how == "JOIN_LEFT":
        return ours
    same = ours.type_oid == theirs.type_oid and ours.type_oid > SCALAR_TYPE and ours.type_oid != 0
    if how == "JOIN_INNER" and same:
        return ours
    value = either([ours, theirs])
    return Value(value.sources, None, value.type_oid, value.fields, value.item, value.opaque)

"""Range-table entries and the resolution of names, as PostgreSQL's parse_relation.c has it.

A bare name is a column first, in every level outwards; only then a whole row. A join hides the columns of its members
from bare names, and with an alias the members too. What a level can't tell of may be anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from interlock.sql.lineage.values import SCALAR_TYPE, Value, row_of

if TYPE_CHECKING:
    from interlock.sql.lineage.ctes import CommonTable

SYSTEM_COLUMNS: Final = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
_SYSTEM: Final = Value(type_oid=SCALAR_TYPE)


@dataclass(slots=True)
class Item:
    """One entry of FROM: a table, subquery, join and the like, with its columns in order.

    `named`: reachable as `name.column`; `bare`: its columns are reachable without a name, and a star spreads them.
    `shown`: how many columns a star spreads (None: all). `unknown`: it may have any columns. `relation`: pg_class.oid
    of a table without an alias, which `schema.table.column` reaches. `scalar`: a whole row of it is its one column.
    `whole`: what the fields of its whole row may be, where these aren't just its columns.
    """

    name: str
    names: Sequence[str]
    values: Sequence[Value]
    named: bool = True
    bare: bool = True
    shown: int | None = None
    unknown: str = ""
    relation: int = 0
    system: bool = False
    scalar: bool = False
    index: Mapping[str, int] | None = None
    whole: Sequence[Value] | None = None

    def find(self, name: str) -> Value | None:
        """The column of a name; of two the first, since the server refuses what is ambiguous."""
        index = self.index
        if index is None:
            index = self.index = {n: at for at, n in reversed(list(enumerate(self.names)))}
        at = index.get(name)
        if at is not None:
            return self.values[at]
        return _SYSTEM if self.system and name in SYSTEM_COLUMNS else None

    def spread(self) -> tuple[Sequence[str], Sequence[Value]]:
        """What a star stands for."""
        return self.names[: self.shown], self.values[: self.shown]

    def row(self) -> Value:
        """Its whole row."""
        if self.scalar and len(self.values) == 1:
            return self.values[0]
        if self.unknown:
            return Value(opaque=self.unknown)
        names, values = self.spread()
        return row_of(zip(names, values if self.whole is None else self.whole[: self.shown], strict=True))

    def hidden(self) -> Item:
        """The same as a member of a join: reachable by its name alone."""
        return Item(
            self.name,
            self.names,
            self.values,
            self.named,
            False,
            self.shown,
            self.unknown,
            self.relation,
            self.system,
            self.scalar,
            self.index,
            self.whole,
        )


@dataclass(slots=True)
class Scope:
    """One level of names: what FROM gave, and the WITH items that begin here.

    `tables` are those of the level's own WITH alone; `parent` is the level around it. `transparent`: no query level of
    its own (what a subquery in FROM sees around it), so levels are counted past it.
    """

    parent: Scope | None = None
    items: list[Item] = field(default_factory=list)
    tables: dict[str, CommonTable] = field(default_factory=dict)
    transparent: bool = False

    def column(self, name: str) -> Value | None:
        """A bare name as a column, innermost level first. An opaque value where a level can't tell."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.own_column(name)
            if found is not None:
                return found
            scope = scope.parent
        return None

    def own_column(self, name: str) -> Value | None:
        """The same in this level alone."""
        unknown = ""
        for item in self.items:
            if item.bare:
                found = item.find(name)
                if found is not None:
                    return found
                unknown = unknown or item.unknown
        return Value(opaque=unknown) if unknown else None

    def item(self, name: str, relation: int = 0) -> Item | None:
        """The entry of a name, or the unaliased table of this oid, innermost level first."""
        scope: Scope | None = self
        while scope is not None:
            for item in scope.items:
                if item.named and item.name == name and (not relation or item.relation == relation):
                    return item
            scope = scope.parent
        return None

    def table(self, name: str) -> tuple[CommonTable, bool] | None:
        """The WITH item of a name, and whether it belongs to this very level of query."""
        scope: Scope | None = self
        own = True
        while scope is not None:
            found = scope.tables.get(name)
            if found is not None:
                return found, own
            own = own and scope.transparent
            scope = scope.parent
        return None

    def around(self, items: list[Item]) -> Scope:
        """What a subquery of this level's FROM has around it; `items`: what it sees of its neighbours (LATERAL)."""
        return Scope(self.parent, items, self.tables, True)

"""WITH: what each item returns, and who sees it (parse_cte.c).

Without RECURSIVE an item sees those before it; with it all see all, and themselves: then the rows are a fixpoint.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from interlock.sql.lineage.paths import words
from interlock.sql.lineage.scopes import Item, Scope
from interlock.sql.lineage.traced import How
from interlock.sql.lineage.tracer import Rows, Tracer
from interlock.sql.lineage.values import SCALAR_TYPE, Value, carrying

_ENDLESS: Final = "a WITH item that refers to itself in a way that we can't follow"
MOST_ROUNDS: Final = 64


@dataclass(slots=True)
class CommonTable:
    """One WITH item. `scope`: what its query has around it. `current`: its rows so far, while a fixpoint is sought."""

    fields: Any
    scope: Scope
    rows: Rows | None = None
    current: Rows | None = None
    entered: bool = False
    asked: bool = field(default=False)  # whether `current` was used


def add_tables(t: Tracer, clause: Any, scope: Scope) -> None:
    """Traces the items of a WITH clause and puts them in scope."""
    inner = Scope(scope.parent, [], {})
    for node in clause["ctes"]:
        fields = node["CommonTableExpr"]
        table = CommonTable(fields, inner)
        if clause.get("recursive"):
            inner.tables[fields["ctename"]] = table
        else:
            rows_of(t, table)
            inner = Scope(scope.parent, [], {**inner.tables, fields["ctename"]: table})
    for table in list(inner.tables.values()):
        rows_of(t, table)
    scope.tables = inner.tables


def item_of(t: Tracer, name: str, alias: str, scope: Scope) -> Item | None:
    """The entry of FROM that a WITH item of this name makes; None when none is in scope."""
    found = scope.table(name)
    if found is None:
        return None
    table, own = found
    rows = rows_of(t, table)
    shown = None
    if not own:  # the columns of SEARCH and CYCLE aren't spread further in
        added = ("search_clause" in table.fields) + 2 * ("cycle_clause" in table.fields)
        shown = len(rows.names) - added if added and table.rows is not None else None
    unknown = _ENDLESS if rows.unknown else ""
    return Item(alias or name, rows.names, rows.values, shown=shown, unknown=unknown)


def rows_of(t: Tracer, table: CommonTable) -> Rows:
    """What a WITH item returns, traced once."""
    if table.rows is not None:
        return table.rows
    if table.current is not None:
        table.asked = True
        return table.current
    if table.entered:
        t.give_up(_ENDLESS)
        return Rows((), (), unknown=True)
    table.entered = True
    query = table.fields["ctequery"]
    select = query.get("SelectStmt", {})
    rows = _fixpoint(t, table, select) if "larg" in select else _renamed(t.query(t, query, table.scope), table)
    table.current, table.rows = None, _searched(t, rows, table)
    return table.rows


def _fixpoint(t: Tracer, table: CommonTable, select: Any) -> Rows:
    """Rows of a set operation whose right side may refer to itself."""
    query = table.fields["ctequery"]
    if table.scope.tables.get(table.fields["ctename"]) is not table:
        return _renamed(t.query(t, query, table.scope), table)
    around = Scope(table.scope)
    if "withClause" in select:
        add_tables(t, select["withClause"], around)
    start = _renamed(t.query(t, {"SelectStmt": select["larg"]}, around), table)
    table.current = Rows(start.names, tuple(_stripped(v) for v in start.values), start.unknown)
    for _ in range(MOST_ROUNDS):
        table.asked = False
        rows = _renamed(t.query(t, query, table.scope), table)
        if not table.asked or _same(t, rows, table.current):
            return rows
        table.current = rows
    t.give_up(_ENDLESS)
    return Rows((), (), unknown=True)


def _stripped(value: Value) -> Value:
    return Value(value.sources, None, value.type_oid, value.fields, value.item, value.opaque)


def _same(t: Tracer, one: Rows, other: Rows) -> bool:
    return [_told(t, v) for v in one.values] == [_told(t, v) for v in other.values]


def _told(t: Tracer, value: Value) -> object:
    """What must stand still: a row's fields may still change where all of it together doesn't. Rows of rows can double
    in each round, so these are steps, too."""
    t.step()
    fields = tuple((name, _told(t, field)) for name, field in value.fields) if value.fields is not None else None
    return value.sources, value.opaque, fields, _told(t, value.item) if value.item is not None else None


def _renamed(rows: Rows, table: CommonTable) -> Rows:
    names = words(table.fields.get("aliascolnames"))
    if not names:
        return rows
    return Rows((*names, *rows.names[len(names) :]), rows.values, rows.unknown)


def _searched(t: Tracer, rows: Rows, table: CommonTable) -> Rows:
    """The columns that SEARCH and CYCLE add: all are made of the columns that these name."""
    names, values = list(rows.names), list(rows.values)
    found = dict(zip(rows.names, rows.values, strict=False))
    search, cycle = table.fields.get("search_clause"), table.fields.get("cycle_clause")
    if search:
        names.append(search["search_seq_column"])
        values.append(_made_of(t, found, search["search_col_list"], How.ORDER))
    if cycle:
        made = _made_of(t, found, cycle["cycle_col_list"], How.CONDITION)
        marks = [t.evaluate(t, cycle[f], table.scope) for f in ("cycle_mark_value", "cycle_mark_default")]
        names += [cycle["cycle_mark_column"], cycle["cycle_path_column"]]
        values += [carrying([made, *marks], SCALAR_TYPE), made]
    return Rows(tuple(names), tuple(values), rows.unknown)


def _made_of(t: Tracer, found: dict[str, Value], columns: Any, how: How) -> Value:
    value = carrying(found[name] if name in found else t.give_up(_ENDLESS) for name in words(columns))
    t.note(value.sources, how)
    return value

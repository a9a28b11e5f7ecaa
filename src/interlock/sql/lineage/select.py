"""SELECT and VALUES: target lists, what ORDER BY and GROUP BY mean by a name, and all that is tested on the way.

As parse_clause.c has it: ORDER BY and DISTINCT ON look for a bare name among the outputs first, GROUP BY among the
columns of FROM; an integer is a position.
"""

from __future__ import annotations

from typing import Any, Final

from interlock.sql.lineage import set_operations
from interlock.sql.lineage.calls import window
from interlock.sql.lineage.ctes import add_tables
from interlock.sql.lineage.expressions import check_operator
from interlock.sql.lineage.from_clause import add_items
from interlock.sql.lineage.naming import output_name
from interlock.sql.lineage.paths import words
from interlock.sql.lineage.scopes import Scope
from interlock.sql.lineage.traced import How
from interlock.sql.lineage.tracer import Rows, Tracer
from interlock.sql.lineage.values import Value, either
from interlock.sql.lineage.whole_rows import expanded, is_star, spread

_UNEVEN: Final = "lists of VALUES whose widths we can't tell"


def select(t: Tracer, fields: Any, parent: Scope | None) -> Rows:
    """What a SelectStmt returns."""
    scope = Scope(parent)
    if "withClause" in fields:
        add_tables(t, fields["withClause"], scope)
    if "larg" in fields:
        rows = set_operations.combine(t, fields, scope)
        scope.items = [set_operations.as_item(rows)]
    elif "valuesLists" in fields:
        rows = _values(t, fields["valuesLists"], scope)
    else:
        rows = _block(t, fields, scope)
    _order(t, fields, scope, rows)
    return rows


def _block(t: Tracer, fields: Any, scope: Scope) -> Rows:
    """One SELECT without set operations."""
    add_items(t, fields.get("fromClause", ()), scope)
    rows = targets(t, fields.get("targetList", ()), scope)
    for clause in ("whereClause", "havingClause"):
        if clause in fields:
            t.predicate(t, fields[clause], scope)
    if "groupClause" in fields:
        _group(t, fields["groupClause"], scope, rows)
    for node in fields.get("windowClause", ()):
        window(t, node["WindowDef"], scope)
    if "distinctClause" in fields:
        _distinct(t, fields["distinctClause"], scope, rows)
    return rows


def targets(t: Tracer, nodes: Any, scope: Scope) -> Rows:
    """A target list, stars spread."""
    names: list[str] = []
    values: list[Value] = []
    unknown = False
    for node in nodes:
        target = node["ResTarget"]
        value = target["val"]
        if not is_star(value):
            names.append(target["name"] if "name" in target else output_name(value))
            values.append(t.evaluate(t, value, scope))
            continue
        columns = spread(t, value, scope)
        unknown = unknown or columns is None
        for name, column in columns or ():
            names.append(name)
            values.append(column)
        t.check_width(len(values))
    return Rows(tuple(names), tuple(values), unknown)


def _values(t: Tracer, lists: Any, scope: Scope) -> Rows:
    rows = [expanded(t, node["List"]["items"], scope) for node in lists]
    width = len(rows[0])
    if any(len(row) != width for row in rows):
        t.give_up(_UNEVEN)
        return Rows((), (), unknown=True)
    merged = tuple(_constant_rows([row[at] for row in rows]) for at in range(width))
    return Rows(tuple(f"column{at + 1}" for at in range(width)), merged)


def _constant_rows(values: list[Value]) -> Value:
    """One column of VALUES: never plain, since its rows are a list that the statement makes."""
    value = either(values)
    if value.plain is None:
        return value
    return Value(value.sources, None, value.type_oid, value.fields, value.item, value.opaque)


def _order(t: Tracer, fields: Any, scope: Scope, rows: Rows) -> None:
    for node in fields.get("sortClause", ()):
        sort = node["SortBy"]
        if "useOp" in sort:
            check_operator(t, words(sort["useOp"]))
        t.note(_named(t, sort["node"], scope, rows).sources, How.ORDER)
    for clause in ("limitCount", "limitOffset"):
        if clause in fields:
            t.note(t.evaluate(t, fields[clause], scope).sources, How.ORDER)


def _named(t: Tracer, node: Any, scope: Scope, rows: Rows, *, columns_first: bool = False) -> Value:
    """What ORDER BY, GROUP BY or DISTINCT ON means by an expression."""
    ((kind, fields),) = node.items()
    if kind == "ColumnRef":
        path = words(fields["fields"])
        local = columns_first and len(path) == 1 and scope.own_column(path[0]) is not None
        if len(path) == 1 and not local and path[0] in rows.names:
            return rows.values[rows.names.index(path[0])]
    elif kind == "A_Const" and "ival" in fields:
        at: int = fields["ival"].get("ival", 0) - 1
        if 0 <= at < len(rows.values) and not rows.unknown:
            return rows.values[at]
        return t.give_up("a position in a list of outputs that we can't tell")
    value: Value = t.evaluate(t, node, scope)
    return value


def _group(t: Tracer, nodes: Any, scope: Scope, rows: Rows) -> None:
    stack = list(nodes)
    while stack:
        node = stack.pop()
        ((kind, fields),) = node.items()
        if kind == "GroupingSet":
            stack.extend(fields.get("content", ()))
        elif kind == "RowExpr" and fields.get("row_format") == "COERCE_IMPLICIT_CAST":
            stack.extend(fields.get("args", ()))
        else:
            t.note_value(_named(t, node, scope, rows, columns_first=True), How.GROUP)


def _distinct(t: Tracer, nodes: Any, scope: Scope, rows: Rows) -> None:
    if nodes == [{}]:
        for value in rows.values:
            t.note_value(value, How.GROUP)
        return
    for node in nodes:
        t.note_value(_named(t, node, scope, rows), How.GROUP)

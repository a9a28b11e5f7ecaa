"""UNION, INTERSECT, EXCEPT: columns of both sides by position, names of the leftmost."""

from __future__ import annotations

from typing import Any, Final

from interlock.sql.lineage.filters import pair
from interlock.sql.lineage.scopes import Item, Scope
from interlock.sql.lineage.traced import How
from interlock.sql.lineage.tracer import Rows, Tracer
from interlock.sql.lineage.values import Value, either

_OWN: Final = frozenset({"withClause", "sortClause", "limitCount", "limitOffset"})
_UNEVEN: Final = "a set operation whose sides we can't lay together"


def combine(t: Tracer, fields: Any, scope: Scope) -> Rows:
    """What a set operation returns. Long chains lean to the left, and are followed without recursion."""
    steps: list[Any] = [fields]
    while "larg" in (below := steps[-1]["larg"]) and _OWN.isdisjoint(below):
        t.step()
        steps.append(below)
    first = t.query(t, {"SelectStmt": steps[-1]["larg"]}, scope)
    branches = [first]
    for step in reversed(steps):
        branch = t.query(t, {"SelectStmt": step["rarg"]}, scope)
        _test(t, step, branches, branch)
        branches.append(branch)
    if any(b.unknown or len(b.values) != len(first.values) for b in branches):
        t.give_up(_UNEVEN)
        return Rows(first.names, first.values, unknown=True)
    return Rows(first.names, tuple(_column(branches, at) for at in range(len(first.values))))


def _column(branches: list[Rows], at: int) -> Value:
    value = either([branch.values[at] for branch in branches])
    return Value(value.sources, None, value.type_oid, value.fields, value.item, value.opaque)


def _test(t: Tracer, step: Any, before: list[Rows], branch: Rows) -> None:
    """UNION looks for repeats; INTERSECT and EXCEPT look each row of one side up in the other."""
    if step["op"] == "SETOP_UNION":
        for rows in (*before, branch) if not step.get("all") else ():
            for value in rows.values:
                t.note_value(value, How.GROUP)
        return
    for rows in before:
        for left, right in zip(rows.values, branch.values, strict=False):
            pair(t, left, None, right, None)


def as_item(rows: Rows) -> Item:
    """The outputs of a set operation as ORDER BY sees them."""
    return Item("", rows.names, rows.values, named=False, unknown=_UNEVEN if rows.unknown else "")

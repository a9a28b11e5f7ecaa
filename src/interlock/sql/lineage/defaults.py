"""What columns get that aren't given: the defaults of the snapshot, traced as the server printed them.

A default names no column and holds no subquery, so it brings nothing along unless it calls what we can't read. Numbers
of a sequence aren't values of any column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Relation
from interlock.sql.lineage.paths import words
from interlock.sql.lineage.scopes import Scope
from interlock.sql.lineage.tracer import Tracer, Untraced
from interlock.sql.lineage.values import Value
from interlock.sql.lineage.views import definition_tracer
from interlock.sql.parse import parse

_UNREAD: Final = "a column's default that we can't read"
_NUMBERS: Final = (("nextval",), ("pg_catalog", "nextval"))
_ALONE: Final = frozenset({"targetList", "limitOption", "op"})


def defaults_of(t: Tracer, relation: Relation) -> Mapping[str, Value]:
    """By column, the defaults that may bring something along; the others aren't among them. Made once."""
    known = t.expansions.defaults.get(relation.oid)
    if known is None:
        made = ((c.name, _value(t, c.default)) for c in relation.columns if c.default and not c.generated)
        known = {name: value for name, value in made if value.sources or value.opaque}
        t.expansions.defaults[relation.oid] = known
    return known


def _value(t: Tracer, text: str) -> Value:
    try:
        statements = parse(b"SELECT " + text.encode()).statements
    except NotUnderstood:
        return Value(opaque=_UNREAD)
    fields = statements[0].get("SelectStmt", {}) if len(statements) == 1 else {}
    if len(fields.get("targetList", ())) != 1 or not _ALONE.issuperset(fields):
        return Value(opaque=_UNREAD)
    below = definition_tracer(t)
    try:
        value = below.evaluate(below, _unnumbered(fields["targetList"][0]["ResTarget"]["val"]), Scope())
    except Untraced:
        return Value(opaque=_UNREAD)
    finally:
        t.steps = below.steps
    does_more = _UNREAD if below.changes or below.writes else ""
    return Value(value.sources, opaque=value.opaque or next(iter(below.opaque), does_more))


def _unnumbered(node: Any) -> Any:
    """The same expression with a constant for each number that it takes from a sequence."""
    if isinstance(node, list):
        return [_unnumbered(each) for each in node]
    if not isinstance(node, dict):
        return node
    call = node.get("FuncCall")
    if isinstance(call, dict) and words(call.get("funcname")) in _NUMBERS and _names_one(call.get("args", ())):
        return {"A_Const": {}}
    return {name: _unnumbered(value) for name, value in node.items()}


def _names_one(arguments: Any) -> bool:
    """Whether what is called is given one constant, cast or not."""
    node = arguments[0] if len(arguments) == 1 else {}
    while "TypeCast" in node:
        node = node["TypeCast"]["arg"]
    return "A_Const" in node

"""Function calls: what of their arguments comes out, what they test, and whether they can fail.

A name is the server's own, a user's routine, or a field of a row in functional notation (`ssn(p)`, `p.to_jsonb`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from interlock.sql.lineage import bodies, passing
from interlock.sql.lineage.passing import Given, Passing
from interlock.sql.lineage.paths import words
from interlock.sql.lineage.returns import ANY_ROW, ONLY_ARGUMENTS, note_rows, shaped
from interlock.sql.lineage.scopes import Scope
from interlock.sql.lineage.shapes import fields_of, is_array, is_row
from interlock.sql.lineage.traced import How
from interlock.sql.lineage.tracer import Tracer
from interlock.sql.lineage.values import SCALAR_TYPE, Value, carrying, either

_ORDERING: Final = frozenset({"max", "min", "mode", "percentile_cont", "percentile_disc"})
_BARE: Final[Mapping[str, Any]] = {}
_DECORATIONS: Final = frozenset(
    {"agg_order", "agg_filter", "over", "agg_star", "agg_distinct", "agg_within_group", "func_variadic"}
)

_UNKNOWN: Final = "a function that we don't know"
_MORE: Final = "a function that may show more than its arguments"


def call(t: Tracer, fields: Any, scope: Scope) -> Value:
    """The value of a FuncCall."""
    nodes = [_argument(node) for node in fields.get("args", ())]
    arguments = [t.evaluate(t, node, scope) for node in nodes]
    path = words(fields["funcname"])
    ordered = _tests(t, fields, arguments, scope)
    if len(arguments) == 1 and len(path) == 1 and path[0] not in ANY_ROW and _DECORATIONS.isdisjoint(fields):
        field = _projected(t, path[0], arguments[0])
        if field is not None:
            return field
    in_order = not fields.get("func_variadic") and not any("NamedArgExpr" in n for n in fields.get("args", ()))
    given = [given_of(t, n, v) for n, v in zip(nodes, arguments, strict=True)] if in_order else None
    if fields.get("agg_within_group") and passing.of(path[-1]) is not Passing.PLACES:
        arguments = [*arguments, *ordered]
        given = [*given, *(Given.COMPUTED for _ in ordered)] if given is not None else None
    value = apply(t, path, arguments, given, looks=not fields.get("agg_distinct"), node=fields)
    return _filtered(t, path[-1], value, fields, scope)


def _filtered(t: Tracer, name: str, value: Value, fields: Any, scope: Scope) -> Value:
    """A FILTER decides which rows an aggregate sees: what it tests can be told from the result, though not a count."""
    condition = fields.get("agg_filter")
    if condition is None:
        return value
    t.predicate(t, condition, scope)
    if passing.of(name) is Passing.RELEASES_NOTHING:
        return value
    return either([value], Value(t.evaluate(t, condition, scope).sources))


def _argument(node: Any) -> Any:
    return node["NamedArgExpr"]["arg"] if "NamedArgExpr" in node else node


def _projected(t: Tracer, name: str, row: Value) -> Value | None:
    """`f(p)` as `p.f`, which it is when no function of that name takes a row; both, when that can't be told."""
    fields = fields_of(t, row)
    field = next((v for n, v in fields if n == name), None) if fields is not None else None
    if field is None or t.is_users(name):
        return None
    if passing.of(name) is None and name not in ONLY_ARGUMENTS:
        return Value(field.sources, field.plain, field.type_oid, field.fields, field.item, field.opaque)
    return carrying([field, row])


def of_row(t: Tracer, name: str, row: Value) -> Value:
    """`x.name`: a field of a row, otherwise the function `name(x)`."""
    fields = fields_of(t, row)
    for found, value in fields or ():
        if found == name:
            return value
    if fields is None and is_row(t, row) is None:
        return t.give_up("fields of something whose type we don't know")
    return apply(t, (name,), [row], None)


def apply(
    t: Tracer,
    path: tuple[str, ...],
    values: list[Value],
    given: list[Given] | None,
    *,
    looks: bool = True,
    node: Any = _BARE,
) -> Value:
    """A call of the function of this name on these values. `looks`: what it only looks at is noted. `node`: its
    FuncCall, where it has one."""
    name = path[-1]
    elsewhere = len(path) > 1 and (path[0] != "pg_catalog" or t.is_users_in_catalog(name))
    if elsewhere or (len(path) == 1 and t.is_users(name)):
        return bodies.routine(t, path, bodies.called(values, node))
    how = Passing.CARRIES if name in ONLY_ARGUMENTS else passing.of(name)
    if how is None:
        return _opaque(t, _UNKNOWN, values)
    if how is Passing.OPAQUE:
        return _opaque(t, _MORE, values)
    if passing.may_fail(name, given):
        for value in values:
            t.note(value.sources, How.ERROR)
    if how is Passing.RELEASES_NOTHING:
        for value in values if looks else ():
            _note_look(t, value)
        return _released(t, name, values)
    note_rows(t, name, values)
    return shaped(t, name, values)


def _released(t: Tracer, name: str, values: list[Value]) -> Value:
    """Nothing; unless the one argument may be a row with a field of that name, which the call then is."""
    if len(values) == 1 and name not in ANY_ROW and is_row(t, values[0]) is not False:
        return carrying(values)
    return Value(type_oid=SCALAR_TYPE)


def _opaque(t: Tracer, because: str, values: list[Value]) -> Value:
    value = carrying(values)
    value.opaque = because
    t.opaque[because] = None
    return value


def _note_look(t: Tracer, value: Value) -> None:
    if value.fields is None:
        t.note_value(value, How.NULLNESS)
        return
    for _, field in value.fields:
        _note_look(t, field)


def _tests(t: Tracer, fields: Any, arguments: list[Value], scope: Scope) -> list[Value]:
    """Notes what DISTINCT, ORDER BY and OVER test; returns the values of WITHIN GROUP or ORDER BY."""
    name = words(fields["funcname"])[-1]
    ordered = [t.evaluate(t, node["SortBy"]["node"], scope) for node in fields.get("agg_order", ())]
    for value in ordered:
        t.note(value.sources, How.ORDER)
    if fields.get("agg_distinct"):
        for value in arguments:
            t.note_value(value, How.GROUP)
    if name in _ORDERING and arguments:
        t.note(arguments[0].sources, How.ORDER)
    if "over" in fields:
        window(t, fields["over"], scope)
    return ordered


def window(t: Tracer, fields: Any, scope: Scope) -> None:
    """Notes what a window's definition tests."""
    for node in fields.get("partitionClause", ()):
        t.note_value(t.evaluate(t, node, scope), How.GROUP)
    for node in fields.get("orderClause", ()):
        t.note(t.evaluate(t, node["SortBy"]["node"], scope).sources, How.ORDER)
    for name in ("startOffset", "endOffset"):
        if name in fields:
            t.note(t.evaluate(t, fields[name], scope).sources, How.CONDITION)


def given_of(t: Tracer, node: Any, value: Value) -> Given:
    """What an argument is, for the tables of what can fail."""
    while "TypeCast" in node:
        node = node["TypeCast"]["arg"]
    if "A_Const" in node or ("ParamRef" in node and not t.parameters):
        return Given.CONSTANT
    if "A_ArrayExpr" in node or (value.plain is not None and is_array(t, value)):
        return Given.ARRAY
    return Given.COLUMN if value.plain is not None else Given.COMPUTED

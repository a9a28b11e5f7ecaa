"""What an expression carries: one handler for each type of node. A type without one is opaque."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from interlock.sql.functions import BUILT_IN_OPERATORS
from interlock.sql.lineage.calls import call, given_of
from interlock.sql.lineage.json_xml import HANDLERS as JSON_XML
from interlock.sql.lineage.passing import Given, operator_may_fail
from interlock.sql.lineage.paths import words
from interlock.sql.lineage.scopes import Scope
from interlock.sql.lineage.shapes import cast_fails, is_array, type_named
from interlock.sql.lineage.traced import How
from interlock.sql.lineage.tracer import MOST_STEPS, TooMuch, Tracer
from interlock.sql.lineage.values import NOTHING, SCALAR_TYPE, UNKNOWN_TYPE, UNTYPED, Value, carrying, either, row_of
from interlock.sql.lineage.whole_rows import column_ref, expanded, indirection

_OPERATOR: Final = "an operator outside pg_catalog"
_NODE: Final = "an expression that we don't know"

Handler = Callable[[Tracer, Any, Scope], Value]


def evaluate(t: Tracer, node: Any, scope: Scope) -> Value:
    """The value of an expression, as it stands in the tree. What may fail in it is noted as a test."""
    ((kind, fields),) = node.items()
    if kind == "A_Const":
        return NOTHING
    if kind != "ParamRef":  # neither is counted: bulk inserts have many
        t.steps += 1
        if t.steps > MOST_STEPS:
            raise TooMuch
    handler = _HANDLERS.get(kind)
    return handler(t, fields, scope) if handler is not None else t.give_up(_NODE)


def check_operator(t: Tracer, path: tuple[str, ...]) -> str:
    """Why an operator is opaque; empty for the server's own."""
    bare = path[-1]
    ours = path[0] == "pg_catalog" if len(path) > 1 else t.in_definition or bare not in t.snapshot.operators
    if ours and bare in BUILT_IN_OPERATORS:
        return ""
    t.opaque[_OPERATOR] = None
    return _OPERATOR


def implied(t: Tracer, fields: Any) -> str:
    """The same for the operators that an A_Expr stands for."""
    kind, path = fields["kind"], words(fields["name"])
    if "BETWEEN" in kind:
        return check_operator(t, ("<=",)) or check_operator(t, (">=",))
    return check_operator(t, path)


def _nothing(t: Tracer, fields: Any, scope: Scope) -> Value:
    return NOTHING


def _parameter(t: Tracer, fields: Any, scope: Scope) -> Value:
    return t.parameters.get(fields.get("number", 0), UNTYPED)


def _a_expr(t: Tracer, fields: Any, scope: Scope) -> Value:
    """Operators. Long chains of them lean to the left, and are followed without recursion."""
    chain = [fields]
    while chain[-1]["kind"] == "AEXPR_OP":
        below = chain[-1].get("lexpr", {}).get("A_Expr")
        if below is None:
            break
        t.step()
        chain.append(below)
    value = _leftmost(t, chain[-1], scope)
    for outer in reversed(chain[:-1]):
        value = _operated(t, outer, Given.COMPUTED, value, scope)
    return value


def _leftmost(t: Tracer, fields: Any, scope: Scope) -> Value:
    kind = fields["kind"]
    if kind == "AEXPR_OP":
        if "lexpr" not in fields:
            return _operated(t, fields, Given.CONSTANT, NOTHING, scope)
        left = t.evaluate(t, fields["lexpr"], scope)
        return _operated(t, fields, given_of(t, fields["lexpr"], left), left, scope)
    why = implied(t, fields)
    left = t.evaluate(t, fields["lexpr"], scope)
    right = _operands(t, fields["rexpr"], scope)
    value = carrying([left, *right], left.type_oid if kind == "AEXPR_NULLIF" else SCALAR_TYPE)
    if kind == "AEXPR_NULLIF":
        value = either([left], carrying(right))
    if "OP_A" in kind or "LIKE" in kind or kind == "AEXPR_SIMILAR":
        _note_failing(
            t, fields, given_of(t, fields["lexpr"], left), left, given_of(t, fields["rexpr"], right[0]), right[0]
        )
    return _marked(Value(value.sources, None, value.type_oid, value.fields, value.item, value.opaque), why)


def _operands(t: Tracer, node: Any, scope: Scope) -> list[Value]:
    if "List" in node:
        return expanded(t, node["List"]["items"], scope)
    return [t.evaluate(t, node, scope)]


def _operated(t: Tracer, fields: Any, given: Given, left: Value, scope: Scope) -> Value:
    path = words(fields["name"])
    why = check_operator(t, path)
    right = t.evaluate(t, fields["rexpr"], scope)
    _note_failing(t, fields, given, left, given_of(t, fields["rexpr"], right), right)
    value = carrying((left, right), SCALAR_TYPE)
    if path[-1] == "||":
        _joined(t, value, left, right)
    return _marked(value, why)


def _joined(t: Tracer, value: Value, left: Value, right: Value) -> None:
    """Arrays that are joined keep what they are made of."""
    if any(is_array(t, v) and v.item is not None for v in (left, right)):
        value.item = either([carrying([v.item or v]) if v.item is None else v.item for v in (left, right)])
        value.type_oid = UNKNOWN_TYPE
    elif UNKNOWN_TYPE in (left.type_oid, right.type_oid) or max(left.type_oid, right.type_oid) > SCALAR_TYPE:
        known = {left.type_oid, right.type_oid}
        value.type_oid = SCALAR_TYPE if all(SCALAR_TYPE <= k < 16384 and k != UNKNOWN_TYPE for k in known) else 0


def _marked(value: Value, why: str) -> Value:
    if why:
        value.opaque = why
    return value


def _note_failing(t: Tracer, fields: Any, given: Given, left: Value, other: Given, right: Value) -> None:
    if (left.sources or right.sources) and operator_may_fail(words(fields["name"])[-1], given, other):
        t.note(left.sources | right.sources, How.ERROR)


def _bool(t: Tracer, fields: Any, scope: Scope) -> Value:
    return carrying([t.evaluate(t, node, scope) for node in fields["args"]], SCALAR_TYPE)


def _of_argument(t: Tracer, fields: Any, scope: Scope) -> Value:
    return carrying([t.evaluate(t, fields["arg"], scope)], SCALAR_TYPE)


def _collated(t: Tracer, fields: Any, scope: Scope) -> Value:
    value = t.evaluate(t, fields["arg"], scope)
    return Value(value.sources, None, value.type_oid, None, value.item, value.opaque)


def _cast(t: Tracer, fields: Any, scope: Scope) -> Value:
    value = t.evaluate(t, fields["arg"], scope)
    oid, why = type_named(t, fields["typeName"])
    if why:
        t.opaque[why] = None
    if value.sources and cast_fails(value, oid, fields["typeName"]):
        t.note(value.sources, How.ERROR)
    fields_kept = value.fields if oid == UNKNOWN_TYPE else None
    return Value(value.sources, None, oid, fields_kept, None, value.opaque or why)


def _case(t: Tracer, fields: Any, scope: Scope) -> Value:
    results, conditions = [], []
    subject = fields.get("arg")
    if subject is not None:
        conditions.append(t.evaluate(t, subject, scope))
    for node in fields["args"]:
        when = node["CaseWhen"]
        test = when["expr"]
        if subject is not None:
            test = {"A_Expr": {"kind": "AEXPR_OP", "name": _EQUALS, "lexpr": subject, "rexpr": when["expr"]}}
        t.predicate(t, test, scope)
        conditions.append(t.evaluate(t, test, scope))
        results.append(t.evaluate(t, when["result"], scope))
    if "defresult" in fields:
        results.append(t.evaluate(t, fields["defresult"], scope))
    value = either(results, carrying(conditions))
    return Value(value.sources, None, value.type_oid, value.fields, value.item, value.opaque)


_EQUALS: Final = [{"String": {"sval": "="}}]


def _one_of(t: Tracer, fields: Any, scope: Scope) -> Value:
    value = either([t.evaluate(t, node, scope) for node in fields["args"]])
    return Value(value.sources, None, value.type_oid, value.fields, value.item, value.opaque)


def _most(t: Tracer, fields: Any, scope: Scope) -> Value:
    values = [t.evaluate(t, node, scope) for node in fields["args"]]
    why = check_operator(t, ("<",))
    whole = carrying(values)
    t.note(whole.sources, How.ORDER)
    return _marked(either(values, whole) if len(values) > 1 else carrying(values), why)


def _row(t: Tracer, fields: Any, scope: Scope) -> Value:
    names = (f"f{at}" for at in range(1, 10_000))
    return row_of(zip(names, expanded(t, fields.get("args", ()), scope), strict=False))


def _array(t: Tracer, fields: Any, scope: Scope) -> Value:
    values = [t.evaluate(t, node, scope) for node in fields.get("elements", ())]
    made = carrying(values)
    made.item = either(values) if values else NOTHING
    if made.item.item is not None:  # ARRAY[[1, 2], [3, 4]] is one array of two dimensions
        made.item = made.item.item
    return made


def _sublink(t: Tracer, fields: Any, scope: Scope) -> Value:
    kind = fields["subLinkType"]
    rows = t.query(t, fields["subselect"], scope)
    if kind == "EXISTS_SUBLINK":
        return NOTHING
    if rows.unknown or not rows.values:
        return t.give_up("a subquery of columns that we don't know")
    if kind == "EXPR_SUBLINK":
        return _scalar(rows.values[0]) if len(rows.values) == 1 else row_of(zip(rows.names, rows.values, strict=True))
    if kind == "ARRAY_SUBLINK":
        made = carrying(rows.values[:1])
        made.item = rows.values[0].item or rows.values[0]
        return made
    if kind not in ("ANY_SUBLINK", "ALL_SUBLINK"):
        return t.give_up(_NODE)
    why = check_operator(t, words(fields.get("operName")) or ("=",))
    return _marked(carrying([t.evaluate(t, fields["testexpr"], scope), *rows.values], SCALAR_TYPE), why)


def _scalar(value: Value) -> Value:
    return Value(value.sources, None, value.type_oid, value.fields, value.item, value.opaque)


def _grouping(t: Tracer, fields: Any, scope: Scope) -> Value:
    for node in fields["args"]:
        t.evaluate(t, node, scope)
    return NOTHING


def _multi_assigned(t: Tracer, fields: Any, scope: Scope) -> Value:
    """One column of `SET (a, b) = ...`."""
    source, at = fields["source"], fields["colno"] - 1
    ((kind, inner),) = source.items()
    if kind == "RowExpr":
        values = expanded(t, inner["args"], scope)
    elif kind == "SubLink":
        rows = t.query(t, inner["subselect"], scope)
        values = [] if rows.unknown else [_scalar(v) for v in rows.values]
    else:
        return carrying([t.evaluate(t, source, scope)])
    return values[at] if at < len(values) else t.give_up("an assignment that we can't follow")


_HANDLERS: Final[Mapping[str, Handler]] = {
    "ColumnRef": column_ref,
    "A_Const": _nothing,
    "ParamRef": _parameter,
    "A_Expr": _a_expr,
    "BoolExpr": _bool,
    "FuncCall": call,
    "TypeCast": _cast,
    "CollateClause": _collated,
    "CaseExpr": _case,
    "CoalesceExpr": _one_of,
    "MinMaxExpr": _most,
    "NullTest": _of_argument,
    "BooleanTest": _of_argument,
    "RowExpr": _row,
    "A_ArrayExpr": _array,
    "A_Indirection": indirection,
    "SubLink": _sublink,
    "GroupingFunc": _grouping,
    "SQLValueFunction": _nothing,
    "SetToDefault": _nothing,
    "CurrentOfExpr": _nothing,
    "MergeSupportFunc": _nothing,
    "MultiAssignRef": _multi_assigned,
    **JSON_XML,
}

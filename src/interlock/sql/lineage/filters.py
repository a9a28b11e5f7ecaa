"""Conditions: which columns they test, and how much each test tells.

A plain column against constants is an equality, against a plain column a join; whatever can't be told so simply is a
condition, among it comparison with values that the statement computes or lists itself (VALUES, unnest).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from interlock.sql.lineage.calls import given_of
from interlock.sql.lineage.expressions import check_operator, evaluate, implied
from interlock.sql.lineage.passing import operator_may_fail
from interlock.sql.lineage.paths import words
from interlock.sql.lineage.scopes import Scope
from interlock.sql.lineage.traced import How
from interlock.sql.lineage.tracer import Rows, Tracer
from interlock.sql.lineage.values import Value
from interlock.sql.lineage.whole_rows import is_star

Constants = tuple[tuple[int, ...], tuple[int, ...]]
"""Byte offsets of literals, and numbers of parameters."""

_RANGES: Final = frozenset({"<", ">", "<=", ">="})
_PATTERNS: Final = frozenset({"~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*", "^@", "@@", "@@@", "~<~", "~>~"})
_EQUALS: Final = frozenset({"=", "<>", "!="})
_HOW: Final[Mapping[str, How]] = {**dict.fromkeys(_RANGES, How.RANGE), **dict.fromkeys(_PATTERNS, How.PATTERN)}


def predicate(t: Tracer, node: Any, scope: Scope) -> None:
    """Notes what a condition tests. NOT, <> and NOT IN tell as much as their opposites."""
    stack = [node]
    while stack:
        t.step()
        here = stack.pop()
        ((kind, fields),) = here.items()
        if kind == "BoolExpr":
            stack.extend(reversed(fields["args"]))
        elif kind == "A_Expr":
            _compared(t, here, scope)
        elif kind == "NullTest":
            _note_null(t, evaluate(t, fields["arg"], scope))
        elif kind == "BooleanTest":
            stack.append(fields["arg"])
        elif kind == "SubLink":
            _sublink(t, here, scope)
        else:
            t.note(evaluate(t, here, scope).sources, How.CONDITION)


def _note_null(t: Tracer, value: Value) -> None:
    if value.fields is None:
        t.note_value(value, How.NULLNESS)
        return
    for _, field in value.fields:
        _note_null(t, field)


def _compared(t: Tracer, node: Any, scope: Scope) -> None:
    fields = node["A_Expr"]
    kind, op = fields["kind"], words(fields["name"])[-1]
    if "lexpr" not in fields or kind == "AEXPR_NULLIF" or implied(t, fields):
        t.note(evaluate(t, node, scope).sources, How.CONDITION)
    elif kind == "AEXPR_IN":
        _in_list(t, fields, scope)
    elif op in _EQUALS:
        _equal(t, fields["lexpr"], fields["rexpr"], scope)
    else:
        how = How.RANGE if "BETWEEN" in kind else _HOW.get(op, How.CONDITION)
        _related(t, node, how, scope)


def _related(t: Tracer, node: Any, how: How, scope: Scope) -> None:
    """Any comparison but equality: both sides are tested in its way."""
    fields = node["A_Expr"]
    if fields["kind"] == "AEXPR_OP":
        left, right = fields["lexpr"], fields["rexpr"]
        values = [evaluate(t, left, scope), evaluate(t, right, scope)]
        _note_failing(t, words(fields["name"])[-1], [left, right], values)
    else:
        rest = fields["rexpr"]["List"]["items"] if "List" in fields["rexpr"] else [fields["rexpr"]]
        values = [evaluate(t, n, scope) for n in (fields["lexpr"], *rest)]
        if len(values) == 2:
            _note_failing(t, words(fields["name"])[-1], [fields["lexpr"], *rest], values)
    for value in values:
        _note_fields(t, value, how)


def _note_failing(t: Tracer, op: str, nodes: list[Any], values: list[Value]) -> None:
    columns = values[0].sources | values[1].sources
    if columns and operator_may_fail(op, given_of(t, nodes[0], values[0]), given_of(t, nodes[1], values[1])):
        t.note(columns, How.ERROR)


def _note_fields(t: Tracer, value: Value, how: How) -> None:
    if value.fields is None:
        t.note_value(value, how)
        return
    for _, field in value.fields:
        _note_fields(t, field, how)


def _in_list(t: Tracer, fields: Any, scope: Scope) -> None:
    items = fields["rexpr"]["List"]["items"]
    constants = [constants_of(t, item) for item in items]
    if all(c is not None for c in constants):
        left = evaluate(t, fields["lexpr"], scope)
        found = [c for c in constants if c is not None]
        literals = tuple(at for c in found for at in c[0])
        pair(t, left, None, Value(), (literals, tuple(n for c in found for n in c[1])))
        return
    for item in items:
        _equal(t, fields["lexpr"], item, scope)


def _equal(t: Tracer, left: Any, right: Any, scope: Scope) -> None:
    """What an equality of two expressions tests, rows of them pair by pair."""
    ours, theirs = left.get("RowExpr", {}).get("args", ()), right.get("RowExpr", {}).get("args", ())
    if ours and len(ours) == len(theirs) and not any(is_star(n) for n in (*ours, *theirs)):
        for one, other in zip(ours, theirs, strict=True):
            _equal(t, one, other, scope)
        return
    a, b = evaluate(t, left, scope), evaluate(t, right, scope)
    pair(t, a, constants_of(t, left), b, constants_of(t, right))


def pair(t: Tracer, left: Value, ours: Constants | None, right: Value, theirs: Constants | None) -> None:
    """Notes that two values are compared for equality; `ours` and `theirs` where they are constants."""
    if ours is not None or theirs is not None:
        value, constants = (left, theirs) if ours is None else (right, ours)
        if constants is not None and value.plain is not None:
            t.note_equality(value.sources, *constants)
        else:
            t.note(value.sources, How.CONDITION)
    elif left.plain is not None and right.plain is not None:
        t.note_join(left.sources, left.plain, right.sources, right.plain)
    else:
        t.note(left.sources, How.CONDITION)
        t.note(right.sources, How.CONDITION)


def constants_of(t: Tracer, node: Any) -> Constants | None:
    """The constants that an expression is: one, a cast of one, an array of some; None when it is anything else.

    Those of a view's or a function's text have no place in the statement's, nor are they the asker's choice.
    """
    literals: list[int] = []
    parameters: list[int] = []
    stack = [node]
    while stack:
        ((kind, fields),) = stack.pop().items()
        if kind == "TypeCast":
            stack.append(fields["arg"])
        elif kind == "A_ArrayExpr":
            stack.extend(reversed(fields.get("elements", ())))
        elif kind == "A_Const":
            literals.append(fields.get("location", 0))
        elif kind == "ParamRef" and not t.calling:
            parameters.append(fields.get("number", 0))
        else:
            return None
    if t.in_definition or t.calling:
        return (), ()
    return tuple(literals), tuple(parameters)


def _sublink(t: Tracer, node: Any, scope: Scope) -> None:
    fields = node["SubLink"]
    kind = fields["subLinkType"]
    if kind == "EXISTS_SUBLINK":
        t.query(t, fields["subselect"], scope)
        return
    op = words(fields.get("operName")) or ("=",)
    if kind not in ("ANY_SUBLINK", "ALL_SUBLINK") or check_operator(t, op):
        t.note(evaluate(t, node, scope).sources, How.CONDITION)
        return
    test = fields["testexpr"]
    nodes = test["RowExpr"]["args"] if "RowExpr" in test and not any(map(is_star, test["RowExpr"]["args"])) else [test]
    rows: Rows = t.query(t, fields["subselect"], scope)
    values = [evaluate(t, n, scope) for n in nodes]
    if rows.unknown or len(values) != len(rows.values):
        for value in (*values, *rows.values):
            t.note(value.sources, How.CONDITION)
        return
    for at, value in enumerate(values):
        if op[-1] in _EQUALS:
            pair(t, value, constants_of(t, nodes[at]), rows.values[at], None)
        else:
            _note_fields(t, value, _HOW.get(op[-1], How.CONDITION))
            _note_fields(t, rows.values[at], _HOW.get(op[-1], How.CONDITION))

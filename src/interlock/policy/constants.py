"""Conditions that come out the same whatever is asked: a forbid behind one never fires, or its condition is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from cedarpy import pst

from interlock.policy import reads

_HOURS = range(24)
_ORDERS: Mapping[str, Callable[[int, int], bool]] = MappingProxyType(
    {
        "eq": lambda one, other: one == other,
        "not_eq": lambda one, other: one != other,
        "less": lambda one, other: one < other,
        "less_eq": lambda one, other: one <= other,
        "greater": lambda one, other: one > other,
        "greater_eq": lambda one, other: one >= other,
    }
)


def constant_mistakes(tree: pst.Template) -> Iterator[str]:
    """A sentence for each clause, and each comparison of the hour, that is always true or always false."""
    for clause in tree.clauses:
        value = _constant(clause.expr)
        if value is not None:
            word = "when" if isinstance(clause, pst.When) else "unless"
            yield f"this `{word}` is always {_said(value)}, whatever is asked"
    for node in reads.nodes(tree.clauses):
        value = _hour(node)
        if value is not None:
            yield f"an hour is 0 to 23, so this comparison is always {_said(value)}"
    for op, parts in reads.comparisons(tree):
        if op.startswith("contains") and any(map(_is_hour, parts)):
            for part in parts:
                if isinstance(part, pst.LongLit) and part.value not in _HOURS:
                    yield f"an hour is 0 to 23 and never {part.value}"


def _constant(expression: object) -> bool | None:
    """What an expression always is; None when it depends. Nested at most 100 deep, as Cedar's trees are."""
    match expression:
        case pst.BoolLit(value=value):
            return value
        case pst.UnaryOp(op="not", arg=arg):
            inner = _constant(arg)
            return None if inner is None else not inner
        case pst.BinaryOp(op="and" | "or" as op, left=left, right=right):
            return _joined(op == "or", _constant(left), _constant(right))
        case pst.BinaryOp(op="eq" | "not_eq" as op, left=left, right=right) if _literal(left) and _literal(right):
            return (left == right) is (op == "eq")
        case pst.BinaryOp(op=op, left=pst.LongLit(value=one), right=pst.LongLit(value=other)) if op in _ORDERS:
            return _ORDERS[op](one, other)
        case pst.IfThenElse(cond=cond, then_expr=then, else_expr=otherwise):
            return _chosen(_constant(cond), _constant(then), _constant(otherwise))
        case _:
            return _hour(expression)


def _joined(decisive: bool, left: bool | None, right: bool | None) -> bool | None:
    """`or` is decided by one true part, `and` by one false one."""
    if decisive in (left, right):
        return decisive
    return None if left is None or right is None else not decisive


def _chosen(cond: bool | None, then: bool | None, otherwise: bool | None) -> bool | None:
    if cond is None:
        return then if then is otherwise else None
    return then if cond else otherwise


def _hour(node: object) -> bool | None:
    """What a comparison of the hour with a number always is."""
    if not isinstance(node, pst.BinaryOp) or node.op not in _ORDERS:
        return None
    order = _ORDERS[node.op]
    match node.left, node.right:
        case left, pst.LongLit(value=number) if _is_hour(left):
            found = {order(hour, number) for hour in _HOURS}
        case pst.LongLit(value=number), right if _is_hour(right):
            found = {order(number, hour) for hour in _HOURS}
        case _:
            return None
    return found.pop() if len(found) == 1 else None


def _is_hour(part: object) -> bool:
    return isinstance(part, pst.GetAttr) and part.attr == "hour"


def _literal(part: object) -> bool:
    return isinstance(part, pst.BoolLit | pst.LongLit | pst.StringLit | pst.EntityLit)


def _said(value: bool) -> str:
    return "true" if value else "false"

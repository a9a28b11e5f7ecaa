"""Conditions that come out the same whatever is asked: a forbid behind one never fires, or its condition is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from cedarpy import pst

from interlock.policy import reads
from interlock.policy.schema import WINDOW, WINDOWS

_HOURS = range(24)
_COUNTS = range(2**63)  # Cedar's Long, from 0
_COUNTED = frozenset(("context", "recent", window, name) for window in WINDOWS for name in WINDOW if name != "labels")
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


def constant_mistakes(clauses: Iterable[pst.Clause], parts: Sequence[object]) -> Iterator[str]:
    """A sentence for each clause, and each comparison of the hour or a count, that is always true or always false.

    `parts` are all nodes of the clauses.
    """
    for clause in clauses:
        value = _constant(clause.expr)
        if value is not None:
            word = "when" if isinstance(clause, pst.When) else "unless"
            yield f"this `{word}` is always {_said(value)}, whatever is asked"
    for node in parts:
        value = _bounded(node)
        if value is not None:
            yield f"{_bounds(node)}, so this comparison is always {_said(value)}"
    for op, compared in reads.comparisons(parts):
        if op.startswith("contains"):
            yield from _never_among(compared)


def _never_among(parts: tuple[object, ...]) -> Iterator[str]:
    """Numbers in a set that is asked for an hour or a count, and that neither ever is."""
    ranges = [(part, found) for part in parts if (found := _range(part)) is not None]
    for number in (_number(part) for part in parts):
        if number is not None and ranges and all(number not in found for _, found in ranges):
            yield f"{_called(ranges[0][0])} and never {number}"


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
            return _bounded(expression)


def _joined(decisive: bool, left: bool | None, right: bool | None) -> bool | None:
    """`or` is decided by one true part, `and` by one false one."""
    if decisive in (left, right):
        return decisive
    return None if left is None or right is None else not decisive


def _chosen(cond: bool | None, then: bool | None, otherwise: bool | None) -> bool | None:
    if cond is None:
        return then if then is otherwise else None
    return then if cond else otherwise


def _bounded(node: object) -> bool | None:
    """What a comparison of the hour or of a count with a number always is."""
    if not isinstance(node, pst.BinaryOp) or node.op not in _ORDERS:
        return None
    order = _ORDERS[node.op]
    left, right = _range(node.left), _range(node.right)
    one, other = _number(node.left), _number(node.right)
    if left is not None and other is not None:
        found = {order(each, other) for each in _telling(left, other)}
    elif right is not None and one is not None:
        found = {order(one, each) for each in _telling(right, one)}
    else:
        return None
    return found.pop() if len(found) == 1 else None


def _telling(values: range, number: int) -> Iterator[int]:
    """Members of a range that compare with a number in every way that any member does: its ends, and those nearby."""
    yield from (values[0], values[-1])
    yield from (each for each in (number - 1, number, number + 1) if each in values)


def _range(part: object) -> range | None:
    """What a part may come to, where that is known. A tool may call an argument `hour` too."""
    if not isinstance(part, pst.GetAttr) or reads.is_input(part):
        return None
    if reads.path(part) in _COUNTED:
        return _COUNTS
    return _HOURS if part.attr == "hour" and reads.path(part)[1:2] != ("recent",) else None


def _number(part: object) -> int | None:
    match part:
        case pst.LongLit(value=value):
            return value
        case pst.UnaryOp(op="neg", arg=pst.LongLit(value=value)):
            return -value
        case _:
            return None


def _bounds(node: object) -> str:
    assert isinstance(node, pst.BinaryOp)
    return _called(node.left if _range(node.left) is not None else node.right)


def _called(part: object) -> str:
    return "an hour is 0 to 23" if _range(part) is _HOURS else "a count is 0 or more"


def _literal(part: object) -> bool:
    return isinstance(part, pst.BoolLit | pst.LongLit | pst.StringLit | pst.EntityLit)


def _said(value: bool) -> str:
    return "true" if value else "false"

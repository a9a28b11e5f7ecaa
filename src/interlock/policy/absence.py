"""Policies that ask whether a label is absent, which is easily wrong.

Absent is also what nobody catalogued. So a permit that needs a label's absence lets through what was never looked at,
and a forbid that needs it is turned off by whoever adds a column with that label to the statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cedarpy import pst

from interlock.policy import reads
from interlock.policy.schema import LABEL_SETS

_COMPARES: Final = ("eq", "not_eq")


def absence_tests(tree: pst.Template) -> tuple[str, ...]:
    """What a policy asks the absence of: the labels, or `any label`; repeats left out."""
    found: dict[str, None] = {}
    for clause in tree.clauses:
        found.update(dict.fromkeys(_absent(clause.expr, frozenset({isinstance(clause, pst.When)}))))
    return tuple(found)


def _absent(expression: object, wanted: frozenset[bool]) -> Iterator[str]:
    """The tests below an expression that come out true by absence. `wanted`: what helps the policy to fire.

    Nested at most 100 deep, as Cedar's trees are.
    """
    match expression:
        case pst.UnaryOp(op="not", arg=arg):
            yield from _absent(arg, frozenset(not each for each in wanted))
        case pst.BinaryOp(op="and" | "or", left=left, right=right):
            yield from _absent(left, wanted)
            yield from _absent(right, wanted)
        case pst.IfThenElse(cond=cond, then_expr=then, else_expr=otherwise):
            yield from _absent(cond, frozenset({True, False}))
            yield from _absent(then, wanted)
            yield from _absent(otherwise, wanted)
        case pst.BinaryOp(op=op, left=left, right=right) if op in _COMPARES:
            yield from _compared(op == "eq", left, right, wanted)
        case pst.UnaryOp(op="is_empty", arg=arg) if True in wanted and _is_labels(arg):
            yield "any label"
        case pst.BinaryOp(op="contains" | "contains_all" | "contains_any", left=left, right=right) if _is_labels(left):
            yield from _named(right) if False in wanted else ()
        case pst.BinaryOp(op="contains_any", left=left, right=right) if _is_labels(right):
            yield from _named(left) if False in wanted else ()
        case pst.BinaryOp(op="contains_all", right=right) if _is_labels(right):
            yield from ("any other label",) if True in wanted else ()
        case _:
            return


def _compared(equal: bool, left: object, right: object, wanted: frozenset[bool]) -> Iterator[str]:
    """`... == false` is `!...`; a comparison with what isn't a constant goes either way."""
    for side, other in ((left, right), (right, left)):
        match other:
            case pst.BoolLit(value=value):
                yield from _absent(side, wanted if value is equal else frozenset(not each for each in wanted))
            case _:
                yield from _absent(side, frozenset({True, False}))


def _is_labels(expression: object) -> bool:
    return any(isinstance(part, pst.GetAttr) and part.attr in LABEL_SETS for part in reads.branches(expression))


def _named(expression: object) -> Iterator[str]:
    texts = sorted({part.value for part in reads.values(expression) if isinstance(part, pst.StringLit)})
    yield from (f'"{text}"' for text in texts) if texts else ("a label",)

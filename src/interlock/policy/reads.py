"""What a policy looks at: walks Cedar's typed tree (`cedarpy.pst`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass

from cedarpy import pst

from interlock.policy.schema import CONTEXT


def nodes(root: object) -> Iterator[object]:
    """Every node under `root`, itself first. Cedar's trees are at most 100 deep, and this doesn't recurse."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            stack.extend(node.values())
        elif isinstance(node, tuple):
            stack.extend(node)
        elif is_dataclass(node):
            yield node
            stack.extend(getattr(node, field.name) for field in fields(node))


def context_reads(policies: Iterable[pst.Template]) -> frozenset[str]:
    """The context attributes that the policies mention: all of them as soon as `context` stands for itself."""
    read: set[str] = set()
    for policy in policies:
        whole = named = 0
        for node in nodes(policy.clauses):
            match node:
                case pst.GetAttr(base=pst.Var(name="context"), attr=attr):
                    named += 1
                    read.add(attr)
                case pst.Var(name="context"):
                    whole += 1
        if whole != named:  # a bare `context` beside those under a dot: it may be compared or handed on as a whole
            read.update(CONTEXT)
    return frozenset(read)


def asks_whether_there(policy: pst.Template) -> bool:
    """Whether the policy uses `has`, or tags of Cedar's own, which nothing here has."""
    return any(
        isinstance(node, pst.HasAttr) or (isinstance(node, pst.BinaryOp) and node.op in ("has_tag", "get_tag"))
        for node in nodes(policy.clauses)
    )


def branches(expression: object) -> Iterator[object]:
    """What an expression may come out as: itself, or the branches of an `if`."""
    match expression:
        case pst.IfThenElse(then_expr=then, else_expr=otherwise):
            yield from branches(then)
            yield from branches(otherwise)
        case _:
            yield expression


def values(expression: object) -> Iterator[object]:
    """As `branches`, and for a set or a record each of its parts: all that a comparison with it may come to."""
    for branch in branches(expression):
        match branch:
            case pst.Set(elements=parts):
                for part in parts:
                    yield from values(part)
            case pst.Record(fields=named):
                for part in named.values():
                    yield from values(part)
            case pst.GetAttr(base=pst.Record() | pst.IfThenElse() as base):
                yield branch
                yield from values(base)
            case _:
                yield branch


def comparisons(policy: pst.Template) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The operator, and all that it compares, of every `==`, `!=`, `contains`, `containsAll` and `containsAny`."""
    for node in nodes(policy.clauses):
        match node:
            case pst.BinaryOp(op="eq" | "not_eq" | "contains" | "contains_all" | "contains_any" as op):
                yield op, (*values(node.left), *values(node.right))

"""What a policy looks at: walks Cedar's typed tree (`cedarpy.pst`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import MappingProxyType

from cedarpy import pst

from interlock.policy.schema import CONTEXT, INPUT

# Every kind of node with the names of those fields that may hold nodes, looked up once: loading a large bundle asks a
# million times.
_PLAIN = frozenset(
    {"str", "int", "bool", "tuple[str, ...]", "Effect", "VarName", "SlotName", "UnaryOpName", "BinaryOpName"}
)
_PARTS: Mapping[type, tuple[str, ...]] = MappingProxyType(
    {
        kind: tuple(field.name for field in fields(kind) if field.type not in _PLAIN)
        for kind in vars(pst).values()
        if isinstance(kind, type) and is_dataclass(kind)
    }
)


def nodes(root: object) -> Iterator[object]:
    """Every node under `root`, itself first. Cedar's trees are at most 100 deep, and this doesn't recurse."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif (names := _PARTS.get(type(node))) is not None:
            yield node
            for name in names:
                stack.append(getattr(node, name))
        elif isinstance(node, dict | Mapping):
            stack.extend(node.values())


def entity_uids(root: object) -> frozenset[pst.EntityUid]:
    """Every entity named under `root`."""
    return frozenset(node for node in nodes(root) if type(node) is pst.EntityUid)


def words_in(policies: Iterable[pst.Template]) -> frozenset[str]:
    """The ids of entities that policies name, and the texts that they compare with: all of it is signed for."""
    found = (node for policy in policies for node in nodes(policy))
    named = (node.id if isinstance(node, pst.EntityUid) else getattr(node, "value", None) for node in found)
    return frozenset(each for each in named if isinstance(each, str))


def path(expression: object) -> tuple[str, ...]:
    """`context.recent.hour` as ("context", "recent", "hour"); empty for all but a variable and attributes under it."""
    attributes: list[str] = []
    while isinstance(expression, pst.GetAttr):
        attributes.append(expression.attr)
        expression = expression.base
    return (expression.name, *reversed(attributes)) if isinstance(expression, pst.Var) else ()


def is_input(expression: object) -> bool:
    """Whether this is a tool's arguments, or within them: names there are the tool's own and mean nothing to us."""
    return path(expression)[:2] == ("context", INPUT)


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
                case pst.HasAttr(base=pst.Var(name="context"), attrs=attrs):
                    named += 1
                    read.add(attrs[0])
                case pst.Var(name="context"):
                    whole += 1
        if whole != named:  # a bare `context` beside those under a dot: it may be compared or handed on as a whole
            read.update(CONTEXT, (INPUT,))
    return frozenset(read)


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


def comparisons(parts: Iterable[object]) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The operator, and all that it compares, of every `==`, `!=`, `contains`, `containsAll` and `containsAny`."""
    for node in parts:
        match node:
            case pst.BinaryOp(op="eq" | "not_eq" | "contains" | "contains_all" | "contains_any" as op):
                yield op, (*values(node.left), *values(node.right))

"""What a policy looks at: walks Cedar's typed tree (`cedarpy.pst`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass

from cedarpy import pst

from interlock.policy.schema import CONTEXT, LABEL_SETS


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
    """Whether the policy uses `has`."""
    return any(isinstance(node, pst.HasAttr) for node in nodes(policy.clauses))


def label_literals(policy: pst.Template) -> frozenset[str]:
    """Every string compared with a set of labels (`labels`, `filters`, `writes`)."""
    literals: set[str] = set()
    for node in nodes(policy.clauses):
        match node:
            case pst.BinaryOp(left=pst.GetAttr(attr=attr), right=right) if attr in LABEL_SETS:
                literals.update(part.value for part in nodes(right) if isinstance(part, pst.StringLit))
            case pst.BinaryOp(left=left, right=pst.GetAttr(attr=attr)) if attr in LABEL_SETS:
                literals.update(part.value for part in nodes(left) if isinstance(part, pst.StringLit))
    return frozenset(literals)

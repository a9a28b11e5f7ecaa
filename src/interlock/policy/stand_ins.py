"""A smaller schema under which policies validate the same: of what none of them tells apart, one stands for all.

Cedar's validator types each policy once for every (principal type, action, resource type) that the schema has. Verbs of
one group apply to the same resources in the same context, and actors of every kind are alike; so what no policy names
types as any other of its sort does, and needn't be typed again. That makes loading a large bundle several times faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cedarpy import pst

from interlock.model.actor import ActorKind
from interlock.model.tool import Tool
from interlock.model.verb import VERBS
from interlock.policy.arguments import tools_in_scope
from interlock.policy.reads import context_reads, nodes
from interlock.policy.schema import ACTION, INPUT, kinds_of, principal_type, schema_text, tool_action


def validation_text(trees: Sequence[pst.Template], tools: Sequence[Tool] = ()) -> str:
    """The schema to validate these policies with, all of them together. Never to evaluate them with."""
    named, types = _named(trees)
    actors = [kind for kind in ActorKind if principal_type(kind) in types]
    others = [kind for kind in ActorKind if principal_type(kind) not in types]
    pinned = tools if any(map(_reads_any_input, trees)) else _some_tools(tools, named)
    return schema_text(pinned, verbs=frozenset(_verbs(named)), actors=(*actors, *others[:1]))


def _named(trees: Iterable[pst.Template]) -> tuple[frozenset[str], frozenset[str]]:
    """The actions, and the types of entities, that the policies name."""
    actions: set[str] = set()
    types: set[str] = set()
    for tree in trees:
        for node in nodes(tree):
            match node:
                case pst.EntityUid():
                    types.add(str(node.type))
                    if str(node.type) == ACTION:
                        actions.add(node.id)
                case pst.EntityType():
                    types.add(str(node))
    return frozenset(actions), frozenset(types)


def _verbs(named: frozenset[str]) -> Iterator[str]:
    """The verbs that are named, and of each sort one that isn't."""
    sorts: dict[object, str] = {}
    for verb, groups in VERBS.items():
        if verb in named:
            yield verb
        else:
            sorts.setdefault((groups, kinds_of(verb)), verb)
    yield from sorts.values()


def _some_tools(tools: Sequence[Tool], named: frozenset[str]) -> list[Tool]:
    others = [tool for tool in tools if tool_action(tool.id) not in named]
    return [*(tool for tool in tools if tool_action(tool.id) in named), *others[:1]]


def _reads_any_input(tree: pst.Template) -> bool:
    """Whether a policy reads the arguments of tools that it doesn't name in its scope: each has others."""
    return tools_in_scope(tree)[1] and INPUT in context_reads([tree])

"""How far policies reach: whether all that one is about another is about too, told from scopes and conditions alone.

`covers(wide, narrow)` is never true by mistake, and false whenever it can't be told. Conditions are compared as
sets of conjuncts, each by its meaning: spelling, order and the place of a `when` don't count.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from types import MappingProxyType

from cedarpy import pst

from interlock.model.actor import ActorKind
from interlock.model.names import Verb
from interlock.model.resource import ResourceKind
from interlock.model.tool import Tool
from interlock.model.verb import VERBS
from interlock.policy.schema import GROUP, TOOL_ACTION, principal_type, resource_type, tool_action
from interlock.policy.surroundings import Surroundings

_CONNECTION = resource_type(ResourceKind.CONNECTION)
_RELATION = resource_type(ResourceKind.RELATION)
_COLUMN = resource_type(ResourceKind.COLUMN)
_INSIDE = frozenset(resource_type(kind) for kind in ResourceKind if kind is not ResourceKind.CONNECTION)
_NO_TOOLS: Mapping[str, Verb | None] = MappingProxyType({})
_ACTORS = {principal_type(kind): kind for kind in ActorKind}

Scope = pst.ScopeAny | pst.ScopeEq | pst.ScopeIn | pst.ScopeIs | pst.ScopeIsIn


@dataclass(frozen=True, slots=True)
class Reach:
    """What a policy is about: by whom, which verbs, on what, and what must hold besides."""

    principal: Scope
    verbs: frozenset[str]
    resource: Scope
    conditions: frozenset[Hashable]


def reach(tree: pst.Template, tools: Mapping[str, Verb | None] = _NO_TOOLS) -> Reach:
    """The reach of a policy. `tools` are the actions of tools (`tool:github/search`), each with the verb that it is a
    member of; None where that isn't known, and so no verb or group takes it in."""
    return Reach(tree.principal, verbs(tree, tools), tree.resource, conditions(tree))


def covers(wide: Reach, narrow: Reach, around: Surroundings | None = None) -> bool:
    """Whether a policy of reach `wide` fires wherever one of reach `narrow` does."""
    return (
        narrow.verbs <= wide.verbs
        and wide.conditions <= narrow.conditions
        and _scope_covers(wide.principal, narrow.principal, around)
        and _scope_covers(wide.resource, narrow.resource, around)
    )


def verbs(tree: pst.Template, tools: Mapping[str, Verb | None] = _NO_TOOLS) -> frozenset[str]:
    """The verbs that a policy's scope takes in, calls of pinned tools among them: their actions, each with its verb."""
    groups: dict[str, tuple[str, ...]] = {verb: above for verb, above in VERBS.items()}  # noqa: C416  str for Verb
    groups |= {tool: () if verb is None else (verb, *VERBS[verb]) for tool, verb in tools.items()}
    match tree.action:
        case pst.ActionEq(entity=uid):
            return frozenset({uid.id})
        case pst.ActionIn(entities=uids):
            named = {uid.id for uid in uids}
            return frozenset(verb for verb, above in groups.items() if verb in named or not named.isdisjoint(above))
        case _:
            return frozenset(groups)


def tools_named(trees: Iterable[pst.Template]) -> Mapping[str, Verb | None]:
    """The actions of tools that these policies speak of, where nothing is known of the tools themselves."""
    uids = (uid for tree in trees for uid in pst.entity_uids(tree))
    return {uid.id: None for uid in uids if uid.id.startswith(TOOL_ACTION)}


def actions_of(tools: Iterable[Tool]) -> Mapping[str, Verb | None]:
    """The actions of pinned tools, each with the verb that it is a member of."""
    return {tool_action(tool.id): tool.verbs[0] for tool in tools}


def may_be(tree: pst.Template, kind: ActorKind, name: str, around: Surroundings) -> bool:
    """Whether the scope's principal can be this actor."""
    uid = pst.EntityUid(_type_named(principal_type(kind)), name)
    return _scope_covers(tree.principal, pst.ScopeEq(uid), around)


def conditions(tree: pst.Template) -> frozenset[Hashable]:
    """What must hold besides the scope, as conjuncts, each with whether it must be true or false."""
    return frozenset(part for clause in tree.clauses for part in _conjuncts(clause.expr, isinstance(clause, pst.When)))


def meaning(node: object) -> Hashable:
    """A value that is equal for expressions which differ in nothing but the order of what has none."""
    match node:
        case pst.Set(elements=parts):
            return ("set", frozenset(map(meaning, parts)))
        case pst.BinaryOp(op="and" | "or" as op):
            return (op, frozenset(map(meaning, _joined(node, op))))
        case pst.BinaryOp(op="eq" | "not_eq" as op, left=left, right=right):
            return (op, frozenset({meaning(left), meaning(right)}))
        case pst.ActionIn(entities=uids):
            return ("in", frozenset(map(meaning, uids)))
        case tuple():
            return tuple(map(meaning, node))
        case Mapping():
            return frozenset((key, meaning(value)) for key, value in node.items())
        case _ if is_dataclass(node):
            return (type(node).__name__, *(meaning(getattr(node, field.name)) for field in fields(node)))
        case _:
            # `1 == True` in Python, and never in Cedar.
            return (type(node).__name__, node) if isinstance(node, Hashable) else repr(node)


def _conjuncts(expression: object, holds: bool) -> Iterator[Hashable]:
    """`when { a && b }` is `when { a } when { b }`, and `unless { a || b }` is `unless { a } unless { b }`."""
    match expression:
        case pst.UnaryOp(op="not", arg=arg):
            yield from _conjuncts(arg, not holds)
        case pst.BinaryOp(op="and", left=left, right=right) if holds:
            yield from _conjuncts(left, holds)
            yield from _conjuncts(right, holds)
        case pst.BinaryOp(op="or", left=left, right=right) if not holds:
            yield from _conjuncts(left, holds)
            yield from _conjuncts(right, holds)
        case _:
            yield (holds, meaning(expression))


def _joined(node: object, op: str) -> Iterator[object]:
    match node:
        case pst.BinaryOp(op=found, left=left, right=right) if found == op:
            yield from _joined(left, op)
            yield from _joined(right, op)
        case _:
            yield node


def _scope_covers(wide: Scope, narrow: Scope, around: Surroundings | None) -> bool:
    match wide:
        case pst.ScopeAny():
            return True
        case pst.ScopeEq(entity=pst.EntityUid() as uid):
            return isinstance(narrow, pst.ScopeEq) and narrow.entity == uid
        case pst.ScopeIn(entity=pst.EntityUid() as uid):
            return _is_within(narrow, uid, around)
        case pst.ScopeIs(entity_type=kind):
            return _is_of(narrow, kind)
        case pst.ScopeIsIn(entity_type=kind, entity=pst.EntityUid() as uid):
            return _is_of(narrow, kind) and _is_within(narrow, uid, around)
        case _:
            return False


def _is_within(narrow: Scope, above: pst.EntityUid, around: Surroundings | None) -> bool:
    match narrow:
        case pst.ScopeEq(entity=uid) | pst.ScopeIn(entity=uid) | pst.ScopeIsIn(entity=uid):
            return isinstance(uid, pst.EntityUid) and _is_in(uid, above, around)
        case _:
            return False


def _is_of(narrow: Scope, kind: pst.EntityType) -> bool:
    match narrow:
        case pst.ScopeIs(entity_type=found) | pst.ScopeIsIn(entity_type=found):
            return found == kind
        case pst.ScopeEq(entity=pst.EntityUid() as uid):
            return uid.type == kind
        case _:
            return False


def _is_in(uid: pst.EntityUid, above: pst.EntityUid, around: Surroundings | None) -> bool:
    """As Cedar's `in`, by names: relations lie in their connection, columns in their relation, actors in groups."""
    kind, over = str(uid.type), str(above.type)
    if uid == above:
        return True
    if over == _CONNECTION:
        return kind in _INSIDE and uid.id.startswith(f"{above.id}/")
    if over == _RELATION:
        return kind == _COLUMN and uid.id.startswith(f"{above.id}.")
    if over == GROUP and kind in _ACTORS and around is not None:
        return above.id in around.actors.get(_ACTORS[kind], {}).get(uid.id, frozenset())
    return False


def _type_named(name: str) -> pst.EntityType:
    *namespace, basename = name.split("::")
    return pst.EntityType(basename, tuple(namespace))

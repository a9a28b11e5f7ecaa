"""What Cedar accepts and would never, or not always, mean what was written.

A forbid that can never fire is a hole that nobody sees. What can be told from the tree alone is a mistake here; what
only trying tells is a warning (`rehearsal`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from cedarpy import pst

from interlock.model.actor import ActorKind
from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.model.resource import ResourceKind
from interlock.model.tool import Tool
from interlock.model.verb import GROUPS, TOOL_VERBS, VERBS
from interlock.policy import reads
from interlock.policy.arguments import argument_mistakes
from interlock.policy.constants import constant_mistakes
from interlock.policy.schema import ACTION, GROUP, LABEL_SETS, WINDOWS, principal_type, resource_type
from interlock.policy.spelling import nearest
from interlock.policy.surroundings import Members, Surroundings
from interlock.policy.words import word_mistakes

_CONNECTION = resource_type(ResourceKind.CONNECTION)
_ACTORS = {principal_type(kind): kind for kind in ActorKind}
_WITHIN = {
    resource_type(ResourceKind.RELATION): "clinic/public.patients",
    resource_type(ResourceKind.CATALOG): "clinic/pg_catalog",
    resource_type(ResourceKind.COLUMN): "clinic/public.patients.mrn",
    resource_type(ResourceKind.TOOL): "github/create_issue",
    resource_type(ResourceKind.MODEL): "anthropic/claude-sonnet-4",
}
# What each entity type can be equal to, or be above of.
_SUBJECT = {
    ACTION: "action",
    **dict.fromkeys((GROUP, *_ACTORS), "principal"),
    **dict.fromkeys((_CONNECTION, *_WITHIN), "resource"),
}
_WINDOWS = frozenset({("context", "recent"), *(("context", "recent", window) for window in WINDOWS)})
_SESSION = frozenset({"session", *(verb for verb, groups in VERBS.items() if groups == ("session",))})


def holes(
    tree: pst.Template,
    groups: Members,
    known: frozenset[Label],
    around: Surroundings | None,
    tools: Sequence[Tool],
) -> Iterator[str]:
    """A sentence for each. Without `known` or `around`, what they would tell isn't looked at; `tools` are the pinned
    ones, and policies can name no others."""
    parts = tuple(reads.nodes(tree))
    for uid in sorted({part for part in parts if isinstance(part, pst.EntityUid)}, key=str):
        yield from _unknown(uid, groups, around)
    yield from argument_mistakes(tree, parts, tools)
    yield from _scope(tree)
    yield from _groups_outside_in(parts)
    yield from _subjects(tree, parts)
    yield from _labels_as_wholes(parts)
    yield from _other_wholes(parts)
    yield from word_mistakes(parts, known, around)
    yield from constant_mistakes(tree.clauses, parts)


def _unknown(uid: pst.EntityUid, groups: Members, around: Surroundings | None) -> Iterator[str]:
    kind = str(uid.type)
    if kind == GROUP and uid.id not in groups:
        yield f'no person or actor is in the group "{uid.id}"{nearest(uid.id, groups)}'
    if around is None:
        return
    if kind == _CONNECTION and uid.id not in around.connections:
        yield f'there is no connection "{uid.id}"{nearest(uid.id, around.connections)}'
    elif kind in _ACTORS:
        yield from _unknown_actor(uid.id, _ACTORS[kind], around)
    elif kind in _WITHIN:
        connection, _, rest = uid.id.partition("/")
        if ConnectionName(connection) not in around.connections or not rest:
            hint = nearest(connection, around.connections)
            yield f'"{uid.id}" must begin with a connection\'s name and a slash, as in "{_WITHIN[kind]}"{hint}'


def _unknown_actor(name: str, kind: ActorKind, around: Surroundings) -> Iterator[str]:
    if name in around.actors.get(kind, {}):
        return
    others = [other for other, named in around.actors.items() if name in named]
    if others:
        yield f'"{name}" is of the kind {others[0].value}, not {kind.value}'
    else:
        yield f'there is no {kind.value} "{name}"{nearest(name, around.actors.get(kind, {}))}'


def _scope(tree: pst.Template) -> Iterator[str]:
    match tree.action:
        case pst.ActionEq(entity=uid) if _is_group(uid):
            yield _not_equal(uid)
        case pst.ActionIn(entities=()):
            yield "`action in []` is true of no action"
    for constraint in (tree.principal, tree.resource):
        match constraint:
            case pst.ScopeEq(entity=pst.EntityUid() as uid) if _is_group(uid):
                yield _not_equal(uid)
            case pst.ScopeEq(entity=pst.EntityUid() as uid) if _skips_relations(tree, uid):
                yield _use_in(uid)


def _groups_outside_in(parts: Sequence[object]) -> Iterator[str]:
    """Groups stand at the right of `in` and nowhere else: nobody and no action is a group itself."""
    everywhere: Counter[pst.EntityUid] = Counter()
    placed: Counter[pst.EntityUid] = Counter()
    for node in parts:
        match node:
            case pst.EntityLit(value=uid) if _is_group(uid):
                everywhere[uid] += 1
            case pst.BinaryOp(op="in", right=right) | pst.Is(in_expr=right):
                placed.update(part.value for part in reads.values(right) if isinstance(part, pst.EntityLit))
    for uid in sorted(everywhere, key=str):
        if everywhere[uid] != placed[uid]:
            yield _not_equal(uid)


def _subjects(tree: pst.Template, parts: Sequence[object]) -> Iterator[str]:
    """An entity is compared with the variable that can be it: a resource is never in a group of people."""
    for _, compared in reads.comparisons(parts):
        yield from _misplaced(compared, compared, "equal")
        for part in compared:
            if isinstance(part, pst.EntityLit) and _skips_relations(tree, part.value):
                yield _use_in(part.value)
    for node in parts:
        match node:
            case pst.BinaryOp(op="in", left=left, right=right) | pst.Is(base=left, in_expr=right) if right is not None:
                yield from _misplaced(tuple(reads.values(left)), tuple(reads.values(right)), "in")


def _misplaced(subjects: tuple[object, ...], entities: tuple[object, ...], word: str) -> Iterator[str]:
    variables = {part.name for part in subjects if isinstance(part, pst.Var)}
    for part in entities:
        if isinstance(part, pst.EntityLit) and _SUBJECT.get(str(part.value.type)) not in variables:
            yield f"{part.value} is compared with what can never be {word} {'to ' if word == 'equal' else ''}it"


def _labels_as_wholes(parts: Sequence[object]) -> Iterator[str]:
    """Sets of labels are asked for what they hold. They are closed upward, so comparing them whole says nothing."""
    everywhere = placed = 0
    for node in parts:
        match node:
            case pst.GetAttr() if _is_labels(node):
                everywhere += 1
            case pst.BinaryOp(op="contains", left=asked) | pst.UnaryOp(op="is_empty", arg=asked):
                placed += _count(reads.branches(asked), _is_labels)
            case pst.BinaryOp(op="contains_all" | "contains_any", left=left, right=right):
                placed += _count(reads.branches(left), _is_labels) + _count(reads.branches(right), _is_labels)
    if everywhere != placed:
        yield (
            "labels are closed upward, so `==` and `!=` mean nothing on a set of them: ask with contains, containsAny,"
            " containsAll or isEmpty"
        )


def _other_wholes(parts: Sequence[object]) -> Iterator[str]:
    """`recent` holds labels too, so it isn't compared whole; and of entities only the resource is there to be read."""
    everywhere = placed = 0
    for node in parts:
        if isinstance(node, pst.GetAttr):
            everywhere += reads.path(node) in _WINDOWS
            placed += reads.path(node.base) in _WINDOWS
            if any(isinstance(part, pst.EntityLit) for part in reads.branches(node.base)):
                yield "an entity that is only named has no attributes here: ask those of `resource`"
    if everywhere != placed:
        yield "context.recent is asked for what is in it, as in context.recent.hour.exports"


def _count(parts: Iterator[object], fits: Callable[[object], bool]) -> int:
    return sum(map(fits, parts))


def _is_labels(part: object) -> bool:
    return isinstance(part, pst.GetAttr) and part.attr in LABEL_SETS and not reads.is_input(part)


def _is_group(uid: pst.EntityUid) -> bool:
    return str(uid.type) == GROUP or (str(uid.type) == ACTION and uid.id in (*GROUPS, *TOOL_VERBS.values()))


def _skips_relations(tree: pst.Template, uid: pst.EntityUid) -> bool:
    """Whether equality with this is with a connection, in a policy that isn't about sessions only."""
    named = tree.action.entities if isinstance(tree.action, pst.ActionIn) else ()
    named = (tree.action.entity,) if isinstance(tree.action, pst.ActionEq) else named
    about_sessions = bool(named) and all(action.id in _SESSION for action in named)
    return str(uid.type) == _CONNECTION and not about_sessions


def _not_equal(uid: pst.EntityUid) -> str:
    if uid.id in TOOL_VERBS.values() and str(uid.type) == ACTION:
        return f"every pinned tool has an action of its own within {uid}, which `==` and `!=` miss: use `in`"
    return f"{uid} is a group, and nothing is ever equal to a group: use `in`"


def _use_in(uid: pst.EntityUid) -> str:
    return f"what is touched is nearly always a relation within {uid}, which `==` and `!=` miss: use `in`"

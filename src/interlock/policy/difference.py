"""What changed between two sets of policies, and whether a change can let more through.

Policies are compared by their ids and by what Cedar makes of them, so text that moved or was laid out anew is no
change. Each change is *loosening* when it can only let more through or ask for less, *tightening* when it can only let
less through or ask for more; `either` when it may do both or that can't be told.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from cedarpy import pst

from interlock.model.names import PolicyId, Verb
from interlock.model.obligation import Obligations
from interlock.policy.reads import nodes
from interlock.policy.scopes import Reach, covers, meaning, reach, tools_named
from interlock.policy.terms import Direction, term_changes, together
from interlock.policy.written import Written, read_written


class Kind(StrEnum):
    """What became of a policy."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing about a policy that changed: `what` (an annotation's name with its @, `effect`, `principal` ...).

    `before` and `after` are as written; empty where it wasn't there, or for a condition, whose text is the policy's.
    """

    what: str
    before: str
    after: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one policy. `before` and `after` are `file:line`, empty where it isn't there."""

    policy: PolicyId
    kind: Kind
    effect: str
    direction: Direction
    details: tuple[Detail, ...] = ()
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """Every change, by id; `direction` is that of all of them together, `NEITHER` when nothing is decided otherwise."""

    changes: tuple[Change, ...]
    direction: Direction


def compare(old: Mapping[str, str], new: Mapping[str, str]) -> Difference:
    """What changed from one set of sources (file -> text) to another.

    Raises `PolicyMistakes` with what can't be read in either: a policy that Cedar doesn't take, an annotation that
    means nothing, an id that is missing or stands twice. What a policy names needn't exist.
    """
    before, after = read_written(old), read_written(new)
    tools = tools_named(each.tree for each in (*before.values(), *after.values()))
    gone, come = before.keys() - after.keys(), after.keys() - before.keys()
    changes = list(_renamed(before, after, gone, come))
    renamed = {name for change in changes for detail in change.details for name in (detail.before, detail.after)}
    changes += [_change(Kind.REMOVED, before[policy], None) for policy in gone - renamed]
    changes += [_change(Kind.ADDED, None, after[policy]) for policy in come - renamed]
    for policy in before.keys() & after.keys():
        shared = _shared(policy, before, after)
        details = tuple(_details(before[policy], after[policy], tools, shared))
        changes += [_change(Kind.CHANGED, before[policy], after[policy], details)] if details else []
    changes.sort(key=lambda change: (change.policy, change.kind))
    return Difference(tuple(changes), together(change.direction for change in changes))


def _renamed(
    before: Mapping[PolicyId, Written], after: Mapping[PolicyId, Written], gone: Collection[str], come: Collection[str]
) -> Iterator[Change]:
    """What has another id and is otherwise the same, each once."""
    left: dict[Hashable, list[PolicyId]] = {}
    for policy in sorted(gone):
        left.setdefault(_whole(before[PolicyId(policy)]), []).append(PolicyId(policy))
    for policy in sorted(come):
        same = left.get(_whole(after[PolicyId(policy)]), [])
        if same:
            was, now = before[same[0]], after[PolicyId(policy)]
            detail = Detail("@id", same.pop(0), policy, Direction.NEITHER)
            yield _change(Kind.RENAMED, was, now, (detail,))


def _change(kind: Kind, was: Written | None, now: Written | None, details: tuple[Detail, ...] = ()) -> Change:
    there = now or was
    assert there is not None
    direction = together(detail.direction for detail in details) if was and now else _exchanged(was, now)
    place, after = (each.place if each else "" for each in (was, now))
    return Change(there.annotations.id, kind, there.tree.effect, direction, details, place, after)


def _exchanged(was: Written | None, now: Written | None) -> Direction:
    """One policy away and another there."""
    away = _presence(was).opposite if was else Direction.NEITHER
    return together((away, _presence(now) if now else Direction.NEITHER))


def _presence(policy: Written) -> Direction:
    """What it does that there is such a policy, or that it is about more.

    A permit that owes something may also add that to what another permits; one that could err denies what it is about.
    """
    if policy.annotations.observed:
        return Direction.NEITHER
    if policy.tree.effect == "forbid":
        return Direction.TIGHTENS
    return Direction.EITHER if policy.annotations.asks != Obligations() or _may_err(policy.tree) else Direction.LOOSENS


def _shared(policy: PolicyId, *sides: Mapping[PolicyId, Written]) -> frozenset[str]:
    """The annotations that other policies have too."""
    others = (written for side in sides for id_, written in side.items() if id_ != policy)
    return frozenset(name for written in others for name in written.values)


def _details(was: Written, now: Written, tools: Mapping[str, Verb | None], shared: frozenset[str]) -> Iterator[Detail]:
    """What changed about a policy. Where it changed sides, or takes part only on one, that outweighs all the rest."""
    details = (*_reached(was, now, tools), *_annotated(was, now, shared))
    sides = tuple(_sides(was, now))
    yield from sides
    quiet = bool(sides) or (was.annotations.observed and now.annotations.observed)
    yield from (replace(detail, direction=Direction.NEITHER) if quiet else detail for detail in details)


def _sides(was: Written, now: Written) -> Iterator[Detail]:
    direction = _exchanged(was, now)
    if was.tree.effect != now.tree.effect:
        yield Detail("effect", was.tree.effect, now.tree.effect, direction)
    if was.annotations.observed != now.annotations.observed:
        before, after = ("observe" if each.annotations.observed else "" for each in (was, now))
        yield Detail("@observe", before, after, direction)


def _reached(was: Written, now: Written, tools: Mapping[str, Verb | None]) -> Iterator[Detail]:
    """Scope and conditions. Where only one of the two reaches is wider, it is told which way that goes."""
    old, new = reach(was.tree, tools), reach(now.tree, tools)
    direction = _widening(old, new, was, now)
    for what in ("principal", "action", "resource"):
        before, after = getattr(was.tree, what), getattr(now.tree, what)
        if meaning(before) != meaning(after):
            yield Detail(what, scope_words(before), scope_words(after), direction)
    if old.conditions != new.conditions:
        yield Detail("condition", "", "", direction)


def _widening(old: Reach, new: Reach, was: Written, now: Written) -> Direction:
    wider, narrower = covers(new, old), covers(old, new)
    if wider is narrower:  # both: the same said in another way; neither: about other things
        return Direction.NEITHER if wider else Direction.EITHER
    if _may_err(was.tree) or _may_err(now.tree):  # what errs is denied, where it would have fired and where not
        return Direction.EITHER
    return _presence(now) if wider else _presence(now).opposite


def _annotated(was: Written, now: Written, shared: frozenset[str]) -> Iterator[Detail]:
    before, after = (each.values.get("because", "") for each in (was, now))
    if before != after:
        yield Detail("@because", before, after, Direction.NEITHER)
    for name, direction in term_changes(was.annotations, now.annotations, shared):
        yield Detail(f"@{name}", _value(was, name), _value(now, name), direction)


def _value(written: Written, name: str) -> str:
    return written.values.get(name, "") or (name if name in written.values else "")


def scope_words(scope: object) -> str:
    """A scope's constraint as Cedar writes it; `any` for none."""
    match scope:
        case pst.ScopeEq(entity=uid) | pst.ActionEq(entity=uid):
            return f"== {uid}"
        case pst.ScopeIn(entity=uid):
            return f"in {uid}"
        case pst.ScopeIs(entity_type=kind):
            return f"is {kind}"
        case pst.ScopeIsIn(entity_type=kind, entity=uid):
            return f"is {kind} in {uid}"
        case pst.ActionIn(entities=uids):
            return f"in {uids[0]}" if len(uids) == 1 else f"in [{', '.join(map(str, uids))}]"
        case _:
            return "any"


def _whole(written: Written) -> Hashable:
    """All that a policy says besides its id."""
    tree = written.tree
    scope = tuple(map(meaning, (tree.principal, tree.action, tree.resource)))
    values = frozenset((name, value) for name, value in written.values.items() if name != "id")
    return (tree.effect, scope, reach(tree).conditions, values)


def _may_err(tree: pst.Template) -> bool:
    """Whether evaluating it could fail, which denies: sums overflow, and texts aren't always numbers or addresses."""
    for node in nodes(tree.clauses):
        match node:
            case pst.BinaryOp(op="add" | "sub" | "mul" | "offset" | "duration_since"):
                return True
            case pst.UnaryOp(op="neg" | "datetime" | "decimal" | "duration" | "ip", arg=arg):
                if not isinstance(arg, pst.StringLit | pst.LongLit):
                    return True
    return False

"""Tries each forbid on made-up requests: one that fires on none of them guards nothing, and somebody should know.

The requests are of the real connections and actors; of everything else, what the policy could tell apart: the labels,
names and tags that it mentions, each flag both ways, every hour. A policy that could tell more requests apart than
`MOST`, that mentions many labels, or that reads the date, is left alone, since then nothing would be certain.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cedarpy
from cedarpy import pst

from interlock.model.action import EnforcedBy
from interlock.model.connection import Connection
from interlock.model.label import Label, upward
from interlock.model.names import GroupName
from interlock.model.resource import ResourceKind
from interlock.model.verb import VERBS
from interlock.policy.bundle import read_rules
from interlock.policy.checks import Rule
from interlock.policy.reads import context_reads, nodes
from interlock.policy.requests import Uid
from interlock.policy.schema import ACTION, GROUP, principal_type, resource_type, schema_text
from interlock.policy.statements import Mistake
from interlock.policy.surroundings import Surroundings

MOST = 10_000  # requests tried on one policy; a few seconds
MANY_LABELS = 6
_AT_ONCE = 250
_RELATION_ONLY = ("write",)
_CONNECTION_ONLY = ("session",)
_TIME = {"__extn": {"fn": "datetime", "arg": "2026-01-01T00:00:00.000Z"}}

Request = dict[str, object]
Labels = frozenset[Label]


@dataclass(frozen=True, slots=True)
class _Touched:
    """A resource to try, with what it is within, and a verb that can be asked on it."""

    verb: str
    type: str
    id: str
    connection: Connection


def rehearse(
    sources: Mapping[str, str], groups: Mapping[GroupName, int], known: Labels, around: Surroundings
) -> list[str]:
    """A warning, `file:line: sentence`, for each forbid that no request makes fire; raises what `bundle.load` does."""
    warnings = []
    for rule in read_rules(sources, groups, known, around):
        if rule.tree.effect == "forbid" and not _fires(rule, known, around):
            at, name = rule.statement, rule.annotations.id
            warnings.append(Mistake(at.file, at.line, f'nothing that can be asked makes the forbid "{name}" fire'))
    return [str(warning) for warning in sorted(warnings)]


def _fires(rule: Rule, known: Labels, around: Surroundings) -> bool:
    """True also when that can't be told."""
    read = context_reads([rule.tree])
    uncertain = "now" in read or len(_mentioned(rule.tree, known)) > MANY_LABELS
    if uncertain or not around.connections or not any(around.actors.values()):
        return True
    schema = cedarpy.Schema.from_str(schema_text())
    alone = cedarpy.PolicySet.from_pst(pst.PolicySet(pst.FrozenMap(), pst.FrozenMap({rule.tree.id: rule.tree}), ()))
    tried = 0
    for beside, requests in _trials(rule.tree, read, known, around):
        while batch := list(itertools.islice(requests, _AT_ONCE)):
            tried += len(batch)
            answers = cedarpy.is_authorized_batch(batch, alone, beside, schema)
            # One that errs counts as firing: it denies.
            if tried > MOST or any(a.diagnostics.reasons or a.diagnostics.errors for a in answers):
                return True
    return False


def _trials(
    tree: pst.Template, read: frozenset[str], known: Labels, around: Surroundings
) -> Iterator[tuple[str, Iterator[Request]]]:
    """Entities, and the requests to try beside them."""
    sets = _label_sets(tree, known)
    of_resource = any(isinstance(n, pst.GetAttr) and n.base == pst.Var("resource") for n in nodes(tree.clauses))
    own = sets if of_resource else [frozenset[Label]()]
    principals = _principals(tree, around)
    for touched, labels in itertools.product(_touched(tree, around), own):
        beside = json.dumps([*(_principal_entity(*each) for each in principals), *_resource_entities(touched, labels)])
        yield (
            beside,
            (
                {
                    "principal": principal,
                    "action": {"type": ACTION, "id": touched.verb},
                    "resource": {"type": touched.type, "id": touched.id},
                    "context": context,
                }
                for (principal, _), context in itertools.product(principals, _contexts(read, touched, labels, sets))
            ),
        )


def _contexts(read: frozenset[str], touched: _Touched, own: Labels, sets: Sequence[Labels]) -> Iterator[Request]:
    """Every context that the policy could tell from another; what it doesn't read stands still."""

    def either(name: str) -> tuple[bool, ...]:
        return (False, True) if name in read else (False,)

    flags = [either(name) for name in ("unbounded", "opaque", "reason_given")]
    shown, filtered, written = (
        sets if name in read else [frozenset[Label]()] for name in ("labels", "filters", "writes")
    )
    enforced = [each.value for each in (EnforcedBy if "enforced_by" in read else [EnforcedBy.GATEWAY])]
    hours = range(24) if "hour" in read else (12,)
    labelled = itertools.product(shown, filtered, written)
    rest = itertools.product(*flags, enforced, hours)
    for (out, filters, writes), (unbounded, opaque, reason_given, enforcer, hour) in itertools.product(labelled, rest):
        yield {
            "labels": sorted(out | filters | writes | own),
            "filters": sorted(filters),
            "writes": sorted(writes),
            "unbounded": unbounded,
            "opaque": opaque,
            "environment": touched.connection.environment,
            "tags": sorted(touched.connection.tags),
            "enforced_by": enforcer,
            "reason_given": reason_given,
            "now": _TIME,
            "hour": hour,
        }


def _principals(tree: pst.Template, around: Surroundings) -> list[tuple[Uid, frozenset[GroupName]]]:
    """One actor of each sort that the policy could tell from the others."""
    uids = pst.entity_uids(tree)
    named = {(str(uid.type), uid.id) for uid in uids}
    groups = {uid.id for uid in uids if str(uid.type) == GROUP}
    sorts: dict[object, tuple[Uid, frozenset[GroupName]]] = {}
    for kind, actors in around.actors.items():
        for name, own in actors.items():
            type_ = principal_type(kind)
            sort = (type_, name if (type_, name) in named else "", frozenset(groups & own))
            sorts.setdefault(sort, ({"type": type_, "id": name}, own))
    return list(sorts.values())


def _touched(tree: pst.Template, around: Surroundings) -> Iterator[_Touched]:
    names = _names(tree)
    for (verb, groups), connection in itertools.product(_verbs(tree), around.connections.values()):
        if groups[0] not in _RELATION_ONLY:
            yield _Touched(verb, resource_type(ResourceKind.CONNECTION), connection.name, connection)
        if groups[0] in _CONNECTION_ONLY:
            continue
        for kind, name in itertools.product((ResourceKind.RELATION, ResourceKind.CATALOG), names):
            yield _Touched(verb, resource_type(kind), f"{connection.name}/{name}", connection)


def _verbs(tree: pst.Template) -> list[tuple[str, tuple[str, ...]]]:
    """The verbs in the policy's scope; where its conditions don't look at the verb, one for each kind of resource."""
    named = {action.id for action in _actions(tree)}
    scope = [(v, groups) for v, groups in VERBS.items() if not named or v in named or not named.isdisjoint(groups)]
    if any(node == pst.Var("action") for node in nodes(tree.clauses)):
        return list(scope)
    sorts = {(g[0] in _RELATION_ONLY, g[0] in _CONNECTION_ONLY): (verb, g) for verb, g in scope}
    return list(sorts.values())


def _actions(tree: pst.Template) -> tuple[pst.EntityUid, ...]:
    match tree.action:
        case pst.ActionEq(entity=uid):
            return (uid,)
        case pst.ActionIn(entities=uids):
            return uids
        case _:
            return ()


def _names(tree: pst.Template) -> list[str]:
    """Names of relations: any one, those mentioned, and one for each `like`."""
    names = {"public.any": None}
    for uid in pst.entity_uids(tree):
        names.setdefault(uid.id.partition("/")[2] or "public.any")
    for node in nodes(tree.clauses):
        match node:
            case pst.StringLit(value=text):
                names.setdefault(text)
            case pst.Like(pattern=pattern):
                names.setdefault("".join(part.value if isinstance(part, pst.Char) else "x" for part in pattern))
    reads_name = any(isinstance(node, pst.GetAttr) and node.attr == "name" for node in nodes(tree.clauses))
    mentioned = any("/" in uid.id for uid in pst.entity_uids(tree))
    return list(names) if reads_name or mentioned else ["public.any"]


def _label_sets(tree: pst.Template, known: Labels) -> list[Labels]:
    """Every choice among the labels mentioned and one that isn't, each closed upward as in every request."""
    singles = sorted(_mentioned(tree, known))
    singles += [label for label in sorted(known) if upward([label]).isdisjoint(singles)][:1]
    choices = (itertools.combinations(singles, count) for count in range(len(singles) + 1))
    return list(dict.fromkeys(upward(chosen) for chosen in itertools.chain.from_iterable(choices)))


def _mentioned(tree: pst.Template, known: Labels) -> Labels:
    texts = (node.value for node in nodes(tree.clauses) if isinstance(node, pst.StringLit))
    return frozenset(map(Label, texts)) & upward(known)


def _principal_entity(uid: Uid, groups: frozenset[GroupName]) -> dict[str, object]:
    return {"uid": uid, "attrs": {}, "parents": [{"type": GROUP, "id": group} for group in sorted(groups)]}


def _resource_entities(touched: _Touched, labels: Labels) -> Iterator[dict[str, object]]:
    within: Uid = {"type": resource_type(ResourceKind.CONNECTION), "id": str(touched.connection.name)}
    yield {
        "uid": {"type": touched.type, "id": touched.id},
        "attrs": {
            "labels": sorted(labels),
            "environment": touched.connection.environment,
            "tags": sorted(touched.connection.tags),
            "name": touched.id.removeprefix(f"{touched.connection.name}/"),
        },
        "parents": [] if touched.type == within["type"] else [within],
    }

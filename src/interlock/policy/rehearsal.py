"""Tries each policy on made-up requests: one that fires on none of them does nothing, and somebody should know.

The requests are of the real connections, actors and pinned tools; of everything else, what the policy could tell apart:
the labels, names and tags that it mentions, each flag both ways, every hour. A policy that could tell more requests
apart than `MOST`, that mentions many labels, or that reads the date, what an actor did lately or a tool's arguments, is
left alone, since then nothing would be certain.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cedarpy
import orjson
from cedarpy import pst

from interlock.model.action import EnforcedBy
from interlock.model.connection import Connection
from interlock.model.label import Label, upward
from interlock.model.names import GroupName, Verb
from interlock.model.resource import ResourceKind
from interlock.model.tool import Tool
from interlock.model.verb import VERBS
from interlock.policy.bundle import read_rules
from interlock.policy.checks import Rule
from interlock.policy.reads import context_reads, entity_uids, nodes
from interlock.policy.requests import Uid
from interlock.policy.schema import (
    ACTION,
    GROUP,
    INPUT,
    TOOL_ACTION,
    WINDOW,
    WINDOWS,
    kinds_of,
    principal_type,
    resource_type,
    schema_text,
    tool_action,
)
from interlock.policy.scopes import actions_of, verbs
from interlock.policy.statements import Mistake
from interlock.policy.surroundings import Members, Surroundings

MOST: Final = 10_000  # requests tried on one policy; a few seconds
MANY_LABELS: Final = 6

_AT_ONCE = 250
_RELATION_ONLY = ("write",)
_UNCERTAIN = frozenset({"now", "recent", "asked", "writes_masked", "estimated", "rows_estimate", INPUT})
_TIME = {"__extn": {"fn": "datetime", "arg": "2026-01-01T00:00:00.000Z"}}
_NOTHING: Mapping[str, object] = {name: [] if kind.startswith("Set") else 0 for name, kind in WINDOW.items()}
_QUIET: Mapping[str, object] = dict.fromkeys(WINDOWS, _NOTHING)
_CONNECTION = resource_type(ResourceKind.CONNECTION)

Request = dict[str, object]
Labels = frozenset[Label]


@dataclass(frozen=True, slots=True)
class _Touched:
    """A resource to try, with what it is within, and an action that can be asked on it."""

    action: str
    verb: Verb
    kind: ResourceKind
    id: str
    connection: Connection

    @property
    def uid(self) -> Uid:
        return {"type": resource_type(self.kind), "id": self.id}


def rehearse(
    sources: Mapping[str, str], groups: Members, known: Labels, around: Surroundings, tools: Sequence[Tool] = ()
) -> list[str]:
    """A warning, `file:line: sentence`, for each policy that no request makes fire; raises what `bundle.load` does."""
    rules = read_rules(sources, groups, known, around, tools)
    idle = never_firing(rules, known, around, tools)
    return [str(each) for each in sorted(Mistake(r.statement.file, r.statement.line, said) for r, said in idle)]


def never_firing(
    rules: Sequence[Rule], known: Labels, around: Surroundings, tools: Sequence[Tool] = ()
) -> Iterator[tuple[Rule, str]]:
    """Each policy that no request makes fire, with a sentence."""
    schema = cedarpy.Schema.from_str(schema_text(tools))
    for rule in rules:
        if not _fires(rule, known, around, tools, schema):
            yield rule, f'nothing that can be asked makes the {rule.tree.effect} "{rule.annotations.id}" fire'


def _fires(rule: Rule, known: Labels, around: Surroundings, tools: Sequence[Tool], schema: cedarpy.Schema) -> bool:
    """True also when that can't be told."""
    read = context_reads([rule.tree])
    uncertain = not _UNCERTAIN.isdisjoint(read) or len(_mentioned(rule.tree, known)) > MANY_LABELS
    if uncertain or not around.connections or not any(around.actors.values()):
        return True
    alone = cedarpy.PolicySet.from_pst(pst.PolicySet(pst.FrozenMap(), pst.FrozenMap({rule.tree.id: rule.tree}), ()))
    tried = 0
    for beside, requests in _trials(rule.tree, read, known, around, tools):
        while batch := list(itertools.islice(requests, _AT_ONCE)):
            tried += len(batch)
            answers = cedarpy.is_authorized_batch(batch, alone, beside, schema)
            # One that errs counts as firing: it denies.
            if tried > MOST or any(a.diagnostics.reasons or a.diagnostics.errors for a in answers):
                return True
    return False


def _trials(
    tree: pst.Template, read: frozenset[str], known: Labels, around: Surroundings, tools: Sequence[Tool]
) -> Iterator[tuple[str, Iterator[Request]]]:
    """Entities, and the requests to try beside them."""
    sets = _label_sets(tree, known)
    of_resource = any(isinstance(n, pst.GetAttr) and n.base == pst.Var("resource") for n in nodes(tree.clauses))
    own = sets if of_resource else [frozenset[Label]()]
    principals = _principals(tree, around)
    for touched, labels in itertools.product(_touched(tree, around, tools), own):
        beside = [*(_principal_entity(*each) for each in principals), *_resource_entities(touched, labels)]
        yield (
            orjson.dumps(beside).decode(),
            (
                {
                    "principal": principal,
                    "action": {"type": ACTION, "id": touched.action},
                    "resource": touched.uid,
                    "context": context,
                }
                for (principal, _), context in itertools.product(principals, _contexts(read, touched, labels, sets))
            ),
        )


def _contexts(read: frozenset[str], touched: _Touched, own: Labels, sets: Sequence[Labels]) -> Iterator[Request]:
    """Every context that the policy could tell from another; what it doesn't read stands still."""

    def either(name: str) -> tuple[bool, ...]:
        return (False, True) if name in read else (False,)

    flags = [either(name) for name in ("unbounded", "opaque", "reason_given", "cappable")]
    shown, filtered, probed, written = (
        sets if name in read else [frozenset[Label]()] for name in ("labels", "filters", "probes", "writes")
    )
    enforced = [each.value for each in (EnforcedBy if "enforced_by" in read else [EnforcedBy.GATEWAY])]
    hours = range(24) if "hour" in read else (12,)
    labelled = itertools.product(shown, filtered, probed, written)
    rest = itertools.product(*flags, enforced, hours)
    for (out, filters, probes, writes), flagged in itertools.product(labelled, rest):
        unbounded, opaque, reason_given, cappable, enforcer, hour = flagged
        context: Request = {
            "labels": sorted(out | filters | probes | writes | own),
            "filters": sorted(filters | probes),
            "probes": sorted(probes),
            "writes": sorted(writes),
            "writes_masked": [],
            "unbounded": unbounded,
            "opaque": opaque,
            "environment": touched.connection.environment,
            "tags": sorted(touched.connection.tags),
            "enforced_by": enforcer,
            "reason_given": reason_given,
            "estimated": False,
            "rows_estimate": 0,
            "cappable": cappable,
            "asked": sorted(VERBS[touched.verb]),
            "now": _TIME,
            "hour": hour,
            "recent": _QUIET,
        }
        yield context | ({INPUT: {}} if touched.action.startswith(TOOL_ACTION) else {})


def _principals(tree: pst.Template, around: Surroundings) -> list[tuple[Uid, frozenset[GroupName]]]:
    """One actor of each sort that the policy could tell from the others."""
    uids = entity_uids(tree)
    named = {(str(uid.type), uid.id) for uid in uids}
    groups = {uid.id for uid in uids if str(uid.type) == GROUP}
    sorts: dict[object, tuple[Uid, frozenset[GroupName]]] = {}
    for kind, actors in around.actors.items():
        for name, own in actors.items():
            type_ = principal_type(kind)
            sort = (type_, name if (type_, name) in named else "", frozenset(groups & own))
            sorts.setdefault(sort, ({"type": type_, "id": name}, own))
    return list(sorts.values())


def _touched(tree: pst.Template, around: Surroundings, tools: Sequence[Tool]) -> Iterator[_Touched]:
    names, mentioned = _names(tree), {uid.id for uid in entity_uids(tree)}
    for verb, connection in itertools.product(_verbs(tree), around.connections.values()):
        for kind in kinds_of(verb):
            if kind is ResourceKind.CONNECTION:
                if VERBS[verb][0] not in _RELATION_ONLY:
                    yield _Touched(verb, verb, kind, connection.name, connection)
                continue
            for name in names:
                yield _Touched(verb, verb, kind, f"{connection.name}/{name}", connection)
    tried = verbs(tree, actions_of(tools))
    for tool in tools:
        at = around.connections.get(tool.connection)
        if at is not None and tool_action(tool.id) in tried and (len(tools) <= MANY_LABELS or tool.id in mentioned):
            yield _Touched(tool_action(tool.id), tool.verbs[0], ResourceKind.TOOL, tool.id, at)


def _verbs(tree: pst.Template) -> list[Verb]:
    """The verbs in the policy's scope; where its conditions don't look at the verb, one for each sort of resource."""
    scope = [verb for verb in VERBS if verb in verbs(tree)]
    if any(node == pst.Var("action") for node in nodes(tree.clauses)):
        return scope
    sorts = {(kinds_of(verb), VERBS[verb][0] in _RELATION_ONLY): verb for verb in scope}
    return list(sorts.values())


def _names(tree: pst.Template) -> list[str]:
    """Names within a connection: any one, those mentioned, and one for each `like`."""
    names = {"public.any": None}
    for uid in entity_uids(tree):
        names.setdefault(uid.id.partition("/")[2] or "public.any")
        if uid.type.basename == "Relation":
            names.setdefault(f"{uid.id.partition('/')[2]}.any")  # a column of it
    for node in nodes(tree.clauses):
        match node:
            case pst.StringLit(value=text):
                names.setdefault(text)
            case pst.Like(pattern=pattern):
                names.setdefault("".join(part.value if isinstance(part, pst.Char) else "x" for part in pattern))
    reads_name = any(isinstance(node, pst.GetAttr) and node.attr == "name" for node in nodes(tree.clauses))
    mentioned = any("/" in uid.id for uid in entity_uids(tree))
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
    """The resource within its connection; a column also within its relation, which bears what it bears."""
    within: Uid = {"type": _CONNECTION, "id": str(touched.connection.name)}
    parents = [] if touched.kind is ResourceKind.CONNECTION else [within]
    if touched.kind is ResourceKind.COLUMN:
        relation: Uid = {"type": resource_type(ResourceKind.RELATION), "id": touched.id.rpartition(".")[0]}
        yield _resource_entity(relation, touched.connection, labels, [within])
        parents = [relation, within]
    yield _resource_entity(touched.uid, touched.connection, labels, parents)


def _resource_entity(uid: Uid, connection: Connection, labels: Labels, parents: list[Uid]) -> dict[str, object]:
    return {
        "uid": uid,
        "attrs": {
            "labels": sorted(labels),
            "environment": connection.environment,
            "tags": sorted(connection.tags),
            "name": uid["id"].removeprefix(f"{connection.name}/"),
        },
        "parents": parents,
    }

"""Deciding: design section 5, in the order in which it is written there.

1. One Cedar request for each (verb, resource) and each reveal, for the actor and each verified delegator.
2. Any error: deny.
3. A plain forbid fires, or nothing permits: deny.
4. Something owed isn't met: deny.
5. Only lifted forbids stand in the way, and the rest permits: a review, with the union of what they ask.
6. The strictest answer of all requests is the action's; obligations are the union too.

Cedar says which policies are satisfied, all of them at once; what that comes to is said here. So each policy is handed
to it as a permit: it lists every satisfied one then, and a forbid doesn't hide the permits behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

import cedarpy

from interlock.model.action import Action, Ask
from interlock.model.actor import Actor
from interlock.model.decision import Allow, Decision, Deny, NeedsReview, Reason
from interlock.model.label import Label
from interlock.model.names import Digest, PolicyId, Verb
from interlock.model.obligation import Obligations
from interlock.model.offer import Offer
from interlock.model.recent import Recent
from interlock.model.resource import ResourceKind
from interlock.model.reveal import Reveal
from interlock.model.tool import Tool
from interlock.model.verb import VERBS
from interlock.policy import lifting, obligations, reasons
from interlock.policy.annotations import Annotations
from interlock.policy.checks import Rule
from interlock.policy.requests import Asked, context, entities, principals, requests, reveal_entities
from interlock.policy.schema import UNKNOWN

Policies = frozenset[PolicyId]

_GIVING: Final = frozenset({"read", "export"})


@dataclass(frozen=True, slots=True)
class Rules:
    """A bundle as Cedar and we hold it.

    `obeyed` holds the policies in force and `observed` those under @observe, each as a permit; `permits` and `lifted`
    name the permits and the forbids that a review lifts among all of them, observed or not. `offers` are the resources
    and prompts that are pinned, `words` the ids of documents and the texts that policies compare with.
    """

    annotations: Mapping[PolicyId, Annotations]
    sources_by_id: Mapping[PolicyId, Rule]
    obeyed: cedarpy.PolicySet
    observed: cedarpy.PolicySet | None
    permits: Policies
    lifted: Policies
    schema: cedarpy.Schema
    known_labels: frozenset[Label]
    tools: Mapping[str, Tool]
    zone: tzinfo
    digest: Digest
    offers: tuple[Offer, ...] = ()
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Heard:
    """One Cedar request and every policy that spoke in it, whatever the others said.

    `forbids` are plain ones; `observed` are @observe policies of either effect, which are in none of the other sets.
    With `error` the rest may lack policies: Cedar leaves out those that it couldn't evaluate. `unsized`: only because
    they ask how many rows it is, and nobody could tell.
    """

    principal: Actor
    ask: Ask
    reveal: Reveal | None
    permits: Policies = frozenset()
    forbids: Policies = frozenset()
    lifted: Policies = frozenset()
    observed: Policies = frozenset()
    error: bool = False
    unsized: bool = False


def decide(rules: Rules, action: Action, now: datetime, recent: Recent) -> Decision:
    """What the rules say of an action. Whatever this raises is a denial to the caller (`Bundle.decide`)."""
    if action.refusal is not None:
        return Deny((reasons.refused(action.refusal),), rules.digest)
    if not action.asks:
        return Deny((reasons.nothing_asked(),), rules.digest)
    heard = hear(rules, action, now, recent)
    observed = tuple(sorted(_all(one.observed for one in heard) - rules.permits))
    permits, lifted = _all(one.permits for one in heard), _all(one.lifted for one in heard)
    denials = list(_denials(rules, heard)) or list(_unmet(rules, action, permits | lifted))
    if denials:
        return Deny(reasons.in_order(denials), rules.digest, observed)
    asks = (rules.annotations[policy].asks for policy in permits | lifted)
    owed = obligations.owed(action, asks, obligations.granted(_giving(rules, heard)))
    if lifted:
        asked = [each for policy in lifted if (each := rules.annotations[policy].lifted_by) is not None]
        fits = reasons.held(rules.annotations, lifted)
        return NeedsReview(lifting.union(asked), owed, fits, rules.digest, observed)
    return Allow(owed, reasons.permitted(rules.annotations, permits), rules.digest, observed)


def hear(rules: Rules, action: Action, now: datetime, recent: Recent) -> tuple[Heard, ...]:
    """Every policy that spoke in each request of an action; raises whatever making the requests does."""
    about = context(action, now, rules.known_labels, recent, rules.zone)
    return tuple(one for principal in principals(action.actor) for one in _hear(rules, action, principal, about))


def _hear(rules: Rules, action: Action, principal: Actor, about: Mapping[str, object]) -> Iterator[Heard]:
    """Ordinary requests share their entities; what is revealed bears one label, so each reveal has its own."""
    asked = requests(action, principal, about, rules.tools)
    ordinary = [each for each in asked if each.reveal is None]
    yield from _answers(rules, principal, ordinary, entities(action, principal, rules.known_labels))
    for each in asked:
        if each.reveal is not None:
            for beside in reveal_entities(action, principal, each.reveal, rules.known_labels):
                yield from _answers(rules, principal, [each], beside)


def _answers(rules: Rules, principal: Actor, asked: Sequence[Asked], beside: str) -> Iterator[Heard]:
    everything = cedarpy.Entities.from_json_str(beside, rules.schema)
    batch = [each.request for each in asked]
    answers = cedarpy.is_authorized_batch(batch, rules.obeyed, everything, rules.schema)
    if len(answers) != len(asked):
        raise ValueError("Cedar answered another number of requests than it was asked")
    watched = [frozenset[PolicyId]()] * len(asked)
    if rules.observed is not None:
        beside_them = cedarpy.is_authorized_batch(batch, rules.observed, everything, rules.schema)
        watched = [_spoke(answer) for answer in beside_them]
    for each, answer, observed in zip(asked, answers, watched, strict=True):
        spoke = _spoke(answer)
        yield Heard(
            principal=principal,
            ask=each.ask,
            reveal=each.reveal,
            permits=spoke & rules.permits,
            forbids=spoke - rules.permits - rules.lifted,
            lifted=spoke & rules.lifted,
            observed=observed,
            # A policy that errs is skipped, and the answer may be Allow all the same: only the list of errors tells.
            error=bool(answer.diagnostics.errors) or answer.decision is cedarpy.Decision.NoDecision,
            unsized=bool(answer.diagnostics.errors) and all(map(_of_size, answer.diagnostics.errors)),
        )


def _of_size(error: object) -> bool:
    return any(f"`{name}`" in str(error) for name in UNKNOWN)


def _spoke(answer: cedarpy.AuthzResult) -> Policies:
    return frozenset(PolicyId(policy) for policy in answer.diagnostics.reasons)


def _denials(rules: Rules, heard: Iterable[Heard]) -> Iterator[Reason]:
    for one in heard:
        if one.unsized and one.reveal is None:
            yield reasons.size_unknown()
            yield from reasons.forbidden(rules.annotations, one.forbids)
        elif one.error:
            yield reasons.policy_error()
        elif one.reveal is not None and (one.forbids or not one.permits):
            yield from reasons.reveal_denied(rules.annotations, one.reveal, one.forbids)
        elif one.forbids:
            yield from reasons.forbidden(rules.annotations, one.forbids)
        elif not one.permits:
            yield reasons.no_permit()


def _unmet(rules: Rules, action: Action, fired: Policies) -> Iterator[Reason]:
    for policy in fired:
        for code in obligations.unmet(action, rules.annotations[policy].asks):
            yield reasons.unmet(code, policy)


def _giving(rules: Rules, heard: Iterable[Heard]) -> Iterator[list[Obligations]]:
    """What the permits of each request say that gives values out: one that reads or exports, but for catalogs."""
    for one in heard:
        if one.reveal is None and one.ask.resource.kind is not ResourceKind.CATALOG and _gives(one.ask.verb):
            yield [rules.annotations[policy].asks for policy in one.permits]


def _gives(verb: Verb) -> bool:
    return not _GIVING.isdisjoint(VERBS.get(verb, ()))


def _all(sets: Iterable[Policies]) -> Policies:
    return frozenset().union(*sets)

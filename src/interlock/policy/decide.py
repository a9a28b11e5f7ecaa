"""Deciding: design section 5, in the order in which it is written there.

1. One Cedar request for each (verb, resource), for the actor and each verified delegator.
2. Any error: deny.
3. A plain forbid fires, or nothing permits: deny.
4. Only lifted forbids stand in the way, and the rest permits: a review, with the union of what they ask.
5. The strictest answer of all requests is the action's; obligations are the union too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import cedarpy

from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.decision import Allow, Decision, Deny, NeedsReview, Quorum, Reason, Requirements
from interlock.model.label import Label
from interlock.model.names import Digest, GroupName, PolicyId
from interlock.model.obligation import Obligations
from interlock.policy import reasons
from interlock.policy.annotations import Annotations
from interlock.policy.requests import context, entities, principals, requests


@dataclass(frozen=True, slots=True)
class Rules:
    """A bundle as Cedar and we hold it. `unlifted` is `whole` without the forbids that a review lifts."""

    annotations: Mapping[PolicyId, Annotations]
    whole: cedarpy.PolicySet
    unlifted: cedarpy.PolicySet
    schema: cedarpy.Schema
    known_labels: frozenset[Label]
    digest: Digest


@dataclass(frozen=True, slots=True)
class _Fired:
    """What one request came to: policies that permit, plain forbids, lifted forbids, or that Cedar erred."""

    permits: frozenset[PolicyId] = frozenset()
    forbids: frozenset[PolicyId] = frozenset()
    lifted: frozenset[PolicyId] = frozenset()
    error: bool = False


def decide(rules: Rules, action: Action, now: datetime) -> Decision:
    """What the rules say of an action. Whatever this raises is a denial to the caller (`Bundle.decide`)."""
    if action.refusal is not None:
        return Deny((reasons.refused(action.refusal),), rules.digest)
    if not action.asks:
        return Deny((reasons.nothing_asked(),), rules.digest)
    fired = [one for principal in principals(action.actor) for one in _ask(rules, action, principal, now)]
    denials = _denials(rules, fired)
    if denials:
        return Deny(denials, rules.digest)
    lifted: frozenset[PolicyId] = frozenset().union(*(one.lifted for one in fired))
    if lifted:
        fits = reasons.held(rules.annotations, lifted)
        return NeedsReview(_union(rules, lifted), obligations(action), fits, rules.digest)
    permits: frozenset[PolicyId] = frozenset().union(*(one.permits for one in fired))
    return Allow(obligations(action), reasons.permitted(rules.annotations, permits), rules.digest)


def obligations(action: Action) -> Obligations:
    """Masked is the default: every label of every output. What we couldn't read may show any label in reach."""
    exposure = action.exposure
    shown = frozenset().union(*(output.labels for output in exposure.outputs))
    return Obligations(mask=shown | exposure.labels if exposure.opaque else shown)


def _ask(rules: Rules, action: Action, principal: Actor, now: datetime) -> list[_Fired]:
    asked = requests(action, principal, context(action, now, rules.known_labels))
    beside = entities(action, principal, rules.known_labels)
    answers = cedarpy.is_authorized_batch(asked, rules.whole, beside, rules.schema)
    if len(answers) != len(asked):
        return [_Fired(error=True)]
    return [_fired(rules, request, beside, answer) for request, answer in zip(asked, answers, strict=True)]


def _fired(rules: Rules, request: dict[str, object], beside: str, answer: cedarpy.AuthzResult) -> _Fired:
    # A forbid that errs is skipped by Cedar, which may then say Allow: only the list of errors tells.
    if answer.diagnostics.errors or answer.decision is cedarpy.Decision.NoDecision:
        return _Fired(error=True)
    policies = frozenset(PolicyId(policy) for policy in answer.diagnostics.reasons)
    if answer.decision is cedarpy.Decision.Allow:
        return _Fired(permits=policies)
    lifted = frozenset(policy for policy in policies if rules.annotations[policy].lifted_by is not None)
    if policies != lifted or not lifted:
        return _Fired(forbids=policies - lifted)
    rest = cedarpy.is_authorized(request, rules.unlifted, beside, rules.schema)
    if rest.diagnostics.errors:
        return _Fired(error=True)
    permits = frozenset(PolicyId(policy) for policy in rest.diagnostics.reasons)
    return _Fired(permits=permits, lifted=lifted) if rest.decision is cedarpy.Decision.Allow else _Fired()


def _denials(rules: Rules, fired: Iterable[_Fired]) -> tuple[Reason, ...]:
    found: list[Reason] = []
    for one in fired:
        if one.error:
            found.append(reasons.policy_error())
        elif one.forbids:
            found.extend(reasons.forbidden(rules.annotations, one.forbids))
        elif not one.permits:
            found.append(reasons.no_permit())
    return tuple(sorted(set(found), key=reasons.order))


def _union(rules: Rules, lifted: frozenset[PolicyId]) -> Requirements:
    """All that the lifted forbids ask: the highest number for each group, the shortest times."""
    asked = [each for policy in lifted if (each := rules.annotations[policy].lifted_by) is not None]
    highest: dict[GroupName, int] = {}
    for quorum in (quorum for each in asked for quorum in each.quorums):
        highest[quorum.group] = max(quorum.count, highest.get(quorum.group, 0))
    quorums = tuple(Quorum(group, highest[group]) for group in sorted(highest))
    return Requirements(quorums, min(each.expires for each in asked), min(each.valid for each in asked))

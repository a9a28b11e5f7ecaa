"""Why an action is decided as it is: every policy that spoke, who would have to sign, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from interlock.model.action import Action
from interlock.model.actor import ActorKind
from interlock.model.decision import Decision, Deny, NeedsReview, Reason, Requirements
from interlock.model.label import Label
from interlock.model.names import GroupName, PersonId, PolicyId
from interlock.model.recent import QUIET, Recent
from interlock.policy.bundle import Bundle
from interlock.policy.cases import in_words
from interlock.policy.decide import Heard
from interlock.policy.outcomes import Outcome, Verdict, terms, verdict
from interlock.policy.reviewers import can_be_met, eligible, groups_asked
from interlock.policy.surroundings import Members
from interlock.policy.trials import Trial, trials


class Voice(StrEnum):
    """What a policy said in one request."""

    PERMITS = "permits"
    FORBIDS = "forbids"
    HOLDS = "holds"  # a forbid that a review lifts
    OBSERVES = "observes"  # an @observe policy, which decides nothing


@dataclass(frozen=True, slots=True)
class Spoke:
    """One policy that spoke, and where it stands."""

    policy: PolicyId
    voice: Voice
    because: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Request:
    """One question to Cedar: may `actor` do `verb` on `resource`, or see `reveal`'s label there. `error`: it failed."""

    actor: str
    kind: ActorKind
    verb: str
    resource: str
    reveal: str
    error: bool
    spoke: tuple[Spoke, ...]


@dataclass(frozen=True, slots=True)
class Signing:
    """What people would have to sign, the rest of its terms, and who of each group may.

    `possible`: whether they can meet it.
    """

    needs: str
    terms: tuple[str, ...]
    eligible: tuple[tuple[GroupName, tuple[PersonId, ...]], ...]
    possible: bool


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """One change after which the outcome is another."""

    trial: Trial
    what: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it. `masked` are the labels whose values come back masked, unless it is denied."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    requests: tuple[Request, ...]
    masked: tuple[Label, ...]
    signing: Signing | None
    observed: tuple[PolicyId, ...]
    changes: tuple[Counterfactual, ...]
    tried: int


def explain(
    bundle: Bundle,
    action: Action,
    now: datetime,
    recent: Recent = QUIET,
    *,
    groups: Members,
    excluded: frozenset[PersonId],
) -> Explanation:
    """Decides `action` at `now` (with a zone), then again with one thing changed at a time.

    `groups` are those that there are, with their people; `excluded` the people who may not sign for this action.
    """
    decision = bundle.decide(action, now, recent)
    base = verdict(decision)
    signing = _signing(decision.requirements, groups, excluded) if isinstance(decision, NeedsReview) else None
    tried, changes = 0, list[Counterfactual]()
    for changed in trials(action, groups):
        tried += 1
        after = verdict(bundle.decide(changed.action, now, recent))
        if not _alike(base, after):
            changes.append(Counterfactual(changed.trial, changed.what, after))
    return Explanation(
        verdict=base,
        reasons=decision.reasons,
        requests=tuple(_request(bundle, heard) for heard in bundle.hear(action, now, recent)) if action.asks else (),
        masked=_masked(decision),
        signing=signing,
        observed=decision.observed,
        changes=(*_signed(base, signing), *changes),
        tried=tried,
    )


def _alike(one: Verdict, other: Verdict) -> bool:
    """Whether nothing changed for who asked: what it reveals changes with what is asked to be revealed, of course."""
    kept = [tuple(each for each in v.under if not each.startswith("reveal ")) for v in (one, other)]
    return (one.outcome, one.needs, kept[0]) == (other.outcome, other.needs, kept[1])


def _signed(base: Verdict, signing: Signing | None) -> Iterator[Counterfactual]:
    if signing is not None and signing.possible:
        after = Verdict(Outcome.ALLOWED, (), base.policies, "", base.under)
        yield Counterfactual(Trial.SIGNED, signing.needs, after)


def _signing(asked: Requirements, groups: Members, excluded: frozenset[PersonId]) -> Signing:
    return Signing(
        in_words(asked),
        terms(asked),
        tuple((group, eligible(group, groups, excluded)) for group in sorted(groups_asked(asked))),
        can_be_met(asked, groups, excluded),
    )


def _masked(decision: Decision) -> tuple[Label, ...]:
    return () if isinstance(decision, Deny) else tuple(sorted(decision.obligations.mask))


def _request(bundle: Bundle, heard: Heard) -> Request:
    voices = (
        (Voice.FORBIDS, heard.forbids),
        (Voice.HOLDS, heard.lifted),
        (Voice.PERMITS, heard.permits),
        (Voice.OBSERVES, heard.observed),
    )
    return Request(
        actor=heard.principal.id,
        kind=heard.principal.kind,
        verb=heard.ask.verb,
        resource=heard.ask.resource.id,
        reveal=heard.reveal.label if heard.reveal is not None else "",
        error=heard.error,
        spoke=tuple(_spoke(bundle, policy, voice) for voice, policies in voices for policy in sorted(policies)),
    )


def _spoke(bundle: Bundle, policy: PolicyId, voice: Voice) -> Spoke:
    rule = bundle.rules.sources_by_id[policy]
    return Spoke(policy, voice, rule.annotations.because, rule.statement.file, rule.statement.line)

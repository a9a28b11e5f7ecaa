"""Deciding, against the rules of design section 5 spelt out naively: Cedar asked about one policy at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cedarpy
import pytest
from hypothesis import given, settings

from interlock.model.action import Action
from interlock.model.decision import Allow, Decision, Deny, NeedsReview
from interlock.model.recent import Recent
from interlock.policy.bundle import Bundle
from interlock.policy.requests import context, entities, principals, requests, reveal_entities
from interlock.policy.schema import UNKNOWN, schema_text

from .asking import NOON
from .generated import KNOWN, OPEN, Written, actions, bundles, loaded, named, recents

SCHEMA = cedarpy.Schema.from_str(schema_text(unknown=UNKNOWN))


@dataclass(frozen=True, slots=True)
class Said:
    """What it comes to, the policies that say so, and what is owed."""

    outcome: type[Decision]
    policies: frozenset[str]
    observed: tuple[str, ...]
    owed: frozenset[str] = frozenset()


def expected(some: list[Written], asked: Action, recent: Recent, bundle: Bundle) -> Said:
    """The rules, one after the other, for each request."""
    by_id = {f"p{n}": each for n, each in enumerate(some)}
    denying: set[str] = set()
    permitting: set[str] = set()
    holding: set[str] = set()
    watching: set[str] = set()
    denied = False
    for fired, erred in answers(some, asked, recent, bundle):
        obeyed = {each for each in fired if "@observe" not in by_id[each].annotations}
        watching |= {each for each in fired - obeyed if by_id[each].effect == "forbid"}
        permits = {each for each in obeyed if by_id[each].effect == "permit"}
        lifted = {each for each in obeyed - permits if "@review" in by_id[each].text or "@stages" in by_id[each].text}
        plain = obeyed - permits - lifted
        if erred or plain or not permits:
            denied = True
            denying |= set() if erred else plain
        permitting |= permits
        holding |= lifted
    observed = tuple(sorted(watching))
    if denied:
        return Said(Deny, frozenset(denying), observed)
    owing = {each: terms(by_id[each]) for each in permitting | holding}
    unmet = {each for each, owed in owing.items() if owed & lacking(asked)}
    if unmet:
        return Said(Deny, frozenset(unmet), observed)
    owed = frozenset().union(*owing.values())
    if holding:
        return Said(NeedsReview, frozenset(holding), observed, owed)
    return Said(Allow, frozenset(permitting), observed, owed)


def answers(some: list[Written], asked: Action, recent: Recent, bundle: Bundle) -> Iterator[tuple[set[str], bool]]:
    """For each request: the policies that fired, each tried alone, and whether one that is in force erred."""
    about = context(asked, NOON, KNOWN, recent, bundle.rules.zone)
    alone = {f"p{n}": cedarpy.PolicySet.from_str(text) for n, text in enumerate(named(some))}
    for who in principals(asked.actor):
        for each in requests(asked, who, about, {}):
            reveal = each.reveal
            plain = (entities(asked, who, KNOWN),)
            for beside in plain if reveal is None else reveal_entities(asked, who, reveal, KNOWN):
                tried = {name: cedarpy.is_authorized(each.request, one, beside, SCHEMA) for name, one in alone.items()}
                erred = {name for name, answer in tried.items() if answer.diagnostics.errors}
                in_force = {f"p{n}" for n, policy in enumerate(some) if "@observe" not in policy.annotations}
                yield {name for name, answer in tried.items() if answer.diagnostics.reasons}, bool(erred & in_force)


def terms(policy: Written) -> frozenset[str]:
    return frozenset(
        each for each in policy.annotations if each.startswith(("@justify", "@ticket", "@row_cap", "@step"))
    )


def lacking(asked: Action) -> frozenset[str]:
    """The terms that this action doesn't meet."""
    found = {'@step_up("webauthn")'}
    found |= set() if asked.reason_given else {"@justify"}
    found |= set() if asked.ticket_given else {"@ticket"}
    return frozenset(found if asked.cappable else found | {'@row_cap("5")', '@row_cap("100")'})


def said(decision: Decision) -> Said:
    policies = frozenset(reason.policy for reason in decision.reasons if reason.policy)
    if isinstance(decision, Deny):
        return Said(Deny, policies, decision.observed)
    found = decision.obligations
    owed = {"@justify"} if found.reason else set()
    owed |= {"@ticket"} if found.ticket else set()
    owed |= {f'@row_cap("{found.row_cap}")'} if found.row_cap is not None else set()
    return Said(type(decision), policies, decision.observed, frozenset(owed))


@pytest.mark.parametrize("examples", [60, pytest.param(1_000, marks=pytest.mark.slow)])
def test_what_is_decided_is_what_the_rules_say(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(bundles | bundles.map(lambda some: [OPEN, *some]), actions, recents)
    def holds(some: list[Written], asked: Action, recent: Recent) -> None:
        bundle = loaded(some)
        right, found = expected(some, asked, recent, bundle), said(bundle.decide(asked, NOON, recent))
        if '@row_cap("5")' in right.owed:  # the lower of two is what is owed
            right = Said(right.outcome, right.policies, right.observed, right.owed - {'@row_cap("100")'})
        assert found == right

    holds()

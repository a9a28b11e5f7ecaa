"""`context.rows_estimate`: what is unknown is never few (design section 5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.errors import PolicyMistakes
from interlock.model.action import Action
from interlock.model.decision import Allow, Deny, NeedsReview
from interlock.model.exposure import Exposure
from interlock.model.impact import Impact
from interlock.model.resource import Resource, ResourceKind
from interlock.model.verb import SESSION_OPEN, SQL_INSERT, SQL_SELECT

from .asking import NOON, PERMIT_ALL, action, bundle, codes, relation

MANY = (
    '@id("many") @review("platform-engineers:1") forbid (principal, action in Interlock::Action::"read", resource)'
    " when {{ {} context.rows_estimate > 1000 }};"
)
FEW_ALONE = '@id("few") permit (principal, action, resource) when { context.rows_estimate <= 1000 };'
READ = action((SQL_SELECT, relation()))


def of(rows: int | None, asked: Action = READ) -> Action:
    return replace(asked, rows_estimate=rows)


def test_a_forbid_by_size() -> None:
    loaded = bundle(PERMIT_ALL, MANY.format(""))
    assert loaded.reads_estimate and not bundle(PERMIT_ALL).reads_estimate
    assert isinstance(loaded.decide(of(1_000), NOON), Allow)
    assert isinstance(loaded.decide(of(1_001), NOON), NeedsReview)
    assert isinstance(loaded.decide(of(10**30), NOON), NeedsReview)


@pytest.mark.parametrize("text", [PERMIT_ALL + MANY.format(""), FEW_ALONE])
def test_what_nobody_can_tell_is_denied(text: str) -> None:
    loaded = bundle(text)
    assert isinstance(loaded.decide(of(0), NOON), Allow)
    decision = loaded.decide(of(None), NOON)
    assert isinstance(decision, Deny)
    assert codes(decision) == [("size_unknown", None)]


def test_policies_about_other_verbs_dont_look() -> None:
    insert = action((SQL_INSERT, relation()))
    assert isinstance(bundle(PERMIT_ALL, MANY.format("")).decide(insert, NOON), Allow)


def test_a_policy_may_look_first() -> None:
    loaded = bundle(PERMIT_ALL, MANY.format("!context.estimated ||"))
    assert isinstance(loaded.decide(of(None), NOON), NeedsReview)
    assert isinstance(loaded.decide(of(5), NOON), Allow)
    assert bundle(
        PERMIT_ALL + '@id("x") forbid (principal, action, resource) when { !context.estimated };'
    ).reads_estimate


def test_what_is_forbidden_anyway_is_still_told() -> None:
    """So that it needn't even be described upstream."""
    never = '@id("never") forbid (principal, action, resource);'
    decision = bundle(PERMIT_ALL, MANY.format(""), never).decide(of(None), NOON)
    assert sorted(codes(decision)) == [("forbidden", "never"), ("size_unknown", None)]


def test_session_traffic_has_no_rows() -> None:
    traffic = action(
        (SESSION_OPEN, Resource(ResourceKind.CONNECTION, "clinic")), exposure=Exposure(impact=Impact(nothing=True))
    )
    assert isinstance(bundle(FEW_ALONE).decide(traffic, NOON), Allow)


def test_an_observed_policy_that_errs_does_no_harm() -> None:
    observed = MANY.format("").replace("@review", "@observe @review")
    assert isinstance(bundle(PERMIT_ALL, observed).decide(of(None), NOON), Allow)


def test_what_was_allowed_is_remembered_by_size() -> None:
    loaded = bundle(PERMIT_ALL, MANY.format(""))
    few = loaded.decide(of(10), NOON)
    assert loaded.decide(of(10), NOON) is few
    assert loaded.decide(of(20), NOON) is not few
    assert isinstance(loaded.decide(of(5_000), NOON), NeedsReview)
    assert isinstance(loaded.decide(of(None), NOON), Deny)


@pytest.mark.parametrize(
    "test", ["context has rows_estimate", "context.rows_estimated > 3", 'context.estimated == "x"']
)
def test_mistakes_dont_load(test: str) -> None:
    with pytest.raises(PolicyMistakes):
        bundle(PERMIT_ALL, f'@id("x") forbid (principal, action, resource) when {{ {test} }};')

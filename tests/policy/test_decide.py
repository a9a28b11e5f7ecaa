"""Deciding, rule by rule (design section 5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from interlock.model.action import EnforcedBy
from interlock.model.actor import ActorKind
from interlock.model.decision import Allow, Deny, NeedsReview, Quorum
from interlock.model.exposure import Exposure, Output
from interlock.model.names import GroupName, PolicyId
from interlock.model.resource import Resource, ResourceKind
from interlock.model.verb import SQL_COPY_OUT, SQL_DELETE, SQL_SELECT, SQL_UPDATE, VERBS
from interlock.policy.schema import kinds_of

from .asking import NOON, PERMIT_ALL, action, actor, bundle, codes, labels, relation, showing

SCOPE = "(principal, action, resource)"
LIFTED = f'@id("lifted") @because("why") @review("privacy-officers:1") @expires("1h") @valid("5m") forbid {SCOPE};'
READ = action((SQL_SELECT, relation()))


def test_nothing_permits() -> None:
    decision = bundle("").decide(READ, NOON)
    assert isinstance(decision, Deny)
    assert codes(decision) == [("no_permit", None)]


def test_a_permit_allows_and_names_itself() -> None:
    loaded = bundle(PERMIT_ALL)
    decision = loaded.decide(READ, NOON)
    assert isinstance(decision, Allow)
    assert codes(decision) == [("permitted", "all")]
    assert decision.bundle == loaded.digest


def test_a_plain_forbid_beats_all() -> None:
    plain = f'@id("never") @because("Not here.") forbid {SCOPE};'
    decision = bundle(PERMIT_ALL, LIFTED, plain).decide(READ, NOON)
    assert isinstance(decision, Deny)
    assert codes(decision) == [("forbidden", "never")]
    assert decision.reasons[0].sentence == "Not here."


def test_a_lifted_forbid_needs_a_review() -> None:
    decision = bundle(PERMIT_ALL, LIFTED).decide(READ, NOON)
    assert isinstance(decision, NeedsReview)
    assert codes(decision) == [("needs_review", "lifted")]
    assert decision.reasons[0].sentence == "why"
    assert decision.requirements.quorums == (Quorum(GroupName("privacy-officers"), 1),)
    assert (decision.requirements.expires, decision.requirements.valid) == (timedelta(hours=1), timedelta(minutes=5))


def test_a_lifted_forbid_without_a_permit_behind_it_is_a_no() -> None:
    decision = bundle(LIFTED).decide(READ, NOON)
    assert isinstance(decision, Deny)
    assert codes(decision) == [("no_permit", None)]


def test_several_lifted_forbids_ask_for_their_union() -> None:
    second = f'@id("b") @review("privacy-officers:2, platform-engineers:1") @valid("1h") forbid {SCOPE};'
    decision = bundle(PERMIT_ALL, LIFTED, second).decide(READ, NOON)
    assert isinstance(decision, NeedsReview)
    assert decision.requirements.quorums == (
        Quorum(GroupName("platform-engineers"), 1),
        Quorum(GroupName("privacy-officers"), 2),
    )
    # b says nothing of @expires: its default of 30 minutes is shorter than an hour.
    assert (decision.requirements.expires, decision.requirements.valid) == (timedelta(minutes=30), timedelta(minutes=5))
    assert codes(decision) == [("needs_review", "b"), ("needs_review", "lifted")]


def test_the_strictest_of_all_requests_wins() -> None:
    reads = '@id("r") permit (principal, action in Interlock::Action::"read", resource);'
    deletes = (
        '@id("d") permit (principal, action == Interlock::Action::"sql.delete", resource);'
        '@id("h") @review("privacy-officers:1") '
        'forbid (principal, action == Interlock::Action::"sql.delete", resource);'
    )
    loaded = bundle(reads, deletes)
    assert isinstance(loaded.decide(READ, NOON), Allow)
    both = action((SQL_SELECT, relation()), (SQL_DELETE, relation("clinic/public.claims")))
    assert isinstance(loaded.decide(both, NOON), NeedsReview)
    three = action((SQL_SELECT, relation()), (SQL_DELETE, relation()), (SQL_UPDATE, relation()))
    assert codes(loaded.decide(three, NOON)) == [("no_permit", None)]


def test_every_verified_delegator_must_be_permitted_too() -> None:
    loaded = bundle('@id("a") permit (principal in Interlock::Group::"ai-agents", action, resource);')
    dana = actor("dana", groups=(), kind=ActorKind.PERSON)
    trusted = actor("planner")
    assert isinstance(loaded.decide(READ, NOON), Allow)
    assert isinstance(loaded.decide(replace(READ, actor=actor(chain=(trusted,))), NOON), Allow)
    assert isinstance(loaded.decide(replace(READ, actor=actor(chain=(trusted, dana))), NOON), Deny)
    assert isinstance(loaded.decide(replace(READ, actor=actor(chain=(actor("p", chain=(dana,)),))), NOON), Deny)


def test_groups_of_the_delegator_dont_help_the_actor() -> None:
    loaded = bundle('@id("a") permit (principal in Interlock::Group::"ai-agents", action, resource);')
    stray = actor(groups=(), chain=(actor(),))
    assert isinstance(loaded.decide(action((SQL_SELECT, relation()), by=stray), NOON), Deny)


def test_a_refusal_is_a_no_whatever_policy_says() -> None:
    decision = bundle(PERMIT_ALL).decide(action((SQL_SELECT, relation()), refusal="That is always refused."), NOON)
    assert isinstance(decision, Deny)
    assert (decision.reasons[0].code, decision.reasons[0].sentence) == ("refused", "That is always refused.")


def test_an_action_that_asks_for_nothing_is_a_no() -> None:
    assert codes(bundle(PERMIT_ALL).decide(action(), NOON)) == [("not_understood", None)]


CONDITIONS = [
    ('context.labels.contains("phi")', {"exposure": Exposure(labels=labels("phi.mrn"))}),
    ('context.labels.contains("phi.name")', {"exposure": Exposure(labels=labels("phi.name.given"))}),
    ('context.filters.contains("phi")', {"exposure": Exposure(filters=labels("phi.mrn"))}),
    ('context.writes.contains("phi")', {"exposure": Exposure(writes=labels("phi.mrn"))}),
    ("context.unbounded", {"exposure": Exposure(unbounded=True)}),
    ("context.opaque", {"exposure": Exposure(opaque=True)}),
    ('context.environment == "staging"', {"environment": "staging"}),
    ('resource.environment == "staging"', {"environment": "staging"}),
    ('context.tags.contains("pci")', {"tags": ("pci",)}),
    ('resource.tags.contains("pci")', {"tags": ("pci",)}),
    ('context.enforced_by == "caller"', {"enforced_by": EnforcedBy.CALLER}),
    ("context.reason_given", {"reason": "monthly report"}),
]


@pytest.mark.parametrize(("condition", "change"), CONDITIONS)
def test_the_context_says_what_the_action_does(condition: str, change: dict[str, object]) -> None:
    loaded = bundle(PERMIT_ALL, f'@id("no") forbid {SCOPE} when {{ {condition} }};')
    assert isinstance(loaded.decide(READ, NOON), Allow)
    changed = action((SQL_SELECT, relation()), **change)  # type: ignore[arg-type]
    assert codes(loaded.decide(changed, NOON)) == [("forbidden", "no")]


def test_a_blank_reason_is_none() -> None:
    loaded = bundle(PERMIT_ALL, f'@id("no") forbid {SCOPE} when {{ context.reason_given }};')
    assert isinstance(loaded.decide(action((SQL_SELECT, relation()), reason=" \n"), NOON), Allow)


def test_resources_have_names_labels_and_their_connection() -> None:
    loaded = bundle(
        PERMIT_ALL,
        f'@id("name") forbid {SCOPE} when {{ resource.name like "audit.*" }};',
        f'@id("label") forbid {SCOPE} when {{ resource.labels.contains("phi") }};',
    )
    inside = bundle('@id("in") permit (principal, action, resource in Interlock::Connection::"clinic");')
    assert isinstance(loaded.decide(READ, NOON), Allow)
    assert codes(loaded.decide(action((SQL_SELECT, relation("clinic/audit.log"))), NOON)) == [("forbidden", "name")]
    labelled = action((SQL_SELECT, relation("clinic/public.patients", "phi.mrn")))
    assert codes(loaded.decide(labelled, NOON)) == [("forbidden", "label")]
    for verb, kind in [(each, kind) for each in VERBS for kind in kinds_of(each)]:
        asked = action((verb, Resource(kind, "clinic" if kind is ResourceKind.CONNECTION else "clinic/x.y")))
        assert isinstance(inside.decide(asked, NOON), Allow)


def test_a_resource_asked_for_twice_bears_the_labels_of_both() -> None:
    loaded = bundle(PERMIT_ALL, f'@id("no") forbid {SCOPE} when {{ resource.labels.contains("phi") }};')
    asked = action((SQL_SELECT, relation()), (SQL_UPDATE, relation("clinic/public.patients", "phi.mrn")))
    assert codes(loaded.decide(asked, NOON)) == [("forbidden", "no")]


def test_coarse_labels_are_closed_downward_over_what_is_known() -> None:
    forbids = f'@id("no") forbid {SCOPE} when {{ context.labels.contains("phi.mrn") }};'
    coarse = action((SQL_SELECT, relation()), exposure=showing("phi", opaque=True))
    neighbour = action((SQL_SELECT, relation()), exposure=showing("phi.name", opaque=True))
    knowing = bundle(PERMIT_ALL, forbids, known=labels("phi.mrn", "phi.name", "phizz.x"))
    assert codes(knowing.decide(coarse, NOON)) == [("forbidden", "no")]
    assert isinstance(knowing.decide(neighbour, NOON), Allow)
    assert isinstance(bundle(PERMIT_ALL, forbids).decide(coarse, NOON), Allow)


def test_time_is_utc_to_the_hour_and_the_millisecond() -> None:
    loaded = bundle(
        '@id("hour") permit (principal, action == Interlock::Action::"sql.select", resource) '
        "when { context.hour == 12 };"
        '@id("now") permit (principal, action == Interlock::Action::"sql.update", resource) '
        'when { context.now == datetime("2026-11-22T12:30:15.123Z") };'
    )
    update = action((SQL_UPDATE, relation()))
    elsewhere = NOON.astimezone(ZoneInfo("Asia/Kolkata"))
    for moment in (NOON, elsewhere):
        assert isinstance(loaded.decide(READ, moment), Allow)
        assert isinstance(loaded.decide(update, moment), Allow)
    assert isinstance(loaded.decide(READ, NOON + timedelta(hours=1)), Deny)
    assert isinstance(loaded.decide(update, NOON + timedelta(milliseconds=1)), Deny)


def test_what_is_shown_is_masked() -> None:
    shown = Exposure(
        outputs=(Output("a", 25, labels("phi.mrn"), None), Output("b", 25, labels("phi.ssn"), None)),
        labels=labels("phi.mrn", "phi.ssn", "pci.pan"),
    )
    clear = bundle(PERMIT_ALL).decide(action((SQL_SELECT, relation()), exposure=shown), NOON)
    assert isinstance(clear, Allow)
    assert clear.obligations.mask == labels("phi.mrn", "phi.ssn")
    held = bundle(PERMIT_ALL, LIFTED).decide(action((SQL_COPY_OUT, relation()), exposure=shown), NOON)
    assert isinstance(held, NeedsReview)
    assert held.obligations.mask == labels("phi.mrn", "phi.ssn")
    opaque = bundle(PERMIT_ALL).decide(action((SQL_SELECT, relation()), exposure=replace(shown, opaque=True)), NOON)
    assert isinstance(opaque, Allow)
    assert opaque.obligations.mask == labels("phi.mrn", "phi.ssn", "pci.pan")


OVERFLOW = "context.hour + 9223372036854775807 > 0"


@pytest.mark.parametrize("effect", ["permit", "forbid", '@review("privacy-officers:1") forbid'])
def test_a_policy_that_errs_is_a_no(effect: str) -> None:
    """Cedar skips it and would say Allow."""
    decision = bundle(PERMIT_ALL, f'@id("errs") {effect} {SCOPE} when {{ {OVERFLOW} }};').decide(READ, NOON)
    assert isinstance(decision, Deny)
    assert codes(decision) == [("policy_error", None)]


def test_a_policy_that_errs_beside_a_lifted_forbid_is_a_no() -> None:
    loaded = bundle(PERMIT_ALL, LIFTED, f'@id("errs") forbid {SCOPE} when {{ {OVERFLOW} }};')
    assert codes(loaded.decide(READ, NOON)) == [("policy_error", None)]


@pytest.mark.parametrize(
    "broken",
    [
        replace(READ, asks=(replace(READ.asks[0], verb=PolicyId("sql.unheard_of")),)),  # type: ignore[arg-type]
        replace(READ, asks=(replace(READ.asks[0], verb=PolicyId("read")),)),  # type: ignore[arg-type]
        action((SQL_SELECT, relation("clinic/\ud800"))),
        action((SQL_SELECT, relation()), environment="\udfff"),
        replace(READ, exposures=(None,)),  # type: ignore[arg-type]
        replace(READ, actor=None),  # type: ignore[arg-type]
    ],
    ids=["unknown verb", "a group as verb", "broken name", "broken environment", "no exposure", "no actor"],
)
def test_what_cant_be_asked_is_a_no(broken: object) -> None:
    decision = bundle(PERMIT_ALL).decide(broken, NOON)  # type: ignore[arg-type]
    assert isinstance(decision, Deny)
    assert codes(decision) == [("policy_error", None)]


def test_a_time_without_a_zone_is_a_no() -> None:
    decision = bundle(PERMIT_ALL).decide(READ, datetime(2026, 11, 22, 12))
    assert codes(decision) == [("policy_error", None)]


def test_names_are_never_syntax() -> None:
    odd = 'clinic/public."a\\"; permit (principal, action, resource); //\n'
    loaded = bundle(PERMIT_ALL, f'@id("no") forbid {SCOPE} when {{ resource.name like "*permit*" }};')
    assert codes(loaded.decide(action((SQL_SELECT, relation(odd))), NOON)) == [("forbidden", "no")]

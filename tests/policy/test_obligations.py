"""What is owed: the union over every policy that fired, and a no where it isn't met."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.model.action import Action
from interlock.model.decision import Allow, Deny, NeedsReview
from interlock.model.obligation import Obligations
from interlock.model.verb import SQL_SELECT, SQL_UPDATE

from .asking import NOON, action, bundle, codes, relation, reveal, showing

SCOPE = "(principal, action, resource)"
READ = action((SQL_SELECT, relation()))
MET = replace(READ, reason_given="monthly report", ticket_given="OPS-1", cappable=True)

UNMET = [
    ("@justify", "reason_required", replace(MET, reason_given=" \n"), "SET interlock.reason = '...'"),
    ("@ticket", "ticket_required", replace(MET, ticket_given="\t"), "SET interlock.ticket = '...'"),
    ('@row_cap("5")', "cap_not_enforceable", replace(MET, cappable=False), "can't be counted and undone"),
]


@pytest.mark.parametrize(("annotation", "code", "asked", "told"), UNMET)
def test_a_permit_that_owes_what_isnt_there_is_a_no(annotation: str, code: str, asked: Action, told: str) -> None:
    loaded = bundle(f'@id("p") {annotation} permit {SCOPE};')
    decision = loaded.decide(asked, NOON)
    assert isinstance(decision, Deny)
    assert codes(decision) == [(code, "p")]
    assert told in decision.reasons[0].sentence
    assert isinstance(loaded.decide(MET, NOON), Allow)


@pytest.mark.parametrize(("annotation", "code", "asked", "told"), UNMET)
def test_so_is_a_lifted_forbid_that_does(annotation: str, code: str, asked: Action, told: str) -> None:
    loaded = bundle(
        f'@id("p") permit {SCOPE};', f'@id("l") @review("on-call:1") {annotation} @because("Ask.") forbid {SCOPE};'
    )
    decision = loaded.decide(asked, NOON)
    assert isinstance(decision, Deny)
    assert codes(decision) == [(code, "l")]
    assert told in decision.reasons[0].sentence
    assert isinstance(loaded.decide(MET, NOON), NeedsReview)


def test_no_door_can_ask_for_a_step_up_yet() -> None:
    decision = bundle(f'@id("p") @step_up("webauthn") permit {SCOPE};').decide(MET, NOON)
    assert codes(decision) == [("step_up_required", "p")]


def test_all_that_isnt_met_is_told_at_once() -> None:
    decision = bundle(
        f'@id("b") @ticket @justify @step_up("webauthn") permit {SCOPE};@id("a") @justify @row_cap("9") permit {SCOPE};'
    ).decide(READ, NOON)
    assert codes(decision) == [
        ("reason_required", "a"),
        ("reason_required", "b"),
        ("ticket_required", "b"),
        ("step_up_required", "b"),
        ("cap_not_enforceable", "a"),
    ]


def test_what_denies_anyway_says_only_that() -> None:
    owing = f'@id("p") @justify permit {SCOPE};'
    assert codes(bundle(owing, f'@id("f") forbid {SCOPE};').decide(READ, NOON)) == [("forbidden", "f")]


def test_obligations_are_united_over_every_request_and_policy() -> None:
    loaded = bundle(
        '@id("r") @row_cap("100") permit (principal, action == Interlock::Action::"sql.select", resource);'
        '@id("w") @row_cap("7") @ticket permit (principal, action == Interlock::Action::"sql.update", resource);'
        f'@id("l") @review("on-call:1") @row_cap("50") @justify forbid {SCOPE} when {{ context.unbounded }};'
        f'@id("o") @observe @row_cap("1") permit {SCOPE};'
        f'@id("elsewhere") @row_cap("1") permit {SCOPE} when {{ context.environment == "staging" }};'
    )
    both = replace(MET, asks=action((SQL_SELECT, relation()), (SQL_UPDATE, relation())).asks)
    allowed = loaded.decide(both, NOON)
    assert isinstance(allowed, Allow)
    assert allowed.obligations == Obligations(row_cap=7, ticket=True)
    read = loaded.decide(replace(MET, exposures=(showing("phi.mrn", unbounded=True),)), NOON)
    assert isinstance(read, NeedsReview)
    assert read.obligations == Obligations(mask=frozenset({*showing("phi.mrn").labels}), row_cap=50, reason=True)


def test_what_may_be_seen_is_what_was_asked_for_once_it_is_allowed() -> None:
    loaded = bundle(f'@id("p") @justify @row_cap("5") permit {SCOPE};')
    asked = replace(MET, reveals=frozenset({reveal()}), exposures=(showing("phi.mrn"),))
    allowed = loaded.decide(asked, NOON)
    assert isinstance(allowed, Allow)
    assert allowed.obligations.reveal == {reveal()}
    assert allowed.obligations.mask == {"phi.mrn"}
    masked = loaded.decide(replace(asked, reveals=frozenset()), NOON)
    assert isinstance(masked, Allow)
    assert masked.obligations.reveal == frozenset()

"""Every policy that speaks, request by request; reveals, which are requests of their own; and @observe, beside."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.model.actor import ActorKind
from interlock.model.decision import Allow, Deny, NeedsReview
from interlock.model.names import PolicyId
from interlock.model.recent import Recent, Window
from interlock.model.verb import SQL_REVEAL, SQL_SELECT, SQL_UPDATE

from .asking import NOON, PERMIT_ALL, action, actor, bundle, codes, relation, reveal, showing

SCOPE = "(principal, action, resource)"
READ = action((SQL_SELECT, relation()), exposure=showing("phi.mrn"))
REVEALING = replace(READ, reveals=frozenset({reveal()}))
PERMIT_READ = '@id("read") permit (principal, action in Interlock::Action::"read", resource);\n'
REVEAL = 'action == Interlock::Action::"sql.reveal"'
OVERFLOW = "context.hour + 9223372036854775807 > 0"


def ids(*names: str) -> frozenset[PolicyId]:
    return frozenset(map(PolicyId, names))


def test_all_that_speak_are_heard_whatever_the_others_say() -> None:
    loaded = bundle(
        PERMIT_ALL,
        PERMIT_READ,
        f'@id("plain") forbid {SCOPE};',
        f'@id("lifted") @review("on-call:1") forbid {SCOPE};',
        f'@id("other") forbid {SCOPE} when {{ context.unbounded }};',
        f'@id("w1") @observe forbid {SCOPE};',
        f'@id("w2") @observe @review("on-call:1") forbid {SCOPE};',
        f'@id("w3") @observe permit {SCOPE};',
    )
    dana = actor("dana", groups=(), kind=ActorKind.PERSON)
    both = action((SQL_SELECT, relation()), (SQL_UPDATE, relation()), by=actor(chain=(dana,)))
    heard = loaded.hear(both, NOON)
    assert [(one.principal.id, one.ask.verb) for one in heard] == [
        ("etl-agent", SQL_SELECT),
        ("etl-agent", SQL_UPDATE),
        ("dana", SQL_SELECT),
        ("dana", SQL_UPDATE),
    ]
    assert [one.permits for one in heard] == [ids("all", "read"), ids("all")] * 2
    for one in heard:
        assert (one.forbids, one.lifted) == (ids("plain"), ids("lifted"))
        assert one.observed == ids("w1", "w2", "w3")
        assert (one.reveal, one.error) == (None, False)


def test_hearing_never_raises_and_remembers_nothing() -> None:
    loaded = bundle(PERMIT_ALL)
    assert loaded.hear(replace(READ, exposures=(None,)), NOON) == ()  # type: ignore[arg-type]
    assert loaded.hear(None, NOON) == ()  # type: ignore[arg-type]
    assert loaded.hear(replace(READ, refusal="No."), NOON)[0].permits == ids("all")
    unknown = replace(READ, asks=(replace(READ.asks[0], verb=PolicyId("sql.unheard_of")),))  # type: ignore[arg-type]
    assert [one.error for one in loaded.hear(unknown, NOON)] == [True]


def test_hearing_and_deciding_agree_on_errors() -> None:
    loaded = bundle(PERMIT_ALL, f'@id("errs") forbid {SCOPE} when {{ {OVERFLOW} }};')
    (heard,) = loaded.hear(READ, NOON)
    assert (heard.error, heard.permits) == (True, ids("all"))


def test_what_the_actor_did_lately_is_heard() -> None:
    loaded = bundle(PERMIT_ALL, f'@id("busy") forbid {SCOPE} when {{ context.recent.minute.actions > 2 }};')
    busy = Recent(minute=Window(actions=3))
    assert isinstance(loaded.decide(READ, NOON), Allow)
    assert codes(loaded.decide(READ, NOON, busy)) == [("forbidden", "busy")]
    assert loaded.hear(READ, NOON, busy)[0].forbids == ids("busy")


def test_a_reveal_is_a_request_of_its_own_for_each_column_label_and_principal() -> None:
    loaded = bundle(PERMIT_ALL)
    dana = actor("dana", groups=(), kind=ActorKind.PERSON)
    pairs = frozenset({reveal(), reveal("name", "phi.name"), reveal("name", "quasi.name")})
    heard = loaded.hear(replace(READ, actor=actor(chain=(dana,)), reveals=pairs), NOON)
    assert [one.reveal for one in heard] == [None, *sorted(pairs)] * 2
    assert {one.ask.verb for one in heard if one.reveal} == {SQL_REVEAL}


def test_a_reveal_that_nothing_permits_is_a_no_that_says_how_to_go_on() -> None:
    decision = bundle(PERMIT_READ).decide(REVEALING, NOON)
    assert isinstance(decision, Deny)
    assert codes(decision) == [("reveal_denied", None)]
    assert "clinic/public.patients.mrn" in decision.reasons[0].sentence
    assert "RESET interlock.reveal" in decision.reasons[0].sentence
    assert isinstance(bundle(PERMIT_READ).decide(READ, NOON), Allow)


def test_a_reveal_is_judged_by_its_own_label() -> None:
    loaded = bundle(
        PERMIT_READ,
        f'@id("r") permit (principal, {REVEAL}, resource in Interlock::Relation::"clinic/public.patients");'
        f'@id("no") @because("Never the number.") forbid (principal, {REVEAL}, resource)'
        ' when { resource.labels.contains("phi.mrn") };',
    )
    name = replace(READ, reveals=frozenset({reveal("name", "phi.name")}))
    assert isinstance(loaded.decide(name, NOON), Allow)
    decision = loaded.decide(replace(READ, reveals=frozenset({reveal(), reveal("name", "phi.name")})), NOON)
    assert codes(decision) == [("reveal_denied", "no")]
    assert decision.reasons[0].sentence.startswith("Never the number. ")
    elsewhere = replace(READ, reveals=frozenset({replace(reveal(), column="clinic/public.claims.mrn")}))
    assert codes(loaded.decide(elsewhere, NOON))[0][0] == "reveal_denied"


def test_a_reveal_may_wait_for_people() -> None:
    loaded = bundle(
        PERMIT_READ,
        f'@id("r") permit (principal, {REVEAL}, resource);',
        f'@id("see") @review("privacy-officers:1") forbid (principal, {REVEAL}, resource);',
    )
    held = loaded.decide(REVEALING, NOON)
    assert isinstance(held, NeedsReview)
    assert codes(held) == [("needs_review", "see")]
    assert held.obligations.reveal == {reveal()}
    assert isinstance(loaded.decide(READ, NOON), Allow)


def test_a_reveal_where_a_policy_errs_is_a_no() -> None:
    loaded = bundle(PERMIT_ALL, f'@id("e") forbid (principal, {REVEAL}, resource) when {{ {OVERFLOW} }};')
    assert codes(loaded.decide(REVEALING, NOON)) == [("policy_error", None)]
    assert isinstance(loaded.decide(READ, NOON), Allow)


def test_an_observed_forbid_stops_nothing_and_is_told() -> None:
    loaded = bundle(
        PERMIT_ALL,
        f'@id("z") @observe forbid {SCOPE};',
        f'@id("a") @observe @review("on-call:1") forbid {SCOPE};',
        f'@id("n") @observe forbid {SCOPE} when {{ context.unbounded }};',
    )
    allowed = loaded.decide(READ, NOON)
    assert isinstance(allowed, Allow)
    assert allowed.observed == ("a", "z")
    assert codes(allowed) == [("permitted", "all")]
    assert loaded.decide(READ, NOON).observed == ("a", "z")


@pytest.mark.parametrize("stands", [f'@id("f") forbid {SCOPE};', f'@id("h") @review("on-call:1") forbid {SCOPE};'])
def test_what_is_observed_is_told_of_held_and_denied_actions_too(stands: str) -> None:
    decision = bundle(PERMIT_ALL, stands, f'@id("w") @observe forbid {SCOPE};').decide(READ, NOON)
    assert decision.observed == ("w",)


def test_an_observed_permit_permits_nothing_and_isnt_told() -> None:
    decision = bundle(f'@id("w") @observe permit {SCOPE};').decide(READ, NOON)
    assert codes(decision) == [("no_permit", None)]
    assert decision.observed == ()


@pytest.mark.parametrize("effect", ["permit", "forbid"])
def test_an_observed_policy_that_errs_neither_denies_nor_permits(effect: str) -> None:
    watched = f'@id("e") @observe {effect} {SCOPE} when {{ {OVERFLOW} }};'
    assert isinstance(bundle(PERMIT_ALL, watched).decide(READ, NOON), Allow)
    assert codes(bundle(watched).decide(READ, NOON)) == [("no_permit", None)]
    assert [one.error for one in bundle(PERMIT_ALL, watched).hear(READ, NOON)] == [False]

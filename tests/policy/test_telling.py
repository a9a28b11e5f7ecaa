"""What a bundle can tell apart: actions with one key are decided alike; and the key is as coarse as it should be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.model.action import Action, Ask
from interlock.model.names import ActorId
from interlock.model.recent import QUIET, Recent, Window
from interlock.model.resource import Resource
from interlock.model.reveal import Reveal
from interlock.model.verb import SQL_SELECT, SQL_UPDATE
from interlock.policy.bundle import load
from interlock.policy.outcomes import verdict
from interlock.policy.telling import telling

from .asking import GROUPS, NOON, action, bundle, relation, showing
from .generated import Written, actions, bundles, loaded, recents

PERMIT = '@id("all") permit (principal, action, resource);'


def alike(policy: str, one: Action, other: Action, first: Recent = QUIET, second: Recent = QUIET) -> bool:
    told = telling(bundle(PERMIT, f'@id("x") {policy}'))
    return told.key(one, NOON, first) == told.key(other, NOON, second)


def named(name: str) -> Action:
    return action((SQL_SELECT, relation(f"clinic/{name}")))


@pytest.mark.parametrize(
    ("policy", "alike_names", "other_name"),
    [
        ("forbid (principal, action, resource);", ("public.a", "public.b"), None),
        (
            'forbid (principal, action, resource == Interlock::Relation::"clinic/public.a");',
            ("public.b", "public.c"),
            "public.a",
        ),
        (
            'forbid (principal, action, resource in Interlock::Relation::"clinic/public.a");',
            ("public.b", "public.ab"),
            "public.a",
        ),
        (
            'forbid (principal, action, resource) when { resource.name == "public.a" };',
            ("public.b", "public.c"),
            "public.a",
        ),
        (
            'forbid (principal, action, resource) when { ["public.a", "x"].contains(resource.name) };',
            ("b", "c"),
            "public.a",
        ),
        ('forbid (principal, action, resource) when { resource.name like "*.a*" };', ("public.b", "x.c"), "public.ab"),
        (
            "forbid (principal, action, resource)"
            ' when { ["n"].contains(if context.opaque then resource.name else "m") };',
            ("a", "a"),
            "b",
        ),
    ],
)
def test_names_count_as_far_as_policies_ask_for_them(
    policy: str, alike_names: tuple[str, str], other_name: str | None
) -> None:
    one, two = map(named, alike_names)
    assert alike(policy, one, two)
    if other_name is not None:
        assert not alike(policy, one, named(other_name))


def test_counts_matter_by_the_numbers_they_are_compared_with() -> None:
    busy = (
        "forbid (principal, action, resource) when { context.recent.hour.exports > 3 && context.recent.day.rows >= 9 };"
    )
    at = {count: Recent(hour=Window(exports=count)) for count in (0, 2, 3, 4, 900)}
    read = named("a")
    assert alike(busy, read, read, at[0], at[2]) and alike(busy, read, read, at[4], at[900])
    assert not alike(busy, read, read, at[3], at[4]) and not alike(busy, read, read, at[2], at[3])
    assert alike(busy, read, read, QUIET, Recent(minute=Window(exports=7)))  # nobody asks for that window
    assert not alike(busy, read, read, QUIET, Recent(day=Window(rows=9)))


def test_a_count_used_in_another_way_matters_as_it_is() -> None:
    added = "forbid (principal, action, resource) when { context.recent.hour.exports + context.recent.hour.rows > 3 };"
    one, two = Recent(hour=Window(exports=1)), Recent(hour=Window(exports=2))
    assert not alike(added, named("a"), named("a"), one, two)


def test_the_hour_is_that_of_the_bundle_s_zone() -> None:
    text = PERMIT + '@id("x") forbid (principal, action, resource) when { context.hour < 3 };'
    for zone, minutes in ((UTC, 29), (ZoneInfo("Asia/Kolkata"), 59)):  # 12:30 UTC; 18:00 in Kolkata
        told = telling(load({"f": text}, GROUPS, zone=zone))
        keys = [told.key(named("a"), NOON + timedelta(minutes=m), QUIET) for m in (0, minutes, minutes + 1)]
        assert keys[0] == keys[1] != keys[2]


def test_what_the_moment_or_an_input_decides_has_no_key() -> None:
    now = telling(
        bundle(PERMIT, '@id("n") forbid (principal, action, resource) when { context.now < datetime("2020-01-01") };')
    )
    assert now.key(named("a"), NOON, QUIET) is None
    assert telling(bundle(PERMIT)).key(replace(named("a"), input={}), NOON, QUIET) is None


def test_two_mentions_of_one_resource_aren_t_two_resources() -> None:
    """One that is asked for twice bears both mentions' labels; of two, each bears its own."""
    one, two = relation("clinic/a", "phi.mrn"), relation("clinic/a", "pci.pan")
    both = (
        "forbid (principal, action, resource)"
        ' when { resource.labels.contains("phi") && resource.labels.contains("pci") };'
    )
    same = action((SQL_SELECT, one), (SQL_UPDATE, two), exposure=showing("phi.mrn", "pci.pan"))
    apart = action(
        (SQL_SELECT, one), (SQL_UPDATE, relation("clinic/b", "pci.pan")), exposure=showing("phi.mrn", "pci.pan")
    )
    assert not alike(both, same, apart)


RENAMED = st.sampled_from(["clinic/public.patients", "clinic/public.patients2", "clinic/x"])


@settings(max_examples=200, deadline=None)
@given(bundles, actions, actions, recents, recents, RENAMED, st.integers(0, 400))
def test_one_key_one_decision(
    some: list[Written], one: Action, other: Action, first: Recent, second: Recent, name: str, minutes: int
) -> None:
    """Two actions that differ in all that may not matter, and any two that happen to have one key."""
    made = loaded(some)
    told = telling(made)
    asks = tuple(Ask(a.verb, Resource(a.resource.kind, name, a.resource.labels)) for a in one.asks)
    reveals = frozenset(Reveal(f"{name}.c", reveal.label) for reveal in one.reveals)
    twin = replace(one, actor=replace(one.actor, id=ActorId("twin")), asks=asks, reveals=reveals)
    for left, right in ((one, twin), (one, other)):
        keys = told.key(left, NOON, first), told.key(right, NOON + timedelta(minutes=minutes), second)
        if keys[0] is not None and keys[0] == keys[1]:
            decisions = (
                verdict(made.decide(left, NOON, first)),
                verdict(made.decide(right, NOON + timedelta(minutes=minutes), second)),
            )
            assert (decisions[0].outcome, decisions[0].codes, decisions[0].policies, decisions[0].needs) == (
                decisions[1].outcome,
                decisions[1].codes,
                decisions[1].policies,
                decisions[1].needs,
            )

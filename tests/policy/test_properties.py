"""What must hold of every bundle and every action (issue 3, "It must show"). Few examples here, many when slow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import PolicyMistakes
from interlock.model.action import Action, Ask
from interlock.model.decision import Allow, Decision, Deny, NeedsReview
from interlock.model.label import Label
from interlock.model.recent import QUIET, Recent
from interlock.model.resource import Resource
from interlock.model.reveal import Reveal
from interlock.policy.bundle import load
from interlock.policy.decide import decide
from interlock.policy.obligations import OWED
from interlock.policy.quorums import LIFTING
from interlock.policy.requests import context, entities, principals, requests, reveal_entities

from .asking import NOON, actor, codes, labels, reveal
from .generated import (
    GROUPS,
    KNOWN,
    LABELS,
    OPEN,
    OVERFLOW,
    Written,
    actions,
    bundles,
    conditions,
    forbids,
    forbids_with,
    holding,
    holding_bundles,
    label_tests,
    loaded,
    named,
    no_looser,
    permits_with,
    recents,
    untimed,
)

examples = pytest.mark.parametrize("examples", [50, pytest.param(1_000, marks=pytest.mark.slow)])

UNMET = {
    "justify": "reason_required",
    "ticket": "ticket_required",
    "row_cap": "cap_not_enforceable",
    "step_up": "step_up_required",
}


def many(examples: int, *made: st.SearchStrategy[object]) -> Callable[[Callable[..., None]], None]:
    """Runs a property on so many examples, at once."""

    def run(holds: Callable[..., None]) -> None:
        settings(max_examples=examples, deadline=None)(given(*made)(holds))()

    return run


def same(first: Decision, second: Decision) -> bool:
    """Equal but for the bundles that they come from."""
    return replace(first, bundle=second.bundle) == second


@examples
def test_adding_a_forbid_never_allows_more(examples: int) -> None:
    @many(examples, bundles | holding_bundles, forbids | holding, actions, recents)
    def holds(some: list[Written], added: Written, asked: Action, recent: Recent) -> None:
        before = loaded(some).decide(asked, NOON, recent)
        after = loaded([*some, added]).decide(asked, NOON, recent)
        assert no_looser(before, after)
        if "@observe" in added.annotations:
            assert same(replace(after, observed=before.observed), before)


@examples
def test_the_order_of_policies_and_of_files_never_matters(examples: int) -> None:
    orders = (
        (bundles | holding_bundles).map(named).flatmap(lambda texts: st.tuples(st.just(texts), st.permutations(texts)))
    )

    @many(examples, orders, st.integers(1, 3), actions)
    def holds(orders: tuple[list[str], list[str]], files: int, asked: Action) -> None:
        texts, shuffled = orders
        whole = {"f": "\n".join(texts)}
        parts = {f"{9 - n}": "\n".join(shuffled[n::files]) for n in range(files)}
        first, second = (load(sources, GROUPS, KNOWN).decide(asked, NOON) for sources in (whole, parts))
        assert same(first, second)


@examples
def test_an_annotation_removed_never_loosens(examples: int) -> None:
    annotated = (bundles | holding_bundles).filter(lambda some: any(each.annotations for each in some))

    @many(examples, annotated, actions, recents, st.data())
    def holds(some: list[Written], asked: Action, recent: Recent, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from([n for n, each in enumerate(some) if each.annotations]))
        removed = data.draw(st.sampled_from(some[place].annotations))
        policy = some[place].without(removed)
        try:
            after = loaded([*some[:place], policy, *some[place + 1 :]])
        except PolicyMistakes:
            return  # it doesn't load: nothing is let through by that
        before = loaded(some)
        first, second = before.decide(asked, NOON, recent), after.decide(asked, NOON, recent)
        name = removed[1:].partition("(")[0]
        if name in OWED:
            assert before.hear(asked, NOON, recent) == after.hear(asked, NOON, recent)
            assert loosens_only_what_is_owed(first, second, name)
        elif name == "observe" and policy.effect == "permit":
            return  # it is in force from here on, and a permit permits: the one annotation that says no to its policy
        elif name in LIFTING and any(
            each.startswith(tuple(f"@{lift}(" for lift in LIFTING)) for each in policy.annotations
        ):
            assert no_looser(unquorate(first), unquorate(second))  # fewer people, for the rest of them still must sign
        elif name in ("expires", "valid", "reuse"):
            assert no_looser(untimed(first), untimed(second))
        else:
            assert no_looser(first, second)


def loosens_only_what_is_owed(first: Decision, second: Decision, name: str) -> bool:
    """Whether one obligation is gone and nothing else: who was denied for that alone may pass."""
    if isinstance(first, Deny):
        return {code for code, _ in codes(first)} == {UNMET[name]} or isinstance(second, Deny)
    return no_looser(unowed(first, name), second)


def unowed(decision: Allow | NeedsReview, name: str) -> Decision:
    without = {
        "justify": replace(decision.obligations, reason=False),
        "ticket": replace(decision.obligations, ticket=False),
        "row_cap": replace(decision.obligations, row_cap=None),
        "step_up": replace(decision.obligations, step_up=frozenset()),
    }
    return replace(decision, obligations=without[name])


def unquorate(decision: Decision) -> Decision:
    if not isinstance(decision, NeedsReview):
        return decision
    return replace(decision, requirements=replace(decision.requirements, quorums=(), any_of=(), stages=()))


@examples
def test_without_its_id_nothing_loads(examples: int) -> None:
    @many(examples, bundles.filter(bool), st.data())
    def holds(some: list[Written], data: st.DataObject) -> None:
        texts = named(some)
        place = data.draw(st.integers(0, len(texts) - 1))
        texts[place] = some[place].text
        with pytest.raises(PolicyMistakes):
            load({"f": "\n".join(texts)}, GROUPS, KNOWN)


@examples
def test_any_error_denies(examples: int) -> None:
    erring = (forbids | permits_with(st.just(""))).map(
        lambda each: replace(each, scope="principal, action, resource", condition=f"when {{ {OVERFLOW} }}")
    )

    @many(examples, bundles, erring, actions)
    def holds(some: list[Written], added: Written, asked: Action) -> None:
        decision = loaded([*some, added]).decide(asked, NOON)
        if "@observe" in added.annotations:
            assert same(decision, loaded(some).decide(asked, NOON))
        else:
            assert isinstance(decision, Deny)
            assert codes(decision) == [("policy_error", None)]


@examples
def test_a_child_label_is_treated_as_its_parents_policies_say(examples: int) -> None:
    """Whatever they say, with `when` or `unless`: policies that know `phi` alone can't tell `phi.mrn` from it."""
    of_parent = conditions(label_tests(["phi"]))
    some_policies = st.lists(permits_with(of_parent) | forbids_with(of_parent), max_size=5)

    @many(examples, some_policies, actions, st.sampled_from(sorted(KNOWN - labels("pci.pan"))))
    def holds(some: list[Written], asked: Action, child: Label) -> None:
        bundle = loaded([OPEN, *some])
        parent, children = relabelled(asked, Label("phi")), relabelled(asked, child)
        first, second = bundle.decide(parent, NOON), bundle.decide(children, NOON)
        assert same(unmasked(first), unmasked(second))


@examples
def test_a_coarse_label_is_treated_at_least_as_strictly_as_any_below_it(examples: int) -> None:
    """Forbids test for labels, permits don't: what may be any of `phi` meets every forbid of every label below."""
    of_any = conditions(label_tests(LABELS), also_unless=False)

    @many(examples, st.lists(forbids_with(of_any), max_size=5), actions, st.sampled_from(sorted(KNOWN)))
    def holds(some: list[Written], asked: Action, child: Label) -> None:
        bundle = loaded([OPEN, *some])
        parent = Label(child.split(".")[0])
        fine, coarse = relabelled(asked, child), relabelled(asked, parent)
        assert no_looser(unmasked(bundle.decide(fine, NOON)), unmasked(bundle.decide(coarse, NOON)))


def relabelled(asked: Action, label: Label) -> Action:
    """The action with this label wherever it has any. What it wants to see is left out, being named by its label."""

    def either(before: frozenset[Label]) -> frozenset[Label]:
        return frozenset({label}) if before else before

    exposures = tuple(
        replace(each, labels=either(each.labels), filters=either(each.filters), writes=either(each.writes))
        for each in asked.exposures
    )
    asks = tuple(Ask(a.verb, Resource(a.resource.kind, a.resource.id, either(a.resource.labels))) for a in asked.asks)
    return replace(asked, exposures=exposures, asks=asks, reveals=frozenset())


def unmasked(decision: Decision) -> Decision:
    if isinstance(decision, Deny):
        return decision
    return replace(decision, obligations=replace(decision.obligations, mask=frozenset()))


def with_exposure(asked: Action, **changed: object) -> Action:
    return replace(asked, exposures=(replace(asked.exposures[0], **changed),))  # type: ignore[arg-type]


CHANGES: tuple[Callable[[Action], Action], ...] = (
    lambda asked: asked,
    lambda asked: replace(asked, reason_given="" if asked.reason_given else "why"),
    lambda asked: replace(asked, ticket_given="" if asked.ticket_given else "OPS-1"),
    lambda asked: replace(asked, cappable=not asked.cappable),
    lambda asked: replace(asked, reveals=asked.reveals ^ {reveal()}),
    lambda asked: replace(asked, reveals=frozenset({Reveal(reveal().column, Label("pci.pan"))})),
    lambda asked: replace(asked, actor=replace(asked.actor, chain=() if asked.actor.chain else (actor("planner"),))),
    lambda asked: replace(asked, actor=replace(asked.actor, groups=frozenset())),
    lambda asked: replace(asked, asks=asked.asks[:1]),
    lambda asked: replace(asked, connection=replace(asked.connection, environment="staging")),
    lambda asked: with_exposure(asked, unbounded=not asked.exposure.unbounded),
    lambda asked: with_exposure(asked, opaque=not asked.exposure.opaque),
    lambda asked: with_exposure(asked, labels=labels("pci.pan")),
    lambda asked: with_exposure(asked, filters=labels("pci.pan")),
    lambda asked: with_exposure(asked, writes=labels("phi")),
    lambda asked: with_exposure(asked, outputs=()),
)


@examples
def test_what_is_remembered_is_what_would_be_decided(examples: int) -> None:
    """One bundle answers near neighbours of one action in turn, from memory where it can."""
    wide = bundles.map(lambda some: [OPEN, *some])

    @many(examples, wide, actions, st.lists(st.sampled_from(CHANGES), min_size=2, max_size=6), recents)
    def holds(some: list[Written], asked: Action, changes: list[Callable[[Action], Action]], recent: Recent) -> None:
        bundle = loaded(some)
        for change in (*changes, *changes):
            asked = change(asked)
            assert bundle.decide(asked, NOON, recent) == decide(bundle.rules, asked, NOON, recent)


@examples
def test_cedar_itself_allows_the_same(examples: int) -> None:
    """Without annotations there is only Cedar's own permit and forbid, and each is handed to it as written."""
    plain = bundles.map(lambda some: [replace(each, annotations=()) for each in some])

    @many(examples, plain, actions, recents)
    def holds(some: list[Written], asked: Action, recent: Recent) -> None:
        bundle = loaded(some)
        texts = cedarpy.PolicySet.from_str("\n".join(named(some)))
        about = context(asked, NOON, KNOWN, recent, bundle.rules.zone)
        allowed = []
        for who in principals(asked.actor):
            for each in requests(asked, who, about, {}):
                plain = (entities(asked, who, KNOWN),)
                for beside in plain if each.reveal is None else reveal_entities(asked, who, each.reveal, KNOWN):
                    answer = cedarpy.is_authorized(each.request, texts, beside, bundle.rules.schema)
                    allowed.append(answer.allowed and not answer.diagnostics.errors)
        assert isinstance(bundle.decide(asked, NOON, recent), Allow) is all(allowed)


@examples
def test_without_a_permit_nothing_passes(examples: int) -> None:
    @many(examples, st.lists(forbids, max_size=4), actions)
    def holds(some: list[Written], asked: Action) -> None:
        assert isinstance(loaded(some).decide(asked, NOON, QUIET), Deny)

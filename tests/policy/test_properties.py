"""What must hold of every bundle: adding a forbid never loosens, and order never matters."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.model.action import Action
from interlock.model.actor import ActorKind
from interlock.model.decision import Allow, Decision, Deny, NeedsReview
from interlock.model.verb import SQL_COPY_OUT, SQL_DROP, SQL_SELECT, SQL_UPDATE

from .asking import NOON, action, actor, bundle, relation, showing

CONDITIONS = (
    "",
    'when { context.labels.contains("phi") }',
    'unless { context.labels.contains("pci") }',
    "when { context.unbounded }",
    'when { principal in Interlock::Group::"ai-agents" }',
    "when { context.hour + 9223372036854775807 > 0 }",
)
ACTIONS = ("action", 'action in Interlock::Action::"read"', 'action == Interlock::Action::"sql.update"')
LIFTS = (
    "",
    '@review("privacy-officers:1")',
    '@review("privacy-officers:2") @expires("1h")',
    '@review("platform-engineers:1") @valid("1m")',
)

scopes = st.tuples(st.sampled_from(ACTIONS), st.sampled_from(CONDITIONS)).map(
    lambda pair: f"(principal, {pair[0]}, resource) {pair[1]};"
)
permits = scopes.map(lambda scope: f"permit {scope}")
forbids = st.tuples(st.sampled_from(LIFTS), scopes).map(lambda pair: f"{pair[0]} forbid {pair[1]}")
asked = st.builds(
    lambda verbs, names, unbounded, groups, chained: action(
        *((verb, relation()) for verb in verbs),
        exposure=showing(*names, unbounded=unbounded),
        by=actor(groups=groups, chain=(actor("dana", groups=(), kind=ActorKind.PERSON),) if chained else ()),
    ),
    st.lists(st.sampled_from([SQL_SELECT, SQL_UPDATE, SQL_DROP, SQL_COPY_OUT]), min_size=1, max_size=3),
    st.lists(st.sampled_from(["phi.mrn", "pci.pan"]), max_size=2),
    st.booleans(),
    st.sampled_from([(), ("ai-agents",)]),
    st.booleans(),
)


def named(policies: list[str]) -> list[str]:
    return [f'@id("p{n}") {policy}' for n, policy in enumerate(policies)]


def at_least_as_strict(first: Decision, second: Decision) -> bool:
    """Whether the second answer gives no more than the first."""
    match first, second:
        case _, Deny():
            return True
        case Allow(), Allow() | NeedsReview():
            return first.obligations.mask <= second.obligations.mask
        case NeedsReview(), NeedsReview():
            before = {quorum.group: quorum.count for quorum in first.requirements.quorums}
            after = {quorum.group: quorum.count for quorum in second.requirements.quorums}
            return (
                all(after.get(group, 0) >= count for group, count in before.items())
                and second.requirements.expires <= first.requirements.expires
                and second.requirements.valid <= first.requirements.valid
                and first.obligations.mask <= second.obligations.mask
            )
        case _:
            return False


@settings(max_examples=150, deadline=None)
@given(st.lists(permits, max_size=3), st.lists(forbids, max_size=3), forbids, asked)
def test_adding_a_forbid_never_loosens(some: list[str], more: list[str], added: str, question: Action) -> None:
    policies = named([*some, *more, added])
    before = bundle(*policies[:-1]).decide(question, NOON)
    after = bundle(*policies).decide(question, NOON)
    assert at_least_as_strict(before, after)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(permits | forbids, max_size=5).map(named).flatmap(lambda p: st.tuples(st.just(p), st.permutations(p))),
    asked,
)
def test_order_never_matters(orders: tuple[list[str], list[str]], question: Action) -> None:
    first, second = (bundle("\n".join(policies)).decide(question, NOON) for policies in orders)
    assert type(first) is type(second)
    assert first.reasons == second.reasons
    if isinstance(first, NeedsReview) and isinstance(second, NeedsReview):
        assert first.requirements == second.requirements


@settings(max_examples=60, deadline=None)
@given(st.lists(forbids, max_size=4), asked)
def test_without_a_permit_nothing_passes(policies: list[str], question: Action) -> None:
    assert isinstance(bundle(*named(policies)).decide(question, NOON), Deny)


@settings(max_examples=60, deadline=None)
@given(st.lists(permits | forbids, max_size=4).map(named), asked)
def test_remembered_answers_are_the_same(policies: list[str], question: Action) -> None:
    loaded = bundle(*policies)
    assert loaded.decide(question, NOON) == loaded.decide(question, NOON)

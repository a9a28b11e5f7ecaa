"""What several lifted forbids come to together: everything that each asks, and no ease that one doesn't offer."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from interlock.model.decision import NeedsReview, Quorum, Requirements, Reuse, Stages
from interlock.model.names import GroupName
from interlock.model.verb import SQL_SELECT
from interlock.policy.lifting import union

from .asking import NOON, PERMIT_ALL, action, bundle, relation

SCOPE = "(principal, action, resource)"
READ = action((SQL_SELECT, relation()))
MINUTE = timedelta(minutes=1)


def asked(*annotations: str) -> Requirements:
    texts = [f'@id("l{n}") {each} forbid {SCOPE};' for n, each in enumerate(annotations)]
    decision = bundle(PERMIT_ALL, *texts).decide(READ, NOON)
    assert isinstance(decision, NeedsReview)
    return decision.requirements


def quorum(group: str, count: int = 1) -> Quorum:
    return Quorum(GroupName(group), count)


def test_every_choice_and_every_stage_list_is_kept_once() -> None:
    found = asked(
        '@review_any("privacy-officers:1, on-call:1")',
        '@review_any("on-call:1, privacy-officers:1")',
        '@review_any("on-call:2, privacy-officers:1")',
        '@review("on-call:1") @stages("on-call:1 > privacy-officers:1")',
        '@stages("on-call:1 > privacy-officers:1")',
        '@stages("privacy-officers:1 > on-call:1")',
    )
    assert found.quorums == (quorum("on-call"),)
    assert found.any_of == (
        (quorum("on-call"), quorum("privacy-officers")),
        (quorum("on-call", 2), quorum("privacy-officers")),
    )
    assert found.stages == (
        ((quorum("on-call"),), (quorum("privacy-officers"),)),
        ((quorum("privacy-officers"),), (quorum("on-call"),)),
    )


def test_reuse_only_where_all_offer_it_the_fewest_runs_in_the_shortest_window() -> None:
    often, soon = '@review("on-call:1") @reuse("50 within 1h")', '@review("on-call:2") @reuse("90 within 5m")'
    assert (asked(often, soon).reuse, asked(often, soon).valid) == (Reuse(50, 5 * MINUTE), 5 * MINUTE)
    once = asked(often, soon, '@review("on-call:1")')
    assert (once.reuse, once.valid) == (None, 5 * MINUTE)


def test_channels_are_those_that_all_name() -> None:
    both, one = '@review("on-call:1") @channels("slack, teams")', '@review("on-call:2") @channels("console, slack")'
    assert asked(both, one).channels == frozenset({"slack"})
    assert asked(both, one, '@review("on-call:1")').channels == frozenset()


def test_break_glass_only_where_all_name_the_same_group() -> None:
    mine, other = (
        '@review("on-call:1") @break_glass("on-call")',
        '@review("on-call:2") @break_glass("privacy-officers")',
    )
    assert asked(mine, mine).break_glass == frozenset({GroupName("on-call")})
    assert asked(mine, other).break_glass == frozenset()
    assert asked(mine, '@review("on-call:1")').break_glass == frozenset()


quorums = st.builds(quorum, st.sampled_from("abc"), st.integers(1, 3))
some = st.lists(quorums, max_size=2, unique_by=lambda each: each.group).map(tuple)
several = st.lists(quorums, min_size=1, max_size=2, unique_by=lambda each: each.group).map(tuple)
stages: st.SearchStrategy[Stages] = st.lists(several, min_size=1, max_size=2).map(tuple)
minutes = st.integers(1, 60).map(lambda count: count * MINUTE)
requirements = st.builds(
    Requirements,
    quorums=some,
    expires=minutes,
    valid=minutes,
    any_of=st.lists(several, max_size=1).map(tuple),
    stages=st.lists(stages, max_size=1).map(tuple),
    reuse=st.none() | st.builds(Reuse, st.integers(2, 100), minutes),
    channels=st.frozensets(st.sampled_from(["slack", "teams"])),
    break_glass=st.frozensets(st.sampled_from("ab").map(GroupName), max_size=1),
)


@given(st.lists(requirements, min_size=1, max_size=4), st.randoms())
def test_a_union_asks_all_that_each_asks_and_order_is_nothing(several: list[Requirements], chance: object) -> None:
    whole = union(several)
    for each in several:
        assert union([whole, each]) == whole
    shuffled = list(several)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert union(shuffled) == whole


@given(requirements)
def test_one_alone_asks_what_it_asks(one: Requirements) -> None:
    found = union([one])
    assert (found.any_of, found.stages, found.reuse, found.channels) == (
        one.any_of,
        one.stages,
        one.reuse,
        one.channels,
    )
    assert set(found.quorums) == set(one.quorums)

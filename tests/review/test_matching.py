"""Quorums are met by a matching: each person fills one seat at most."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from interlock.model.decision import Quorum
from interlock.model.names import GroupName, PersonId
from interlock.review.matching import satisfied

NAMES = [PersonId(n) for n in ("ann", "bob", "cat", "dan")]
GROUPS = [GroupName(n) for n in ("officers", "owners", "security")]

people = st.dictionaries(st.sampled_from(NAMES), st.frozensets(st.sampled_from(GROUPS)), max_size=4)
quorums = st.lists(st.builds(Quorum, st.sampled_from(GROUPS), st.integers(1, 2)), max_size=3)


def by_trying_everything(wanted: list[Quorum], groups: dict[PersonId, frozenset[GroupName]]) -> bool:
    """The definition: some order of people fits the seats one by one."""
    seats = [q.group for q in wanted for _ in range(q.count)]
    return any(
        all(seat in groups[person] for seat, person in zip(seats, order, strict=True))
        for order in permutations(groups, len(seats))
    )


@given(quorums, people)
def test_agrees_with_trying_everything(wanted: list[Quorum], groups: dict[PersonId, frozenset[GroupName]]) -> None:
    assert satisfied(wanted, groups, groups) == by_trying_everything(wanted, groups)


def test_one_person_in_two_groups_is_one_person() -> None:
    both = {NAMES[0]: frozenset(GROUPS)}
    assert satisfied([Quorum(GROUPS[0], 1)], both, both)
    assert not satisfied([Quorum(GROUPS[0], 1), Quorum(GROUPS[1], 1)], both, both)


def test_the_same_person_named_twice_counts_once() -> None:
    groups = {NAMES[0]: frozenset({GROUPS[0]})}
    assert not satisfied([Quorum(GROUPS[0], 2)], [NAMES[0], NAMES[0]], groups)

"""Requirements are met by a matching: each person counts once in all of it, and stages keep their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.model.decision import Quorum, Requirements, Stages
from interlock.model.names import GroupName, PersonId
from interlock.review.matching import MOST_STANDS, MOST_WAYS, meetable, named, satisfied, wanted

NAMES = [PersonId(n) for n in ("ann", "bob", "cat", "dan")]
ANN, BOB, CAT, DAN = NAMES
GROUPS = [GroupName(n) for n in ("officers", "owners", "security")]
OFFICERS, OWNERS, SECURITY = GROUPS
TIME = timedelta(minutes=10)

Groups = Mapping[PersonId, frozenset[GroupName]]

quorums = st.builds(Quorum, st.sampled_from(GROUPS), st.integers(1, 2))
some = st.lists(quorums, min_size=1, max_size=2).map(tuple)
requirements = st.builds(
    Requirements,
    quorums=st.lists(quorums, max_size=2).map(tuple),
    expires=st.just(TIME),
    valid=st.just(TIME),
    any_of=st.lists(some, max_size=1).map(tuple),
    stages=st.lists(st.lists(some, min_size=1, max_size=3).map(tuple), max_size=2).map(tuple),
).filter(lambda asked: _seats(asked) <= 7)
people = st.dictionaries(st.sampled_from(NAMES), st.frozensets(st.sampled_from(GROUPS)), min_size=1, max_size=4)
votes = st.lists(st.sampled_from(NAMES), max_size=6)


def asking(*quorums: Quorum, any_of: Sequence[tuple[Quorum, ...]] = (), stages: Sequence[Stages] = ()) -> Requirements:
    """Requirements with times that don't matter here."""
    return Requirements(quorums, TIME, TIME, any_of=tuple(any_of), stages=tuple(stages))


def of(group: GroupName, count: int = 1) -> Quorum:
    """So many of a group."""
    return Quorum(group, count)


def are(**groups: Sequence[GroupName]) -> Groups:
    """People by name."""
    return {PersonId(name): frozenset(of) for name, of in groups.items()}


def _seats(asked: Requirements) -> int:
    staged = (quorum for stages in asked.stages for stage in stages for quorum in stage)
    return sum(quorum.count for quorum in (*asked.quorums, *staged)) + len(asked.any_of)


def by_trying_everything(asked: Requirements, signers: Sequence[PersonId], groups: Groups) -> bool:
    """The definition: some different votes fill all seats, and of each list every stage's come after all before it."""
    order = list(dict.fromkeys(signers))
    return any(_fits(asked, chosen, order, groups) for chosen in product(*asked.any_of))


def _fits(asked: Requirements, chosen: tuple[Quorum, ...], order: Sequence[PersonId], groups: Groups) -> bool:
    seats = [(-1, 0, q.group) for q in (*asked.quorums, *chosen) for _ in range(q.count)]
    for number, stages in enumerate(asked.stages):
        seats += [(number, level, q.group) for level, stage in enumerate(stages) for q in stage for _ in range(q.count)]
    for votes in permutations(range(len(order)), len(seats)):
        taken = list(zip(seats, votes, strict=True))
        if all(group in groups.get(order[vote], frozenset()) for (_, _, group), vote in taken) and all(
            mine < theirs
            for (number, level, _), mine in taken
            for (other, later, _), theirs in taken
            if number == other >= 0 and level < later
        ):
            return True
    return False


@given(requirements, votes, people)
def test_agrees_with_trying_everything(asked: Requirements, signers: list[PersonId], groups: Groups) -> None:
    assert satisfied(asked, signers, groups) == by_trying_everything(asked, signers, groups)


@given(requirements, people)
def test_it_can_be_met_if_some_order_of_all_meets_it(asked: Requirements, groups: Groups) -> None:
    orders = permutations(groups)
    assert meetable(asked, list(groups), groups) == any(by_trying_everything(asked, o, groups) for o in orders)


@given(requirements, votes, people, st.sampled_from(NAMES))
def test_another_vote_never_unmeets(
    asked: Requirements, signers: list[PersonId], groups: Groups, later: PersonId
) -> None:
    if satisfied(asked, signers, groups):
        assert satisfied(asked, [*signers, later], groups)


@given(requirements, votes, people, st.sampled_from(NAMES))
def test_a_vote_that_meets_it_was_wanted(
    asked: Requirements, signers: list[PersonId], groups: Groups, last: PersonId
) -> None:
    before = satisfied(asked, signers, groups)
    now_wanted = wanted(asked, signers, groups)
    assert now_wanted <= named(asked)
    assert before == (not now_wanted)
    if not before and last not in signers and satisfied(asked, [*signers, last], groups):
        assert now_wanted & groups.get(last, frozenset())


def test_one_person_in_two_groups_is_one_person() -> None:
    both = {ANN: frozenset(GROUPS)}
    assert satisfied(asking(of(OFFICERS)), [ANN], both)
    assert not satisfied(asking(of(OFFICERS), of(OWNERS)), [ANN], both)


def test_one_person_in_two_stages_counts_once() -> None:
    asked = asking(stages=[((of(OFFICERS),), (of(SECURITY),))])
    groups = are(ann=[OFFICERS, SECURITY], bob=[SECURITY])
    assert not satisfied(asked, [ANN], groups)
    assert not satisfied(asked, [ANN, ANN], groups)
    assert satisfied(asked, [ANN, BOB], groups)


def test_a_vote_from_before_its_stage_was_open_does_not_count_for_it() -> None:
    asked = asking(stages=[((of(OFFICERS),), (of(SECURITY),))])
    groups = are(ann=[OFFICERS], bob=[SECURITY])
    assert not satisfied(asked, [BOB, ANN], groups)
    assert satisfied(asked, [ANN, BOB], groups)
    beside = asking(of(SECURITY), stages=[((of(OFFICERS),), (of(SECURITY),))])
    assert satisfied(beside, [BOB, ANN, CAT], {**groups, CAT: frozenset({SECURITY})})


def test_only_open_stages_want_anybody() -> None:
    asked = asking(stages=[((of(OFFICERS, 2),), (of(SECURITY),))])
    groups = are(ann=[OFFICERS], bob=[OFFICERS], cat=[SECURITY])
    assert wanted(asked, [], groups) == {OFFICERS}
    assert wanted(asked, [ANN], groups) == {OFFICERS}
    assert wanted(asked, [ANN, BOB], groups) == {SECURITY}
    assert wanted(asked, [ANN, BOB, CAT], groups) == frozenset()


def test_somebody_who_may_stand_for_either_leaves_both_wanted() -> None:
    groups = are(ann=[OFFICERS, OWNERS], bob=[OFFICERS])
    assert wanted(asking(of(OFFICERS), of(OWNERS)), [ANN], groups) == {OFFICERS, OWNERS}
    assert wanted(asking(of(OFFICERS), of(OWNERS)), [BOB], groups) == {OWNERS}


def test_once_a_choice_is_made_the_others_are_not_wanted() -> None:
    asked = asking(of(SECURITY), any_of=[(of(OFFICERS), of(OWNERS))])
    groups = are(ann=[OFFICERS])
    assert wanted(asked, [], groups) == {OFFICERS, OWNERS, SECURITY}
    assert wanted(asked, [ANN], groups) == {SECURITY}


def test_the_same_person_named_twice_counts_once() -> None:
    assert not satisfied(asking(of(OFFICERS, 2)), [ANN, ANN], are(ann=[OFFICERS]))


@pytest.mark.parametrize(
    "asked",
    [
        asking(any_of=[(of(OFFICERS), of(OWNERS))] * (MOST_WAYS.bit_length())),
        asking(stages=[((of(OFFICERS, 999), of(OWNERS, MOST_STANDS // 999)), (of(SECURITY),))]),
    ],
)
def test_what_takes_too_long_to_work_out_is_not_met(asked: Requirements) -> None:
    crowd = {PersonId(f"p{n}"): frozenset(GROUPS) for n in range(1100)}
    assert not meetable(asked, list(crowd), crowd)
    assert not satisfied(asked, list(crowd), crowd)
    assert wanted(asked, [], crowd) == frozenset()


def test_a_large_requirement_within_the_bounds_is_worked_out() -> None:
    groups = [GroupName(f"g{n}") for n in range(6)]
    asked = asking(stages=[tuple((of(group, 3),) for group in groups)])
    crowd = {PersonId(f"p{n}"): frozenset({groups[n // 3], groups[-1 - n // 3]}) for n in range(18)}
    assert satisfied(asked, list(crowd), crowd)
    assert not satisfied(asked, list(reversed(crowd))[1:], crowd)

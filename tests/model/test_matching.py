"""A matching, against trying every assignment of people to seats."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from interlock.model.decision import Quorum
from interlock.model.matching import satisfied
from interlock.model.names import GroupName, PersonId

GROUPS = st.sampled_from([GroupName(name) for name in "abc"])
PEOPLE = [PersonId(name) for name in "pqrst"]


def tried(
    quorums: Sequence[Quorum], signers: Sequence[PersonId], groups: Mapping[PersonId, frozenset[GroupName]]
) -> bool:
    seats = [quorum.group for quorum in quorums for _ in range(quorum.count)]
    return any(
        all(group in groups.get(person, frozenset()) for group, person in zip(seats, sitting, strict=True))
        for sitting in itertools.permutations(set(signers), len(seats))
    )


@given(
    st.lists(st.builds(Quorum, GROUPS, st.integers(1, 2)), max_size=3),
    st.lists(st.sampled_from(PEOPLE), max_size=6),
    st.dictionaries(st.sampled_from(PEOPLE), st.frozensets(GROUPS), max_size=5),
)
def test_is_what_trying_everything_finds(
    quorums: list[Quorum], signers: list[PersonId], groups: dict[PersonId, frozenset[GroupName]]
) -> None:
    assert satisfied(quorums, signers, groups) is tried(quorums, signers, groups)


def test_a_long_chain_of_moves_is_found() -> None:
    """Each seat's first candidate sits already, all the way to the last: 900 moves, and no depth to run out of."""
    names = [GroupName(f"g{n:03}") for n in range(900)]
    people = {PersonId(f"p{n:03}"): frozenset(names[n : n + 2]) for n in range(900)}
    late = PersonId("zz")
    quorums = [Quorum(name, 1) for name in names]
    assert satisfied(quorums, people, people)
    assert satisfied([*quorums, Quorum(names[-1], 1)], [*people, late], {**people, late: frozenset({names[0]})})
    assert not satisfied([*quorums, Quorum(names[-1], 1)], people, people)

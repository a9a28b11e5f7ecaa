"""Can these people meet that requirement? A matching: each person counts once in all quorums together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from interlock.model.decision import Quorum
from interlock.model.names import GroupName, PersonId


def satisfied(
    quorums: Sequence[Quorum], signers: Iterable[PersonId], groups: Mapping[PersonId, frozenset[GroupName]]
) -> bool:
    """Whether different people among `signers` fill every seat of every quorum.

    Kuhn's augmenting paths over seats (one for each head a quorum counts) and people; a person fills one seat at most,
    so someone in two groups is never counted twice.
    """
    people = sorted(set(signers))
    seats = [quorum.group for quorum in quorums for _ in range(quorum.count)]
    taken: dict[PersonId, int] = {}

    def seat(n: int, tried: set[PersonId]) -> bool:
        for person in people:
            if person in tried or seats[n] not in groups.get(person, frozenset()):
                continue
            tried.add(person)
            if person not in taken or seat(taken[person], tried):
                taken[person] = n
                return True
        return False

    return all(seat(n, set()) for n in range(len(seats)))

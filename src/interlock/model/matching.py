"""Can these people meet those quorums? A matching: each person counts once in all quorums together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from interlock.model.decision import Quorum
from interlock.model.names import GroupName, PersonId


def satisfied(
    quorums: Sequence[Quorum], signers: Iterable[PersonId], groups: Mapping[PersonId, frozenset[GroupName]]
) -> bool:
    """Whether different people among `signers` fill every seat of every quorum.

    `groups` gives each person's groups; somebody it doesn't have is in none. A person fills one seat at most, so
    someone in two groups is never counted twice.
    """
    people = sorted(set(signers))
    members = {q.group: [p for p in people if q.group in groups.get(p, frozenset())] for q in quorums}
    seats = [quorum.group for quorum in quorums for _ in range(quorum.count)]
    if len(seats) > len(people):
        return False
    seat_of: dict[PersonId, int] = {}
    return all(_fill(seat, seats, members, seat_of) for seat in range(len(seats)))


def _fill(
    seat: int,
    seats: Sequence[GroupName],
    members: Mapping[GroupName, Collection[PersonId]],
    seat_of: dict[PersonId, int],
) -> bool:
    """One augmenting path (Kuhn), breadth first: gives `seat` to somebody, moving others to seats they also fit."""
    sitting = {taken: person for person, taken in seat_of.items()}
    asked_for: dict[PersonId, int] = {}  # the seat that somebody was first considered for
    wanting = [seat]
    for wanted in wanting:
        for person in members[seats[wanted]]:
            if person in asked_for:
                continue
            asked_for[person] = wanted
            if person in seat_of:
                wanting.append(seat_of[person])
                continue
            moved: PersonId | None = person
            while moved is not None:
                seat_of[moved] = taken = asked_for[moved]
                moved = sitting.get(taken) if taken != seat else None
            return True
    return False

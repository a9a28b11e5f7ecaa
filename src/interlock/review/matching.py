"""Do these signatures meet that requirement? Each person counts once in all of it together.

A vote counts for a stage only if the stages before it were full when it was cast. Nothing is stored: whom a signature
stands for is worked out from the votes each time, in the order in which they were signed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from itertools import product
from math import prod
from typing import Final

from interlock.model import matching
from interlock.model.decision import Quorum, Requirements
from interlock.model.names import GroupName, PersonId

# Bounds of the work, far above what people can keep in their heads; what goes beyond them is never met.
MOST_WAYS: Final = 256  # of choosing one quorum of each `any_of`
MOST_STANDS: Final = 20_000  # of how full the seats may be, in all ways together, where order matters

_ANY: Final = timedelta()  # times say nothing about who signs

Groups = Mapping[PersonId, frozenset[GroupName]]

_Left = tuple[int, ...]
"""How many signatures each of the seats still lacks."""


@dataclass(frozen=True, slots=True)
class _Seats:
    """`count` seats for members of `group`, open once the seats numbered `after` are full.

    `place` is (list, stage) of those in stages.
    """

    group: GroupName
    count: int
    after: tuple[int, ...] = ()
    place: tuple[int, int] | None = None


def satisfied(requirements: Requirements, signers: Sequence[PersonId], groups: Groups) -> bool:
    """Whether these people, in the order of their votes, meet everything asked.

    `groups` gives each person's groups; somebody it doesn't have is in none.
    """
    if _too_much(requirements):
        return False
    if not requirements.stages:
        return any(matching.satisfied(way, signers, groups) for way in _ways(requirements))
    votes = _votes(signers, groups)
    return any(not any(left) for way in _ways(requirements) for left in _stands(_seats(way, requirements), votes))


def meetable(requirements: Requirements, people: Collection[PersonId], groups: Groups) -> bool:
    """Whether these people could meet everything asked, by voting in some order."""
    if _too_much(requirements):
        return False
    staged = tuple(quorum for stages in requirements.stages for stage in stages for quorum in stage)
    return any(matching.satisfied((*way, *staged), people, groups) for way in _ways(requirements))


def wanted(requirements: Requirements, signers: Sequence[PersonId], groups: Groups) -> frozenset[GroupName]:
    """The groups of which one more signature would count now; none when everything is met."""
    asked = replace(requirements, expires=_ANY, valid=_ANY, channels=frozenset(), break_glass=frozenset(), reuse=None)
    return _wanted(asked, tuple(_votes(signers, groups)))


@lru_cache(maxsize=4096)
def _wanted(requirements: Requirements, votes: tuple[frozenset[GroupName], ...]) -> frozenset[GroupName]:
    """An inbox asks this of thousands of reviews that ask the same."""
    if _too_much(requirements):
        return frozenset()
    lacking: list[tuple[tuple[_Seats, ...], _Left]] = []
    for way in _ways(requirements):
        seats = _seats(way, requirements)
        for left in _stands(seats, votes):
            if not any(left):
                return frozenset()
            lacking.append((seats, left))
    open_now = (_open(seats, left) for seats, left in _least(lacking))
    return frozenset(seat.group for seats in open_now for seat in seats)


def named(requirements: Requirements) -> frozenset[GroupName]:
    """Every group that a signature may come from at some time."""
    chosen = (quorum for choices in requirements.any_of for quorum in choices)
    staged = (quorum for stages in requirements.stages for stage in stages for quorum in stage)
    return frozenset(quorum.group for quorum in (*requirements.quorums, *chosen, *staged))


def most_signatures(requirements: Requirements) -> int:
    """How many have to sign at most: of each choice, the larger number."""
    staged = (quorum for stages in requirements.stages for stage in stages for quorum in stage)
    chosen = (max(quorum.count for quorum in choices) for choices in requirements.any_of)
    return sum(quorum.count for quorum in (*requirements.quorums, *staged)) + sum(chosen)


def _too_much(requirements: Requirements) -> bool:
    ways = prod(len(choices) for choices in requirements.any_of)
    staged = [quorum for stages in requirements.stages for stage in stages for quorum in stage]
    if not staged:
        return ways > MOST_WAYS
    chosen = [max(choices, key=lambda quorum: quorum.count) for choices in requirements.any_of]
    stands = prod(quorum.count + 1 for quorum in (*requirements.quorums, *chosen, *staged))
    return ways > MOST_WAYS or ways * stands > MOST_STANDS


def _ways(requirements: Requirements) -> Iterator[tuple[Quorum, ...]]:
    """What is asked besides the stages, for each way of choosing."""
    for chosen in product(*requirements.any_of):
        counts: dict[GroupName, int] = {}
        for quorum in (*requirements.quorums, *chosen):
            counts[quorum.group] = counts.get(quorum.group, 0) + quorum.count
        yield tuple(Quorum(group, count) for group, count in counts.items())


def _seats(way: Sequence[Quorum], requirements: Requirements) -> tuple[_Seats, ...]:
    seats = [_Seats(quorum.group, quorum.count) for quorum in way]
    for number, stages in enumerate(requirements.stages):
        before: tuple[int, ...] = ()
        for level, stage in enumerate(stages):
            first = len(seats)
            seats += [_Seats(quorum.group, quorum.count, before, (number, level)) for quorum in stage]
            before += tuple(range(first, len(seats)))
    return tuple(seats)


def _votes(signers: Sequence[PersonId], groups: Groups) -> list[frozenset[GroupName]]:
    return [groups.get(person, frozenset()) for person in dict.fromkeys(signers)]


def _stands(seats: tuple[_Seats, ...], votes: Sequence[frozenset[GroupName]]) -> set[_Left]:
    """Every way the seats may be filled by now. A vote that fits somewhere is used: leaving it out never helps."""
    stands = {tuple(seat.count for seat in seats)}
    for vote in votes:
        stands = {after for left in stands for after in _seated(seats, left, vote)}
    return stands


def _seated(seats: tuple[_Seats, ...], left: _Left, vote: frozenset[GroupName]) -> Iterator[_Left]:
    fits = [n for n in range(len(seats)) if seats[n].group in vote and _is_open(seats[n], left, n)]
    for n in fits:
        yield (*left[:n], left[n] - 1, *left[n + 1 :])
    if not fits:
        yield left


def _open(seats: tuple[_Seats, ...], left: _Left) -> list[_Seats]:
    return [seat for n, seat in enumerate(seats) if _is_open(seat, left, n)]


def _is_open(seat: _Seats, left: _Left, n: int) -> bool:
    return left[n] > 0 and not any(left[before] for before in seat.after)


def _least(lacking: list[tuple[tuple[_Seats, ...], _Left]]) -> list[tuple[tuple[_Seats, ...], _Left]]:
    """Without those that lack all that another lacks, and more: the other way leads there sooner."""
    if len(lacking) > MOST_WAYS:
        return lacking
    lacks = [_lacks(seats, left) for seats, left in lacking]
    return [
        each
        for each, mine in zip(lacking, lacks, strict=True)
        if not any(other != mine and other <= mine for other in lacks)
    ]


def _lacks(seats: tuple[_Seats, ...], left: _Left) -> Counter[tuple[GroupName, tuple[int, int] | None]]:
    lacks: Counter[tuple[GroupName, tuple[int, int] | None]] = Counter()
    for seat, count in zip(seats, left, strict=True):
        lacks[seat.group, seat.place] += count
    return lacks

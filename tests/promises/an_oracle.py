"""Who may sign and what is signed, worked out by hand: plain search, none of the gateway's own code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

Seat = tuple[str, int]  # group, stage; -1 for seats that wait for nobody


@dataclass
class Ledgered:
    """A review as this side remembers it."""

    id: str
    actor: str
    excluded: frozenset[str]
    ways: Sequence[Sequence[Seat]]  # of any way, all seats
    uses: int
    digest: str
    card: str
    expires_at: datetime
    votes: list[tuple[str, str, bool]] = field(default_factory=list)  # person, card, yes
    approved_at: datetime | None = None
    valid: float = 600.0  # seconds
    ended: bool = False
    runs: int = 0
    broken_by: str | None = None


def counted(review: Ledgered, groups: Mapping[str, frozenset[str]], instead: Sequence[tuple[str, str, str]]) -> bool:
    """Whether the votes on the card of now fill every seat of one way, each by another person.

    `groups` are those of now; `instead` says who may sign in whose place: (delegator, delegate, group).
    """
    voters = [person for person, card, yes in review.votes if yes and card == review.card]
    signers = [person for person in voters if person not in review.excluded]
    seats_of = {person: set(groups.get(person, frozenset())) for person in signers}
    for delegator, delegate, group in instead:
        free = delegator not in review.excluded and delegator not in {p for p, c, _ in review.votes if c == review.card}
        if delegate in seats_of and free and group in groups.get(delegator, frozenset()):
            seats_of[delegate].add(group)
    return any(_filled(list(way), signers, seats_of) for way in review.ways)


def _filled(seats: list[Seat], signers: Sequence[str], groups: Mapping[str, set[str]]) -> bool:
    """Whether every seat gets a signer of its group, all different, each stage after the one before it."""
    return any(_in_order(seats, chosen, signers) for chosen in _choices(seats, signers, groups))


def _choices(seats: list[Seat], signers: Sequence[str], groups: Mapping[str, set[str]]) -> Iterator[tuple[str, ...]]:
    def choose(n: int, taken: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if n == len(seats):
            yield taken
            return
        for person in signers:
            if person not in taken and seats[n][0] in groups[person]:
                yield from choose(n + 1, (*taken, person))

    return choose(0, ())


def _in_order(seats: list[Seat], chosen: tuple[str, ...], signers: Sequence[str]) -> bool:
    turn = {person: n for n, person in enumerate(signers)}
    staged = [(stage, turn[person]) for (_, stage), person in zip(seats, chosen, strict=True) if stage >= 0]
    return all(before < after for s, before in staged for t, after in staged if s < t)

"""What the figures about fatigue say of a stretch of time, and how they are worked out (docs/topics/fatigue.md).

Times are those of entries. A share is never given where there is nothing to divide by: None says so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Final, NamedTuple

from interlock.model.names import ActorId, GroupName, PersonId
from interlock.model.recent import DAY

QUICK: Final = 2.0  # seconds: nobody has read a card that fast
ALWAYS: Final = 10  # votes from which on a person who never said no is pointed out


class Ending(StrEnum):
    """How a review stopped waiting."""

    APPROVED = "approved"  # by votes
    DENIED = "denied"  # by a vote
    GLASS = "glass"  # somebody broke the glass
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


DECIDED: Final = frozenset({Ending.APPROVED, Ending.DENIED})


class Ended(NamedTuple):
    """A review that waits no more. `looked` and `took` in seconds from its opening: to the first look (None: nobody
    looked), to its end. `voted`: whether anybody did."""

    at: datetime
    how: Ending
    actor: ActorId
    groups: frozenset[GroupName]
    took: float
    looked: float | None
    voted: bool


class Cast(NamedTuple):
    """One vote. `after`: seconds since its person first saw that card; None where that isn't known."""

    at: datetime
    person: PersonId
    approves: bool
    after: float | None


class Waits(NamedTuple):
    """A review that waits."""

    opened_at: datetime
    actor: ActorId
    unseen: bool


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in seconds: how many there were, and nearest-rank percentiles; None where there are
    none."""

    count: int
    p50: float | None
    p90: float | None


@dataclass(frozen=True, slots=True)
class Votes:
    """Votes: how many, how many of them yes, of how many it is known when the card was first seen (`measured`), and
    how many of these came within `QUICK` seconds."""

    count: int
    approvals: int
    measured: int
    quick: int

    @property
    def approval_share(self) -> float | None:
        """Of all, those that said yes."""
        return self.approvals / self.count if self.count else None

    @property
    def quick_share(self) -> float | None:
        """Of those measured, the quick ones."""
        return self.quick / self.measured if self.measured else None

    @property
    def always_yes(self) -> bool:
        """Whether there are many and none says no."""
        return self.count >= ALWAYS and self.approvals == self.count


@dataclass(frozen=True, slots=True)
class OfGroup:
    """The reviews that asked a group, alone or among others, and that votes decided."""

    group: GroupName
    decision: Times


@dataclass(frozen=True, slots=True)
class OfPerson:
    """One person's load. `days`: votes by UTC day, those without any left out; `busiest`: the UTC hour with most."""

    person: PersonId
    votes: Votes
    last_day: int
    days: tuple[tuple[date, int], ...]
    busiest: datetime
    busiest_votes: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures of `since` < time <= `until`. `complete`: False where more happened than is remembered.

    `unseen`: reviews that ended and that nobody but people who are part of them had looked at or voted on;
    `unseen_expired` are those of them that expired. `unanswered`: reviews that expired without a vote. `waiting` and
    `waiting_unseen` are of `until`.
    """

    since: datetime
    until: datetime
    complete: bool
    waiting: int
    waiting_unseen: int
    opened: int
    ended: Mapping[Ending, int]
    decision: Times
    first_look: Times
    unseen: int
    unseen_expired: int
    unanswered: int
    votes: Votes
    groups: tuple[OfGroup, ...]
    people: tuple[OfPerson, ...]
    requesters: tuple[tuple[ActorId, int], ...]

    def for_person(self, person: PersonId) -> Overview:
        """What somebody may see who isn't there to look at others: the whole, and their own row."""
        return replace(self, groups=(), requesters=(), people=tuple(p for p in self.people if p.person == person))


def overview(
    since: datetime,
    until: datetime,
    *,
    complete: bool,
    waiting: Sequence[Waits],
    ended: Sequence[Ended],
    cast: Sequence[Cast],
) -> Overview:
    """The figures of what waits at `until`, and what ended and was cast between."""
    unseen = [each for each in ended if each.looked is None]
    decided = [each for each in ended if each.how in DECIDED]
    opened = Counter(each.actor for each in waiting if each.opened_at > since)
    opened.update(each.actor for each in ended if each.at - timedelta(seconds=each.took) > since)
    return Overview(
        since=since,
        until=until,
        complete=complete,
        waiting=len(waiting),
        waiting_unseen=sum(each.unseen for each in waiting),
        opened=opened.total(),
        ended={how: sum(each.how is how for each in ended) for how in Ending},
        decision=times(each.took for each in decided),
        first_look=times(each.looked for each in ended if each.looked is not None),
        unseen=len(unseen),
        unseen_expired=sum(each.how is Ending.EXPIRED for each in unseen),
        unanswered=sum(each.how is Ending.EXPIRED and not each.voted for each in ended),
        votes=_votes(cast),
        groups=_by_group(decided),
        people=_by_person(cast, until),
        requesters=tuple(sorted(opened.items(), key=lambda each: (-each[1], each[0]))),
    )


def times(seconds: Iterable[float]) -> Times:
    """Count and percentiles: the smallest value that at least that share of all is not above."""
    found = sorted(seconds)
    if not found:
        return Times(0, None, None)
    half, most = (found[ceil(len(found) * share / 100) - 1] for share in (50, 90))
    return Times(len(found), half, most)


def _votes(cast: Sequence[Cast]) -> Votes:
    measured = [each.after for each in cast if each.after is not None]
    approvals = sum(each.approves for each in cast)
    return Votes(len(cast), approvals, len(measured), sum(after < QUICK for after in measured))


def _by_group(decided: Sequence[Ended]) -> tuple[OfGroup, ...]:
    took: defaultdict[GroupName, list[float]] = defaultdict(list)
    for each in decided:
        for group in each.groups:
            took[group].append(each.took)
    return tuple(OfGroup(group, times(took[group])) for group in sorted(took))


def _by_person(cast: Sequence[Cast], until: datetime) -> tuple[OfPerson, ...]:
    theirs: defaultdict[PersonId, list[Cast]] = defaultdict(list)
    for each in cast:
        theirs[each.person].append(each)
    found = [_person(person, votes, until) for person, votes in theirs.items()]
    return tuple(sorted(found, key=lambda each: (-each.votes.count, each.person)))


def _person(person: PersonId, cast: Sequence[Cast], until: datetime) -> OfPerson:
    days = Counter(each.at.date() for each in cast)
    hours = Counter(each.at.replace(minute=0, second=0, microsecond=0) for each in cast)
    busiest = min(hours, key=lambda hour: (-hours[hour], hour))
    last_day = sum(each.at > until - DAY for each in cast)
    return OfPerson(person, _votes(cast), last_day, tuple(sorted(days.items())), busiest, hours[busiest])

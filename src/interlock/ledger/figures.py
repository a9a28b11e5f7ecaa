"""Figures about fatigue: a fold over the entries about reviews, of the last `KEPT` days (docs/topics/fatigue.md).

Feed it every entry of the log in order; it looks at those in `Figures.reads` and costs a dictionary's look-up each.
It authorises nothing. What it remembers has a bound: beyond it the oldest goes first, and the figures say that they
aren't complete.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final, TypeVar

from interlock.ledger.entry import Entry
from interlock.ledger.fatigue import Cast, Ended, Ending, Overview, Waits, overview
from interlock.model.entry import EntryType
from interlock.model.names import ActorId, Digest, GroupName, PersonId, ReviewId
from interlock.model.review import Presence, Verdict

KEPT: Final = timedelta(days=30)
MOST_WAITING: Final = 50_000  # reviews; about a kilobyte each
MOST_ENDED: Final = 50_000  # about 300 bytes each
MOST_VOTES: Final = 100_000  # about 200 bytes each
MOST_LOOKS: Final = 1_000  # people whose looks at one review are remembered

_ENDINGS: Final[Mapping[EntryType, Ending]] = {
    EntryType.BREAK_GLASS_USED: Ending.GLASS,
    EntryType.REVIEW_EXPIRED: Ending.EXPIRED,
    EntryType.REVIEW_WITHDRAWN: Ending.WITHDRAWN,
    EntryType.REVIEW_SUPERSEDED: Ending.SUPERSEDED,
}
_SETTLES: Final[Mapping[str, Ending]] = {"approved": Ending.APPROVED, "denied": Ending.DENIED}
# Nobody knows when a message was seen: what is on record is the click, which comes just before its vote.
_BY_CHANNEL: Final = frozenset({Presence.SLACK.value, Presence.TEAMS.value, Presence.CALLBACK.value})

T = TypeVar("T", Ended, Cast)


@dataclass(slots=True)
class _Waiting:
    """A review that waits, and who first saw which of its cards when."""

    opened_at: datetime
    actor: ActorId
    groups: frozenset[GroupName]
    excluded: frozenset[PersonId]
    looks: dict[PersonId, tuple[Digest, datetime]] = field(default_factory=dict)
    first_look: datetime | None = None
    voted: bool = False


class Figures:
    """The fold. For one thread at a time."""

    reads: Final = frozenset(
        {EntryType.REVIEW_OPENED, EntryType.REVIEW_SEEN, EntryType.VOTE_CAST, *_ENDINGS}
    )  # the types that `take` looks at

    def __init__(self) -> None:
        self._waiting: dict[ReviewId, _Waiting] = {}
        self._ended: deque[Ended] = deque()
        self._cast: deque[Cast] = deque()
        self._forgotten: datetime | None = None  # up to when some of what is asked for may be gone

    def take(self, entry: Entry) -> None:
        """Counts the next entry of the log."""
        if entry.type not in self.reads:
            return
        review, d = ReviewId(entry.obj), entry.d
        if entry.type is EntryType.REVIEW_OPENED:
            self._open(review, entry.ts, d)
        elif (found := self._waiting.get(review)) is None:
            return  # it waits no more: what ends an approval isn't a decision
        elif entry.type is EntryType.REVIEW_SEEN:
            _look(found, PersonId(d["person"]), Digest(d["card"]), entry.ts)
        elif entry.type is EntryType.VOTE_CAST:
            self._count(found, entry.ts, d)
            if d["settles"]:
                self._end(review, entry.ts, _SETTLES[d["settles"]])
        else:
            self._end(review, entry.ts, _ENDINGS[entry.type])

    def over(self, length: timedelta, now: datetime) -> Overview:
        """The figures of the `length` before `now`, at most `KEPT`."""
        return self.prepared(length, now)()

    def prepared(self, length: timedelta, now: datetime) -> Callable[[], Overview]:
        """The work of `over`, on copies taken now: for another thread. It takes up to a second, the copies a few ms."""
        since = now - min(length, KEPT)
        self._forget(now)
        complete = self._forgotten is None or self._forgotten <= since
        # No tuple for each: so many new objects at once would have the collector look through all of memory.
        waiting = list(self._waiting.values())
        unlooked = [each.first_look is None for each in waiting]
        ended, cast = list(self._ended), list(self._cast)
        return lambda: overview(
            since,
            now,
            complete=complete,
            waiting=[Waits(each.opened_at, each.actor, unseen) for each, unseen in zip(waiting, unlooked, strict=True)],
            ended=_newest(ended, since),
            cast=_newest(cast, since),
        )

    def _open(self, review: ReviewId, at: datetime, d: Mapping[str, Any]) -> None:
        rows = [row for name in ("quorums", "any_of", "stages") for row in d.get(name, ())]
        groups = frozenset(GroupName(row["group"]) for row in rows)
        excluded = frozenset(PersonId(person) for person in d["excluded"])
        self._waiting.setdefault(review, _Waiting(at, ActorId(d["actor"]), groups, excluded))
        if len(self._waiting) > MOST_WAITING:
            oldest = next(iter(self._waiting))
            self._gone(at)
            del self._waiting[oldest]

    def _count(self, found: _Waiting, at: datetime, d: Mapping[str, Any]) -> None:
        person, looked = PersonId(d["person"]), None
        seen = found.looks.get(person)
        if seen is not None and seen[0] == d["card"] and d["presence"] not in _BY_CHANNEL:
            looked = max(0.0, (at - seen[1]).total_seconds())
        found.voted = True
        found.first_look = found.first_look or at  # who votes has looked, wherever that was
        self._cast.append(Cast(at, person, d["verdict"] == Verdict.APPROVE, looked))
        if len(self._cast) > MOST_VOTES:
            self._gone(self._cast.popleft().at)

    def _end(self, review: ReviewId, at: datetime, how: Ending) -> None:
        was = self._waiting.pop(review)
        looked = None if was.first_look is None else _seconds(was.opened_at, was.first_look)
        self._ended.append(Ended(at, how, was.actor, was.groups, _seconds(was.opened_at, at), looked, was.voted))
        self._forget(at)
        if len(self._ended) > MOST_ENDED:
            self._gone(self._ended.popleft().at)

    def _forget(self, now: datetime) -> None:
        for kept in (self._ended, self._cast):
            while kept and kept[0].at <= now - KEPT:
                kept.popleft()

    def _gone(self, at: datetime) -> None:
        self._forgotten = at if self._forgotten is None else max(self._forgotten, at)


def _look(found: _Waiting, person: PersonId, card: Digest, at: datetime) -> None:
    if person in found.excluded:
        return  # who is part of the request doesn't review it by looking at it
    found.first_look = found.first_look or at
    seen = found.looks.get(person)
    if (seen is None or seen[0] != card) and (seen is not None or len(found.looks) < MOST_LOOKS):
        found.looks[person] = (card, at)


def _newest(kept: Sequence[T], since: datetime) -> list[T]:
    """Those after `since`, oldest first; entries come in the order of their times."""
    return list(takewhile(lambda each: each.at > since, reversed(kept)))[::-1]


def _seconds(begin: datetime, end: datetime) -> float:
    return max(0.0, (end - begin).total_seconds())

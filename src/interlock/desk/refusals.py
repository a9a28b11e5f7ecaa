"""How much of what is refused goes into the ledger: who is refused a thousand times in a minute doesn't fill it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import structlog

from interlock.model.names import ReviewId

MINUTE: Final = timedelta(minutes=1)
MOST: Final = 10  # refused attempts of one person that are recorded one by one in a minute
MOST_TOLD: Final = 500  # told at once: a commit has a bound
MOST_KNOWN: Final = 4096  # people and keys remembered; who comes beyond these within a minute is one of the others
OTHERS: Final = "others"

log = structlog.get_logger()


class Rest(NamedTuple):
    """Attempts that weren't recorded one by one: whose, how many, and the last of the reviews."""

    who: str
    review: ReviewId
    attempts: int


@dataclass(slots=True)
class _Minute:
    began: datetime
    recorded: int = 0


@dataclass(slots=True)
class Refusals:
    """Counts refused attempts by who made them."""

    _minutes: OrderedDict[str, _Minute] = field(default_factory=OrderedDict)
    _rest: dict[str, Rest] = field(default_factory=dict)  # of the minute that runs
    _over: dict[str, Rest] = field(default_factory=dict)  # of minutes that are over, not told yet; as many as are known

    def is_recorded(self, review: ReviewId, who: str, now: datetime) -> bool:
        """Whether this attempt gets an entry of its own; if not, it is counted among the rest."""
        who = self._name(who, now)
        minute = self._minutes.get(who)
        if minute is None or not minute.began <= now < minute.began + MINUTE:
            self._end(who)
            minute = self._minutes[who] = _Minute(now)
        self._minutes.move_to_end(who)
        if minute.recorded < MOST:
            minute.recorded += 1
            return True
        before = self._rest.get(who)
        if before is None:
            log.warning("vote.refused_often", who=who, review=review)
        self._rest[who] = Rest(who, review, before.attempts + 1 if before else 1)
        return False

    def due(self, now: datetime) -> Sequence[Rest]:
        """The rest of those whose minute is over, each told once; at most `MOST_TOLD`, the others the next time."""
        for who in [who for who in self._rest if not now < self._minutes[who].began + MINUTE]:
            self._end(who)
        return [self._over.pop(who) for who in list(self._over)[:MOST_TOLD]]

    def put_back(self, untold: Sequence[Rest]) -> None:
        """What was due and couldn't be told: due again."""
        for each in untold:
            later = self._over.pop(each.who, None)
            self._keep(Rest(each.who, later.review, each.attempts + later.attempts) if later else each)

    def _name(self, who: str, now: datetime) -> str:
        """Whose attempt it is counted as. Room is made by whose minute is over, never by one that runs: names that
        somebody invents take nobody's count away."""
        if who in self._minutes or len(self._minutes) < MOST_KNOWN:
            return who
        gone, minute = next(iter(self._minutes.items()))
        if minute.began <= now < minute.began + MINUTE:
            return OTHERS
        self._end(gone)
        del self._minutes[gone]
        return who

    def _end(self, who: str) -> None:
        rest = self._rest.pop(who, None)
        if rest is not None:
            before = self._over.pop(who, None)
            self._keep(rest._replace(attempts=rest.attempts + before.attempts) if before else rest)

    def _keep(self, rest: Rest) -> None:
        if len(self._over) >= MOST_KNOWN:
            before = self._over.pop(OTHERS, None)
            rest = Rest(OTHERS, rest.review, rest.attempts + (before.attempts if before else 0))
        self._over[rest.who] = rest

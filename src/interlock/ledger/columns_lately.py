"""Which columns actors read masked lately, or wrote to: folds over action.released.

What was shown masked may come back as what is written, so a write to such a column is asked about for an hour
(`context.writes_masked`). What was written may be a list of guesses, so joins with it are asked about for a day. Memory
has a bound; what was forgotten too early counts for the rest of its time, of the actor or of everybody.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from interlock.model.names import ActorId
from interlock.model.recent import ANY_COLUMN, HOUR

MOST_ACTORS: Final = 10_000
MOST_COLUMNS: Final = 200  # of one actor


class ColumnsLately:
    """The fold, which remembers for so long. For one thread. Times are seconds since the epoch."""

    def __init__(self, length: timedelta = HOUR) -> None:
        self._longest = length.total_seconds()
        self._actors: OrderedDict[ActorId, OrderedDict[str, float]] = OrderedDict()
        self._forgotten: dict[ActorId, float] = {}  # until when each of an actor's columns counts
        self._forgotten_actors = 0.0  # until when those of all actors that aren't known do

    def add(self, actor: ActorId, columns: Iterable[str], at: float) -> None:
        """Notes columns."""
        known = self._actors.setdefault(actor, OrderedDict())
        self._actors.move_to_end(actor)
        for column in columns:
            if column == ANY_COLUMN:
                self._forgotten[actor] = max(self._forgotten.get(actor, 0.0), at + self._longest)
                continue
            known[column] = at
            known.move_to_end(column)
            if len(known) > MOST_COLUMNS:
                _, was = known.popitem(last=False)
                self._forgotten[actor] = max(self._forgotten.get(actor, 0.0), was + self._longest)
        if len(self._actors) > MOST_ACTORS:
            self._forget_longest_silent()

    def of(self, actor: ActorId, now: float) -> tuple[frozenset[str], bool]:
        """(columns, whether any other may be among them too)."""
        known = self._actors.get(actor)
        if known is None:
            return frozenset(), now < self._forgotten_actors
        while known and next(iter(known.values())) + self._longest <= now:
            known.popitem(last=False)
        return frozenset(known), now < self._forgotten.get(actor, 0.0)

    def _forget_longest_silent(self) -> None:
        actor, known = self._actors.popitem(last=False)
        times = (max(known.values(), default=0.0) + self._longest, self._forgotten.pop(actor, 0.0))
        self._forgotten_actors = max(self._forgotten_actors, *times)

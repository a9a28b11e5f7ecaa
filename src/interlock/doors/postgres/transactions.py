"""What ran inside a transaction and isn't settled yet: how it ended is known when the transaction has.

    ran ... ran, SAVEPOINT s, ran ... ROLLBACK TO s -> rolled_back   COMMIT -> as they went   connection lost -> ?

Only what isn't proved effect-free waits here: a read has ended when its rows have gone. Rolled back means spent
(design, section 7). Nothing here knows a socket or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from interlock.model.release import Ending, Outcome, Release

MAX_UNSETTLED = 1_000  # actions in one transaction; more are refused
MAX_SAVEPOINTS = 10_000

Settled = tuple[Release, Ending]


@dataclass(slots=True)
class _Level:
    """What ran since a savepoint was set, or since the transaction began (no name)."""

    name: str | None
    ran: list[Settled] = field(default_factory=list)


class Transaction:
    """One session's transaction, block or implicit; an empty one while there is none."""

    def __init__(self) -> None:
        self._levels = [_Level(None)]

    def __len__(self) -> int:
        return sum(len(level.ran) for level in self._levels)

    @property
    def depth(self) -> int:
        """How many savepoints there are. What began at depth n is undone with the nth of them."""
        return len(self._levels) - 1

    def ran(self, release: Release, ending: Ending, depth: int | None = None) -> None:
        """Something ran, and went as `ending` says if the transaction is committed. `depth`: where, else behind the
        latest savepoint."""
        self._levels[self.depth if depth is None else min(depth, self.depth)].ran.append((release, ending))

    def savepoint(self, name: str) -> None:
        """SAVEPOINT: an earlier one of the same name stays, and is hidden by this."""
        self._levels.append(_Level(name))

    def release(self, name: str) -> int:
        """RELEASE: it and all behind it go, and what ran in them belongs to what is around. Gives the depth."""
        at = self._find(name)
        if at is not None:
            for level in self._levels[at:]:
                self._levels[at - 1].ran.extend(level.ran)
            del self._levels[at:]
        return self.depth

    def rollback_to(self, name: str) -> tuple[int, list[Settled]]:
        """ROLLBACK TO: what ran behind it is undone, the savepoint itself stays. Gives the depth and what was undone.

        What began at that depth or deeper is gone.
        """
        at = self._find(name)
        if at is None:
            return self.depth + 1, []
        undone = [each for level in self._levels[at:] for each in level.ran]
        self._levels[at:] = [_Level(name)]
        return self.depth, [_as(each, Outcome.ROLLED_BACK) for each in undone]

    def committed(self) -> list[Settled]:
        """The transaction is committed: all went as it went."""
        return self._taken()

    def rolled_back(self) -> list[Settled]:
        """The transaction is undone, or was lost before anybody asked for its COMMIT."""
        return [_as(each, Outcome.ROLLED_BACK) for each in self._taken()]

    def unknown(self) -> list[Settled]:
        """The connection was lost behind COMMIT and before its answer: nobody knows."""
        return [_as(each, Outcome.UNKNOWN) for each in self._taken()]

    def _taken(self) -> list[Settled]:
        found = [each for level in self._levels for each in level.ran]
        self._levels = [_Level(None)]
        return found

    def _find(self, name: str) -> int | None:
        return next((n for n in range(self.depth, 0, -1) if self._levels[n].name == name), None)


def _as(settled: Settled, outcome: Outcome) -> Settled:
    release, ending = settled
    return release, replace(ending, outcome=outcome)

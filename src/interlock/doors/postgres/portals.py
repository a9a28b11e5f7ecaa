"""What is open upstream under a release: portals that were fetched in part, and SQL cursors.

One release covers each until it is closed: the same masks, the same counting, the same row cap, however often it is
fetched from. How it ended is recorded once, when it is exhausted, closed, or gone with its transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from interlock.doors.postgres.allowance import Allowance
from interlock.model.exposure import Output
from interlock.model.release import Ending, Outcome, Release
from interlock.model.snapshot import DescribedColumn
from interlock.sql.shape import Statement
from interlock.wire.postgres.session import Portal, Session

OURS = "il_"  # what names of ours begin with, upstream
MAX_CURSORS = 1_000
HELD = -1  # the depth of a cursor WITH HOLD whose transaction was committed: nothing undoes it


@dataclass(slots=True)
class Tally:
    """What has come of one release so far: rows, masked values, and what is left of its row cap.

    `opens`: how many portals and cursors it still has open; `sqlstate`: what a fetch from one failed with; `broke`: the
    session was lost while one was fetched from.
    """

    rows: int = 0
    masked: Counter[str] = field(default_factory=Counter)
    allowance: Allowance | None = None
    opens: int = 0
    sqlstate: str = ""
    broke: bool = False
    recorded: bool = False

    def ending(self) -> Ending:
        """How it ended, with all that it came to."""
        outcome = Outcome.UNKNOWN if self.broke else Outcome.FAILED if self.sqlstate else Outcome.SUCCEEDED
        return Ending(outcome, self.rows, self.sqlstate, tuple(sorted(self.masked.items())))


@dataclass(slots=True, eq=False)
class Open:
    """One that is open. `bound` is the client's portal, None for an SQL cursor.

    `statement` and `columns` are what was decided on; `outputs` what its masks are made of. `depth`: how many
    savepoints there were when it began. `hold`: it outlives its transaction once that is committed. `over`: nothing
    more will come.
    """

    name: bytes
    release: Release
    statement: Statement
    columns: tuple[DescribedColumn, ...]
    outputs: tuple[Output, ...]
    depth: int
    bound: Portal | None = None
    hold: bool = False
    tally: Tally = field(default_factory=Tally)
    over: bool = False


class Opened:
    """All that one session has open."""

    def __init__(self) -> None:
        self._portals: dict[bytes, Open] = {}
        self._cursors: dict[str, Open] = {}

    def __bool__(self) -> bool:
        return bool(self._portals or self._cursors)

    def __iter__(self) -> Iterator[Open]:
        yield from self._portals.values()
        yield from self._cursors.values()

    @property
    def cursors(self) -> int:
        """How many SQL cursors."""
        return len(self._cursors)

    def add_portal(self, name: bytes, opened: Open) -> None:
        """A portal of the client's, under the client's name, was fetched in part."""
        self._portals[name] = opened

    def add_cursor(self, name: str, opened: Open) -> None:
        """DECLARE has succeeded."""
        self._cursors[name] = opened

    def portal(self, name: bytes, bound: Portal) -> Open | None:
        """The open one behind this portal of the client's, if it can go on."""
        found = self._portals.get(name)
        return found if found is not None and found.bound is bound and not found.over else None

    def cursor(self, name: str) -> Open | None:
        """The SQL cursor of this name."""
        return self._cursors.get(name)

    # -- what ends: each gives those that have ----------------------------------------------------------------------

    def dropped(self, names: Session) -> list[Open]:
        """Portals that have come to their end, or whose name the client gave to another or closed."""
        gone = [n for n, each in self._portals.items() if each.over or names.portal(n) is not each.bound]
        return [self._portals.pop(name) for name in gone]

    def close_cursor(self, name: str | None) -> list[Open]:
        """CLOSE; all of them when `name` is None."""
        names = list(self._cursors) if name is None else [name] if name in self._cursors else []
        return [self._cursors.pop(each) for each in names]

    def undone_to(self, depth: int) -> list[Open]:
        """ROLLBACK TO: what began at this depth or deeper is gone."""
        return self._pop(lambda each: each.depth >= depth)

    def shallower(self, depth: int) -> None:
        """RELEASE: what began deeper belongs to what is around."""
        for each in self:
            each.depth = min(each.depth, depth)

    def transaction_ended(self, *, committed: bool) -> list[Open]:
        """What doesn't outlive its transaction; what does is part of none any more."""
        gone = self._pop(lambda each: not each.hold or (not committed and each.depth >= 0))
        for each in self:
            each.depth = HELD
        return gone

    def all_gone(self) -> list[Open]:
        """The session ends, or DISCARD ALL."""
        return self._pop(lambda each: True)

    def _pop(self, goes: Callable[[Open], bool]) -> list[Open]:
        portals = [self._portals.pop(n) for n in [n for n, each in self._portals.items() if goes(each)]]
        return portals + [self._cursors.pop(n) for n in [n for n, each in self._cursors.items() if goes(each)]]

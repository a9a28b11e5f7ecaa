"""What an actor did lately, by our own records; the present action isn't in it (design section 5, `recent`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from interlock.model.exposure import Mentioned, WrittenColumn
from interlock.model.label import Label

ANY_COLUMN = "*"
"""Among columns that were read masked: any other may have been too."""

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of time up to now.

    `actions` were let run, `exports` are those of them that copied data out, `denials` were refused, `held` had to wait
    for people; `rows` came back or were changed; `labels` are those that the actions touched.
    """

    actions: int = 0
    exports: int = 0
    denials: int = 0
    held: int = 0
    rows: int = 0
    labels: frozenset[Label] = frozenset()


@dataclass(frozen=True, slots=True)
class Wrote:
    """The labelled columns to which actors wrote within the last day; `any_`: that isn't known, so each may be one."""

    columns: frozenset[str] = frozenset()
    any_: bool = False

    def labels_of(self, mentioned: Iterable[Mentioned]) -> frozenset[Label]:
        """The labels of those columns that are among them."""
        if not self.columns and not self.any_:
            return frozenset()
        found = (each.labels for each in mentioned if self.any_ or any(_may_be(each.column, c) for c in self.columns))
        return frozenset[Label]().union(*found)


def _may_be(one: str, other: str) -> bool:
    """Whether two names may mean one column; `clinic/public.notes.*` and `clinic/*` are any of those."""
    if one.endswith("*") and other.startswith(one[:-1]):
        return True
    return one == other or (other.endswith("*") and one.startswith(other[:-1]))


@dataclass(frozen=True, slots=True)
class Recent:
    """The windows that policies can ask about. Each reaches at least as far back as its name says.

    `masked` are the columns (`clinic/public.patients.mrn`) that the actor read masked within the last hour;
    `masked_any`: that isn't known any more, so each counts as one of them.
    """

    minute: Window = field(default_factory=Window)
    hour: Window = field(default_factory=Window)
    day: Window = field(default_factory=Window)
    masked: frozenset[str] = frozenset()
    masked_any: bool = False

    def written_back(self, written: Iterable[WrittenColumn]) -> frozenset[Label]:
        """The labels of those columns that were read masked lately: what is written there may be masks."""
        found = (each.labels for each in written if self._was_masked(each.column))
        return frozenset[Label]().union(*found)

    def _was_masked(self, column: str) -> bool:
        if self.masked_any or column in self.masked:
            return True
        return column.endswith("*") and any(known.startswith(column[:-1]) for known in self.masked)


QUIET = Recent()
"""Nothing lately."""

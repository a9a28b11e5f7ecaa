"""What a benchmark found, and the table at the end of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

COLUMNS = ("benchmark", "mode", "figure", "peer", "ratio", "budget", "")


class Aim(Enum):
    """Which side of a budget is the good one."""

    AT_LEAST = ">="
    AT_MOST = "<="


@dataclass(frozen=True, slots=True)
class Budget:
    """A bound from the design's table of budgets; of the ratio to the peer, or of the figure itself."""

    aim: Aim
    bound: float
    of_ratio: bool = False

    def met(self, value: float) -> bool:
        """Whether `value` keeps to it."""
        return value >= self.bound if self.aim is Aim.AT_LEAST else value <= self.bound


@dataclass(frozen=True, slots=True)
class Peer:
    """What the same work came to somewhere else, in the same run and unit."""

    name: str
    figure: float


@dataclass(frozen=True, slots=True)
class Result:
    """One row: a figure in its unit, beside a peer and a budget where there are any."""

    benchmark: str
    mode: str
    figure: float
    unit: str
    peer: Peer | None = None
    budget: Budget | None = None

    @property
    def ratio(self) -> float | None:
        """Figure over peer."""
        return self.figure / self.peer.figure if self.peer and self.peer.figure else None

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or nothing where no budget is set."""
        if self.budget is None:
            return ""
        value = self.ratio if self.budget.of_ratio else self.figure
        if value is None:
            return "no peer"
        return "met" if self.budget.met(value) else "missed"

    def cells(self) -> tuple[str, ...]:
        """The row in words, in the order of `COLUMNS`."""
        peer = f"{self.peer.name}: {amount(self.peer.figure)}" if self.peer else ""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return self.benchmark, self.mode, f"{amount(self.figure)} {self.unit}", peer, ratio, self._bound(), self.verdict

    def _bound(self) -> str:
        if self.budget is None:
            return ""
        of = "ratio " if self.budget.of_ratio else ""
        return f"{of}{self.budget.aim.value} {amount(self.budget.bound)}"


def ratio_of_at_least(bound: float) -> Budget:
    """At least this part of what the peer does."""
    return Budget(Aim.AT_LEAST, bound, of_ratio=True)


def at_least(bound: float) -> Budget:
    """At least so much, in the figure's unit."""
    return Budget(Aim.AT_LEAST, bound)


def at_most(bound: float) -> Budget:
    """At most so much, in the figure's unit."""
    return Budget(Aim.AT_MOST, bound)


def amount(value: float) -> str:
    """A number as people read it: three digits that matter, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(results: Sequence[Result]) -> str:
    """All rows under one heading: to be read in a terminal, and Markdown as it stands."""
    rows = [COLUMNS, *(result.cells() for result in results)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(COLUMNS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join((lines[0], rule, *lines[1:]))

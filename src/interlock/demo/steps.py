"""The script's results as values: what should have happened, and what did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that should hold."""

    expected: str
    observed: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the script."""

    title: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether it came out as it should; a step that checked nothing didn't."""
        return bool(self.checks) and all(check.holds for check in self.checks)


@dataclass(frozen=True, slots=True)
class StepResults:
    """All steps that were run, of those planned."""

    steps: tuple[Step, ...]
    planned: int

    @property
    def passed(self) -> bool:
        """Whether every planned step ran and came out as it should."""
        return len(self.steps) == self.planned and all(step.passed for step in self.steps)

    @property
    def summary(self) -> str:
        """One line."""
        good = sum(step.passed for step in self.steps)
        if self.passed:
            return f"all {self.planned} steps came out as they should"
        bad = [step.title for step in self.steps if not step.passed]
        what = f": {'; '.join(bad)}" if bad else ""
        return f"{good} of {self.planned} steps came out as they should{what}"


def check(expected: str, holds: bool, observed: str = "") -> Check:
    """A check whose observation, unless told, is simply whether it holds."""
    return Check(expected, observed or ("yes" if holds else "no"), holds)

"""What the date forms hand on: a stretch of the text and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DateSpan:
    """One date as it is written, before its context is looked at."""

    start: int
    end: int
    score: float
    form: str
    """Which form told it: a word of our own, for the reason."""

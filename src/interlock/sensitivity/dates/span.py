"""What the date forms hand on: a stretch of the text and how sure it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DateSpan:
    """One date as it is written, before its context is looked at."""

    start: int
    end: int
    score: float
    form: str
    """Which form told it: a word of our own, for the reason."""


def spots(low: str, word: str) -> Iterator[tuple[int, int]]:
    """Where `word` stands in the lower-case text with no letter on either side."""
    at = low.find(word)
    while at >= 0:
        end = at + len(word)
        if not low[at - 1 : at].isalpha() and not low[end : end + 1].isalpha():
            yield at, end
        at = low.find(word, end)

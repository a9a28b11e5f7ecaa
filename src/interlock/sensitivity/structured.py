"""From a match to a finding (layer 2): what stands beside it, what a closer look says, which words are near."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from interlock.model.finding import THRESHOLD, Finding
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict

AROUND: Final = 48
"""How many characters before and after a match a judge may see."""
NEAR: Final = 40
"""How near a context word must stand, in characters."""
SURE: Final = 0.95
"""From this score on, context isn't looked for."""
CONTEXT: Final = 0.35
"""What a context word adds to a score."""


@dataclass(frozen=True, slots=True)
class Field:
    """The name of the column, key or field that holds a text."""

    telling: str
    """In lower case, as it is written."""
    words: str
    """Its words with spaces between: `patientSSN_last` gives ` patient ssn last `."""


@lru_cache(maxsize=4096)
def field_of(telling: str) -> Field:
    """The name `telling`, taken apart."""
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])|[^0-9A-Za-z]+", " ", telling[:256])
    return Field(telling.lower(), f" {parts.strip().lower()} ")


class Judging:
    """The patterns of all structured detectors, numbered as the matcher numbers them."""

    __slots__ = ("_context", "patterns")

    def __init__(self, structured: Sequence[Structured]) -> None:
        self.patterns: Sequence[Pattern] = tuple(p for each in structured for p in each.patterns)
        self._context = [_context(p.context) for p in self.patterns]

    def finding(self, number: int, text: str, start: int, end: int, field: Field) -> Finding | None:
        """What a match of pattern `number` at these characters of `text` amounts to. Raises what its judge raises."""
        pattern = self.patterns[number]
        if not _stands_alone(pattern.beside, text, start, end):
            return None
        before, after = text[max(0, start - AROUND) : start].lower(), text[end : end + AROUND].lower()
        verdict = Verdict(pattern.score, "form")
        if pattern.judge is not None:
            told = pattern.judge(Candidate(text[start:end], before, after, field.telling))
            if told is None:
                return None
            verdict = told
        score, why = verdict.score, f"{pattern.name}: {verdict.why}"
        if score < SURE and self._near(number, before, after, field):
            score, why = min(1.0, score + CONTEXT), why + ", context"
        if score < THRESHOLD:
            return None
        last = end if verdict.end is None else min(end, start + verdict.end)
        return Finding(min(start + verdict.start, last - 1), last, pattern.label, score, why)

    def _near(self, number: int, before: str, after: str, field: Field) -> bool:
        context = self._context[number]
        if context is None:
            return False
        near = f"{before[-NEAR:]} {after[:NEAR]} "
        return context.search(near) is not None or (
            field.telling != "" and (context.search(field.words) or context.search(field.telling)) is not None
        )


def _stands_alone(beside: Beside, text: str, start: int, end: int) -> bool:
    """Whether neither neighbour makes the match part of something longer: letters and digits beyond ASCII too."""
    if beside is Beside.NOTHING:
        return True
    part = str.isdigit if beside is Beside.DIGIT else str.isalnum
    return not ((start > 0 and part(text[start - 1])) or (end < len(text) and part(text[end])))


def _context(words: frozenset[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    longest_first = sorted(words, key=lambda w: (-len(w), w))
    either = "|".join(re.escape(w) for w in longest_first)
    return re.compile(rf"(?<![a-z0-9])(?:{either})(?![a-z0-9])")

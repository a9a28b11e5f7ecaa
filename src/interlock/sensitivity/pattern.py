"""Patterns: what a structured detector is made of (layer 2). One file in `detectors/` is one kind.

    DETECTOR = Structured("us_ssn", (Pattern("us_ssn.grouped", r"[0-8][0-9]{2}-...", Label("phi.ssn"), 0.85, ...),))

An expression is in what RE2 and hyperscan share: no lookaround, no back-reference, no lazy or possessive repeat, no
`\\b`, ASCII classes alone, and it matches UTF-8 bytes of the normalised text. What must not stand beside a match is
told by `beside`, and looked at afterwards; what only a closer look can tell is `judge`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from interlock.model.label import Label


class Beside(Enum):
    """What makes a match part of something else, when it stands directly before or after it."""

    NOTHING = "nothing"  # matches wherever it stands, glued to letters too
    DIGIT = "digit"  # not inside a longer number; letters may be glued on (`X4111...X` is a known trick)
    WORD = "word"  # not inside a longer word or number


class Candidate(NamedTuple):
    """One match, ready to be judged."""

    matched: str
    """What the expression matched."""
    before: str
    """Up to 48 characters before it, and `after` as many after it; lower case."""
    after: str
    telling: str
    """The name of the column, key or field that holds the text, lower case; often nothing."""


class Verdict(NamedTuple):
    """That a candidate is one. `start` and `end` cut what is reported out of `matched` (end None: to its end)."""

    score: float
    why: str
    start: int = 0
    end: int | None = None


Judge = Callable[[Candidate], Verdict | None]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One form of a kind.

    Its score is `score`, or what `judge` says; a word of `context` within 40 characters before it, after it, or in the
    telling name adds 0.35 (at most 1). With a score below `THRESHOLD` it so counts with context alone.
    """

    name: str
    expression: str
    label: Label
    score: float
    beside: Beside = Beside.WORD
    judge: Judge | None = None
    context: frozenset[str] = frozenset()
    """Lower-case words or phrases; they match whole words."""
    ignore_case: bool = False
    longest: int = 256
    """The most bytes that a match has: what streams hold back. What `expression` allows beyond is cut there."""


@dataclass(frozen=True, slots=True)
class Structured:
    """A kind's detector: one file, one of these, named DETECTOR."""

    name: str
    patterns: tuple[Pattern, ...]
    meaning: str
    """A line for the table of detectors in the docs."""

"""A passage: one text as detectors see it, with what earlier layers found in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Protocol

from interlock.model.finding import Finding


class Layer(IntEnum):
    """The layers, in the order in which they look at a passage."""

    NORMALISE = 0
    COLUMN = 1
    STRUCTURED = 2
    DATES = 3
    NAMES = 4
    NER = 5
    PROPAGATION = 6


@dataclass(frozen=True, slots=True)
class Token:
    """A word: letters with inner apostrophes, hyphens and combining marks; or a run of digits."""

    start: int
    end: int
    text: str


# A run of letters and marks with single apostrophes or hyphens inside (O'Brien, Smith-Jones), or digits.
_TOKEN = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f])*(?:['’\-][^\W\d_](?:[^\W\d_]|[\u0300-\u036f])*)*|\d+")


@dataclass
class Passage:
    """The normalised text. All offsets of findings made on it are into `text`; the engine maps them back.

    Not frozen: an engine makes one a text, and each layer adds to `findings`.
    """

    text: str
    findings: list[Finding] = field(default_factory=list)
    seeds: Sequence[str] = ()
    """Names known from elsewhere: a row's name columns, the record's subject."""
    telling: str = ""
    """The name of the column, key or field that holds the text, as it is written there; often nothing."""

    @cached_property
    def tokens(self) -> Sequence[Token]:
        """Its words, in order."""
        return [Token(m.start(), m.end(), m[0]) for m in _TOKEN.finditer(self.text)]

    def covered(self, start: int, end: int) -> bool:
        """Whether a finding so far touches these characters."""
        return any(f.start < end and start < f.end for f in self.findings)


class TextDetector(Protocol):
    """Looks at a whole passage (layers 3 to 6). Pure; raises nothing that a text could cause."""

    @property
    def name(self) -> str:
        """A word for reports and switches: `dates`."""

    @property
    def layer(self) -> Layer:
        """When it looks."""

    def find(self, passage: Passage) -> Sequence[Finding]:
        """What it finds, with offsets into `passage.text`. Time is proportional to the text's length, but for a
        logarithm. Findings that overlap earlier ones are allowed: the engine settles that."""

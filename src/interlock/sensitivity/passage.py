"""A passage: one text as detectors see it, with what earlier layers found in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple, Protocol

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


class Token(NamedTuple):
    """A word: letters with inner apostrophes, hyphens and combining marks; or a run of digits."""

    start: int
    end: int
    text: str


# A run of letters and marks with single apostrophes or hyphens inside (O'Brien, Smith-Jones), or digits.
_TOKEN = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f][^\W\d_]*|['’\-][^\W\d_]+)*|\d+")
_LETTERS = re.compile(r"[^\W\d_]+")
_NO_LETTERS = {code: " " for code in range(128) if not chr(code).isalpha()}


def _tokens(text: str) -> Iterator[Token]:
    # Words alone are found twice as fast as words with their places, and looking for these again costs less than that.
    at, find = 0, text.find
    for word in _TOKEN.findall(text):
        start = find(word, at)
        at = start + len(word)
        yield Token(start, at, word)


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
        return list(_tokens(self.text))

    @cached_property
    def low(self) -> str:
        """The text in lower case, character for character."""
        return self.text.replace("İ", "i").lower()  # the one letter whose small form is longer

    @cached_property
    def words(self) -> frozenset[str]:
        """Its runs of letters in lower case: what isn't among them needn't be looked for."""
        low = self.low  # what `translate` does to ASCII is four times as quick, where it pays to start it
        quick = len(low) > 200 and low.isascii()
        return frozenset(low.translate(_NO_LETTERS).split() if quick else _LETTERS.findall(low))

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

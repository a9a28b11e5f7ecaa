"""Names and places that no list has and no grammar tells (layer 5): a small language model reads what is left over.

It is given a window around each word that nothing explains (`names/unexplained.py`), what is known beside it left in;
measured, forty characters on each side serve as well as the whole sentence. What it says counts for the word that was
asked about, and for the words beside that one which it takes for the same. `app/recogniser.py` loads the model.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.unexplained import Asked, Unexplained
from interlock.sensitivity.passage import Layer, Passage, Token

LONGEST_SEGMENT: Final = 400
"""Characters given to a model at once: what it was made for fits, whatever the script."""
AROUND: Final = 40
"""Characters on each side of a word that is asked about."""


class Kind(StrEnum):
    """What a model takes a word for."""

    NAME = "name"
    STREET = "street"
    CITY = "city"
    STATE = "state"
    ZIP = "zip"


_LABELS: Final[Mapping[Kind, Label]] = {
    Kind.NAME: Label("phi.name"),
    Kind.STREET: Label("phi.address.street"),
    Kind.CITY: Label("phi.address.city"),
    Kind.STATE: Label("quasi.state"),
    Kind.ZIP: Label("phi.address.zip"),
}
# From which score on the model is believed of a word that was asked about; tuned on half the sets, checked on the rest.
_LEAST: Final[Mapping[Kind, float]] = {Kind.NAME: 0.4, Kind.STREET: 0.4, Kind.CITY: 0.3}
_TOGETHER: Final = 0.5  # or from which sum: a word may be somebody's, a street's or a town's, and it is one of them
_SURE: Final = 0.9  # of a word in small letters that is in no list: drugs and misprints are such words too
_BESIDE: Final[Mapping[Kind, float]] = {  # of a word beside it
    Kind.NAME: 0.6,
    Kind.STREET: 0.5,
    Kind.CITY: 0.5,
    Kind.STATE: 0.25,
    Kind.ZIP: 0.5,
}
_PLACES: Final = frozenset({Kind.STREET, Kind.CITY, Kind.STATE, Kind.ZIP})
_LOW: Final = 0.5  # a finding's score, at least: what is believed counts
_HIGH: Final = 0.95
_GAP: Final = re.compile(r"[ .'’,#/-]{0,2}")
_MOST_WORDS: Final = 8  # of one finding on each side
# The end of a sentence, but for titles, initials and short forms, or of a line.
_BREAK: Final = re.compile(r"(?<![ .][A-Z])(?<!Mrs)(?<!\b[DM]r)(?<!\b[SM][ts])[.!?;]\s+|\n")


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a recogniser takes a word of a segment for, and how sure it is, from 0 to 1. Offsets are into the segment.

    A word may be told several times, of several kinds.
    """

    start: int
    end: int
    kind: Kind
    score: float


class Recogniser(Protocol):
    """A model that reads short texts."""

    def recognise(self, segments: Sequence[str]) -> Sequence[Sequence[Recognised]]:
        """What it sees in each, in order. Segments have at most `LONGEST_SEGMENT` characters."""


@dataclass(frozen=True, slots=True)
class _Window:
    """Characters `start` to `end` of a passage, and the words in them that are asked about."""

    passage: int
    start: int
    end: int
    asked: Sequence[tuple[int, Asked]]


@dataclass(frozen=True, slots=True)
class _Read:
    """What the model says of the words of one window, by their numbers in the passage."""

    passage: Passage
    scores: Mapping[int, Mapping[Kind, float]]


class NamesRead:
    """The detector of layer 5."""

    name = "ner"
    layer = Layer.NER

    def __init__(self, recogniser: Recogniser, tables: Tables) -> None:
        self._recogniser, self._unexplained = recogniser, Unexplained(tables)

    def find(self, passage: Passage) -> Sequence[Finding]:
        """What the model reads in one passage."""
        return self.find_all([passage])[0]

    def find_all(self, passages: Sequence[Passage]) -> Sequence[Sequence[Finding]]:
        """What it reads in each of many: their windows go to the model together."""
        found: list[list[Finding]] = [[] for _ in passages]
        windows = [window for at, passage in enumerate(passages) for window in self._windows(at, passage)]
        if not windows:
            return found
        read = self._recogniser.recognise([passages[w.passage].text[w.start : w.end] for w in windows])
        for window, recognised in zip(windows, read, strict=True):
            passage = passages[window.passage]
            scores = _scores(passage, window, recognised)
            found[window.passage] += self._findings(_Read(passage, scores), window.asked)
        return found

    def _windows(self, number: int, passage: Passage) -> Iterator[_Window]:
        """Around the words asked about; those that overlap are one, as long as it isn't too long."""
        start = end = 0
        asked: list[tuple[int, Asked]] = []
        for at, how in self._unexplained.among(passage):
            first, last = _around(passage.text, passage.tokens[at])
            if asked and first <= end and last - start <= LONGEST_SEGMENT:
                end = max(end, last)
            else:
                if asked:
                    yield _Window(number, start, end, asked)
                start, end, asked = first, last, []
            asked.append((at, how))
        if asked:
            yield _Window(number, start, end, asked)

    def _findings(self, read: _Read, asked: Sequence[tuple[int, Asked]]) -> Iterator[Finding]:
        done = -1
        for at, how in asked:
            if at <= done:
                continue
            kind, score = _believed(read.scores.get(at, {}), how)
            if kind is None:
                continue
            first, done = self._beside(read, at, kind, -1), self._beside(read, at, kind, 1)
            tokens = read.passage.tokens
            score = min(max(score, _LOW), _HIGH)
            last = tokens[done]
            end = last.end - 2 if kind is Kind.NAME and last.text[-2:].lower() in ("'s", "’s") else last.end
            yield Finding(tokens[first].start, end, _LABELS[kind], score, "ner: read by the model")

    def _beside(self, read: _Read, at: int, kind: Kind, step: int) -> int:
        """The last word in one direction that the model takes for part of the same."""
        tokens, text = read.passage.tokens, read.passage.text
        kinds = _PLACES if kind in _PLACES else {kind}
        for _ in range(_MOST_WORDS):
            beside = at + step
            scores = read.scores.get(beside, {})
            if not any(scores.get(each, 0.0) >= _BESIDE[each] for each in kinds):
                break
            gap = (
                text[tokens[at].end : tokens[beside].start] if step > 0 else text[tokens[beside].end : tokens[at].start]
            )
            covered = read.passage.covered(tokens[beside].start, tokens[beside].end)
            if (
                covered
                or not _GAP.fullmatch(gap)
                or (kind is Kind.NAME and not self._unexplained.may_go_on(tokens[beside]))
            ):
                break
            at = beside
        return at


def _around(text: str, token: Token) -> tuple[int, int]:
    """The window around a word: within its sentence and line, at the edges of words."""
    low, high = max(0, token.start - AROUND), min(len(text), token.end + AROUND, token.start + LONGEST_SEGMENT)
    start = max((m.end() for m in _BREAK.finditer(text, low, token.start)), default=low)
    broken = _BREAK.search(text, token.end, high)
    end = broken.start() + 1 if broken is not None else high
    if start == low and low > 0 and text[low - 1].isalnum():
        space = text.find(" ", low, token.start)
        start = space + 1 if space >= 0 else token.start
    if broken is None and high < len(text) and text[high].isalnum():
        space = text.rfind(" ", token.end, high)
        end = space if space >= 0 else max(token.end if token.end <= high else high, token.start + 1)
    return (start, end) if end - start <= LONGEST_SEGMENT else (token.start, token.start + LONGEST_SEGMENT)


def _scores(passage: Passage, window: _Window, recognised: Sequence[Recognised]) -> Mapping[int, Mapping[Kind, float]]:
    """For each word of the window the mean of what its pieces are taken for, by their length."""
    scores: dict[int, dict[Kind, float]] = {}
    tokens = passage.tokens
    for each in recognised:
        start, end = window.start + each.start, window.start + each.end
        at = max(bisect_right(tokens, start, key=_start_of) - 1, 0)
        for inside in range(at, len(tokens)):
            token = tokens[inside]
            if token.start >= end:
                break
            share = (min(end, token.end) - max(start, token.start)) / (token.end - token.start)
            if share > 0:
                kinds = scores.setdefault(inside, {})
                kinds[each.kind] = kinds.get(each.kind, 0.0) + share * each.score
    return scores


def _start_of(token: Token) -> int:
    return token.start


def _believed(scores: Mapping[Kind, float], how: Asked) -> tuple[Kind | None, float]:
    """What a word that was asked about is, and how sure that is."""
    among = {kind: scores.get(kind, 0.0) for kind in _LEAST}
    best = max(among, key=lambda kind: among[kind])
    together = sum(among.values())
    if how is Asked.STRANGE:
        return (best, together) if together >= _SURE else (None, 0.0)
    return (best, together) if among[best] >= _LEAST[best] or together >= _TOGETHER else (None, 0.0)

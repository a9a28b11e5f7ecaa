"""Names and places that no list has and no grammar tells (layer 5): a small language model reads what is left over.

Only segments that still hold an unexplained word are given to it; what it says is snapped to whole words, and what
medicine calls so (eponyms, drugs) isn't a finding. The model itself is handed in: `app/recogniser.py` loads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.passage import Layer, Passage, Token

LONGEST_SEGMENT: Final = 400  # characters: what the model was made for fits, whatever the script

_NAME, _STREET, _CITY = Label("phi.name"), Label("phi.address.street"), Label("phi.address.city")
_LABELS: Final[Mapping[str, tuple[Label, float]]] = {  # and the score from which the model is believed
    "GIVEN_NAME": (_NAME, 0.5),
    "SURNAME": (_NAME, 0.5),
    "BUILDING_NUMBER": (_STREET, 0.6),
    "STREET_NAME": (_STREET, 0.6),
    "SECONDARY_ADDRESS": (_STREET, 0.7),
    "CITY": (_CITY, 0.6),
    "STATE": (Label("quasi.state"), 0.7),
    "ZIP_CODE": (Label("phi.address.zip"), 0.8),
}
_BREAK = re.compile(r"\n\s*|(?<=[.!?;])\s+(?=\S)")
_ROMAN = frozenset("i ii iii iv v vi vii viii ix x".split())  # noqa: SIM905  stages and types, no initials


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a recogniser saw in a segment, in offsets into it. `kind` is one of its own words, such as GIVEN_NAME."""

    start: int
    end: int
    kind: str
    score: float


class Recogniser(Protocol):
    """A model that reads short texts."""

    def recognise(self, segments: Sequence[str]) -> Sequence[Sequence[Recognised]]:
        """What it sees in each, in order. Segments have at most `LONGEST_SEGMENT` characters."""


Veto = Callable[[Passage, int, int], bool]
"""Whether the words from one offset to another are medicine's, and nobody's name."""


def _no_veto(passage: Passage, start: int, end: int) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class NamesRead:
    """The detector of layer 5."""

    recogniser: Recogniser
    tables: Tables
    veto: Veto = _no_veto

    @property
    def name(self) -> str:
        """For reports and switches."""
        return "ner"

    @property
    def layer(self) -> Layer:
        """After names and places that lists and grammar tell."""
        return Layer.NER

    def find(self, passage: Passage) -> Sequence[Finding]:
        """What the model reads in one passage."""
        return self.find_all([passage])[0]

    def find_all(self, passages: Sequence[Passage]) -> Sequence[Sequence[Finding]]:
        """What it reads in each of many: their segments go to the model together."""
        asked = [(at, s, e) for at, passage in enumerate(passages) for s, e in self._asked(passage)]
        found: list[list[Finding]] = [[] for _ in passages]
        read = self.recogniser.recognise([passages[at].text[s:e] for at, s, e in asked])
        for (at, start, _), recognised in zip(asked, read, strict=True):
            found[at] += self._findings(passages[at], start, recognised)
        return found

    def _asked(self, passage: Passage) -> Iterator[tuple[int, int]]:
        """The segments with something unexplained in them."""
        unexplained = self._unexplained(passage)
        if not unexplained:
            return
        at = 0
        for start, end in _segments(passage.text):
            while at < len(unexplained) and unexplained[at] < start:
                at += 1
            if at < len(unexplained) and unexplained[at] < end:
                yield start, end

    def _unexplained(self, passage: Passage) -> Sequence[int]:
        """Where words begin that may be a name and that no finding covers."""
        text = passage.text
        covered = bytearray(len(text))
        for finding in passage.findings:
            covered[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
        mixed = not text.islower()
        return [
            token.start
            for token in passage.tokens
            if not covered[token.start] and self._may_be_a_name(token, mixed) and not self._vetoed(passage, token)
        ]

    def _vetoed(self, passage: Passage, token: Token) -> bool:
        return self.veto(passage, token.start, token.end)

    def _may_be_a_name(self, token: Token, mixed: bool) -> bool:
        word, tables = token.text, self.tables
        if len(word) < 2 or not word[0].isalpha():
            return False
        lower = word.lower()
        known = lower in tables.ordinary or lower in tables.foreign
        if word[0].isupper():
            if word.isupper() and len(word) <= 5 and lower not in tables.given and lower not in tables.surnames:
                return False  # an abbreviation
            return not known or lower in tables.given or lower in tables.cities
        if known:
            return False
        listed = lower in tables.given or lower in tables.cities or tables.surnames.get(lower, 0) >= 20
        return listed or (not mixed and lower not in tables.words and len(word) > 3)

    def _findings(self, passage: Passage, offset: int, recognised: Sequence[Recognised]) -> Iterator[Finding]:
        for each in recognised:
            label, least = _LABELS.get(each.kind, (None, 1.0))
            if label is None or each.score < least:
                continue
            start, end = _snapped(passage.text, offset + each.start, offset + each.end)
            if start >= end or self._is_no_name(passage, start, end, label) or self.veto(passage, start, end):
                continue
            yield Finding(start, end, label, min(each.score, 0.95), "ner: read by the model")

    def _is_no_name(self, passage: Passage, start: int, end: int, label: Label) -> bool:
        """Words that the model takes for names now and then."""
        text = passage.text[start:end].lower()
        if text in _ROMAN or (label == _NAME and not any(c.isalpha() for c in text)):
            return True
        common = text in self.tables.ordinary and text not in self.tables.given
        return common and label in (_NAME, _CITY) and passage.text[start].islower()


def _segments(text: str) -> Iterator[tuple[int, int]]:
    """Sentences and lines, cut at a space where one is longer than `LONGEST_SEGMENT`; short neighbours on one line
    aren't joined: a model that reads less is quicker, and a sentence is what it was taught on."""
    start = 0
    for match in (*_BREAK.finditer(text), None):
        end = match.start() if match is not None else len(text)
        while end - start > LONGEST_SEGMENT:
            cut = text.rfind(" ", start + LONGEST_SEGMENT // 2, start + LONGEST_SEGMENT)
            cut = cut if cut > 0 else start + LONGEST_SEGMENT
            yield start, cut
            start = cut
        if end > start:
            yield start, end
        start = match.end() if match is not None else end


def _snapped(text: str, start: int, end: int) -> tuple[int, int]:
    """The whole words that the characters belong to."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return start, end

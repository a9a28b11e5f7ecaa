"""How well findings cover what is marked in texts: by character, whatever the label, as a masker sees it.

The rules are those of the development sets' own scorer: characters that aren't white space count; where a text's marked
kind is one that isn't asked for (ages, titles, organisations, nationalities), it is neither rewarded nor punished.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from testkit.made_up.marked import Marked, Span

NOT_ASKED = frozenset({"ORG", "ORGANIZATION", "COMPANY", "TITLE", "PREFIX", "NRP", "NATIONALITY", "RELIGION", "AGE"})


@dataclass
class Score:
    """Characters hit, missed and hit in vain; texts."""

    hit: int = 0
    missed: int = 0
    vain: int = 0
    texts: int = 0
    whole: int = 0
    """Texts with identifiers of which nothing is left."""
    clean: int = 0
    clean_hit: int = 0
    """Texts without any, and those in which something was found all the same."""
    marked: Counter[str] = field(default_factory=Counter)
    masked: Counter[str] = field(default_factory=Counter)
    """Identifiers by the gold's label, and those of which no letter or digit is left."""

    @property
    def precision(self) -> float:
        """Of the characters found, those that were marked."""
        return self.hit / (self.hit + self.vain) if self.hit + self.vain else 0.0

    @property
    def recall(self) -> float:
        """Of the characters marked, those that were found."""
        return self.hit / (self.hit + self.missed) if self.hit + self.missed else 0.0

    @property
    def f2(self) -> float:
        """Their mean that weighs recall four times."""
        p, r = self.precision, self.recall
        return 5 * p * r / (4 * p + r) if p + r else 0.0

    def of_label(self, label: str) -> float:
        """Of the identifiers of one kind, those that are wholly masked."""
        return self.masked[label] / self.marked[label] if self.marked[label] else 0.0


def score(gold: Sequence[Marked], found: Sequence[Sequence[tuple[int, int]]]) -> Score:
    """`found`: for each text the spans, in order."""
    total = Score()
    for each, spans in zip(gold, found, strict=True):
        _add(total, each, spans)
    return total


def _add(total: Score, gold: Marked, spans: Sequence[tuple[int, int]]) -> None:
    counts = [not c.isspace() for c in gold.text]
    asked = [span for span in gold.spans if span.label.upper() not in NOT_ASKED]
    marked = _characters(((s.start, s.end) for s in asked), counts)
    ignored = _characters(((s.start, s.end) for s in gold.spans if s.label.upper() in NOT_ASKED), counts) - marked
    hit = _characters(spans, counts)
    total.hit += len(marked & hit)
    total.missed += len(marked - hit)
    total.vain += len(hit - marked - ignored)
    for span in asked:
        total.marked[span.label] += 1
        total.masked[span.label] += _left(gold, span, hit) == 0
    if asked:
        total.texts += 1
        total.whole += all(_left(gold, span, hit) == 0 for span in asked)
    else:
        total.clean += 1
        total.clean_hit += bool(hit - ignored)


def _left(gold: Marked, span: Span, hit: set[int]) -> int:
    return sum(gold.text[at].isalnum() and at not in hit for at in range(span.start, span.end))


def _characters(spans: Iterable[tuple[int, int]], counts: Sequence[bool]) -> set[int]:
    return {at for start, end in spans for at in range(start, min(end, len(counts))) if counts[at]}

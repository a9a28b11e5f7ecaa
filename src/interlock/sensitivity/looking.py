"""One look at texts: matched all together, judged, then shown to the detectors of later layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from interlock.model.finding import THRESHOLD, Finding
from interlock.sensitivity.matching import Match, Matcher
from interlock.sensitivity.passage import Passage, TextDetector
from interlock.sensitivity.structured import Judging, field_of

LONGEST_TELLING: Final = 128
"""Of a field's name, the characters that count."""


@runtime_checkable
class Gated(Protocol):
    """A detector of layers 3 to 6 that can tell quickly where it needn't look."""

    def may_find(self, text: str, telling: str) -> bool:
        """False when it is sure to find nothing in `text` without seeds; in a microsecond for a short one."""


class Quietness(Protocol):
    """Tells which texts need no look by detectors (`quiet.py`)."""

    def loud(self, texts: Sequence[str], telling: str = "") -> Mapping[int, bool]:
        """The numbers of those that need one, in a field of that name; for each whether its words don't."""


@runtime_checkable
class ManyAtOnce(Protocol):
    """A detector that does better with many passages at a time."""

    def find_all(self, passages: Sequence[Passage]) -> Sequence[Sequence[Finding]]:
        """For each passage what `find` gives."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look gave, by the texts' numbers; texts with nothing are absent."""

    findings: dict[int, list[Finding]]
    others: dict[int, list[Match]]
    """Matches of patterns that aren't the judging's, in characters."""


@dataclass(frozen=True, slots=True)
class Looking:
    """What looks. The matcher's first patterns are the judging's."""

    judging: Judging
    matcher: Matcher
    detectors: Sequence[TextDetector]
    quiet: Quietness | None = None

    def look(self, texts: Sequence[str], seeds: Sequence[str], telling: str) -> Looked:
        """Findings in normalised texts, overlaps and all. Raises what a detector raises."""
        others: dict[int, list[Match]] = {}
        passages: dict[int, Passage] = {}
        # The field's name is read as if it stood before the text: it tells as words there do.
        before = f"{telling[:LONGEST_TELLING]}: " if telling else ""
        field, shift, own = field_of(telling[:LONGEST_TELLING]), len(before), len(self.judging.patterns)
        for number, matches in self.matcher.matches(texts, before):
            if matches[-1].pattern >= own:  # those of one expression are together, in the expressions' order
                judged = [m for m in matches if m.pattern < own]
                other = _shifted(matches[len(judged) :], shift)
                if other:
                    others[number] = other
                matches = judged
            if matches:
                findings = self.judging.findings(before + texts[number], matches, field, shift)
                if findings:
                    passages[number] = Passage(texts[number], findings, seeds, telling)
        loud, worded = self._loud(texts, passages, seeds, telling) if self.detectors else ({}, {})
        for detector in self.detectors:
            # Some are led by words, and find nothing where all of these are ordinary, whatever figures say.
            _ask(detector, worded if getattr(detector, "by_words", False) else loud)
        passages |= {number: passage for number, passage in loud.items() if passage.findings}
        return Looked({n: p.findings for n, p in passages.items()}, others)

    def _loud(
        self, texts: Sequence[str], passages: Mapping[int, Passage], seeds: Sequence[str], telling: str
    ) -> tuple[dict[int, Passage], dict[int, Passage]]:
        """The texts that detectors are shown: those that aren't quiet; of these, those whose words aren't. Seeds may be
        anywhere."""
        if self.quiet is None or seeds:
            asked = dict.fromkeys((number for number, text in enumerate(texts) if text), False)
        else:
            asked = {number: words for number, words in self.quiet.loud(texts, telling).items() if texts[number]}
        loud = {number: passages.get(number) or Passage(texts[number], [], seeds, telling) for number in asked}
        return loud, {number: passage for number, passage in loud.items() if not asked[number]}


def _ask(detector: TextDetector, passages: Mapping[int, Passage]) -> None:
    """Adds what a detector finds to the passages that it may find something in."""
    asked = list(passages.values())
    if isinstance(detector, Gated):
        asked = [p for p in asked if p.seeds or detector.may_find(p.text, p.telling)]
    for passage, findings in zip(asked, _find_all(detector, asked), strict=True):
        passage.findings.extend(f for f in findings if f.score >= THRESHOLD and f.start < f.end)


def _find_all(detector: TextDetector, passages: Sequence[Passage]) -> Sequence[Sequence[Finding]]:
    if isinstance(detector, ManyAtOnce):
        return detector.find_all(passages)
    return [detector.find(passage) for passage in passages]


def _shifted(matches: Iterable[Match], shift: int) -> list[Match]:
    """Matches in a text behind what was put before it."""
    if not shift:
        return list(matches)
    return [Match(max(start - shift, 0), end - shift, number) for start, end, number in matches if end > shift]

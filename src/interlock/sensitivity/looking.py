"""One look at texts: matched all together, judged, then shown to the detectors of later layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
    quiet: Callable[[str, str], bool] | None = None
    """Of a text and the name of its field: whether no detector can find anything in it."""

    def look(self, texts: Sequence[str], seeds: Sequence[str], telling: str) -> Looked:
        """Findings in normalised texts, overlaps and all. Raises what a detector raises."""
        others: dict[int, list[Match]] = {}
        passages: dict[int, Passage] = {}
        # The field's name is read as if it stood before the text: it tells as words there do.
        before = f"{telling[:LONGEST_TELLING]}: " if telling else ""
        encoded = [(before + text).encode("utf-8", "surrogatepass") for text in texts]
        for number, matches in self.matcher.matches(encoded).items():
            passage = Passage(texts[number], [], seeds, telling)
            other = self._judge(passage, before, characters(matches, before + texts[number], encoded[number]))
            if other:
                others[number] = other
            if passage.findings:
                passages[number] = passage
        loud = self._loud(texts, passages, seeds, telling) if self.detectors else {}
        for detector in self.detectors:
            _ask(detector, loud)
        passages |= {number: passage for number, passage in loud.items() if passage.findings}
        return Looked({n: p.findings for n, p in passages.items()}, others)

    def _judge(self, passage: Passage, before: str, matches: Iterable[Match]) -> list[Match]:
        """Adds to the passage what matches amount to; gives those that aren't the judging's."""
        text, shift, others = before + passage.text, len(before), []
        field, own = field_of(passage.telling[:LONGEST_TELLING]), len(self.judging.patterns)
        for start, end, number in matches:
            if number >= own:
                if end > shift:
                    others.append(Match(max(start - shift, 0), end - shift, number))
                continue
            finding = self.judging.finding(number, text, start, end, field)
            if finding is not None and finding.end > shift:
                at = max(finding.start - shift, 0)
                passage.findings.append(replace(finding, start=at, end=finding.end - shift) if shift else finding)
        return others

    def _loud(
        self, texts: Sequence[str], passages: Mapping[int, Passage], seeds: Sequence[str], telling: str
    ) -> dict[int, Passage]:
        """The texts that detectors are shown: those that aren't quiet. Seeds may be anywhere."""
        quiet = None if seeds else self.quiet
        return {
            number: passages.get(number) or Passage(text, [], seeds, telling)
            for number, text in enumerate(texts)
            if text and (quiet is None or not quiet(text, telling))
        }


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


def characters(matches: Sequence[Match], text: str, encoded: bytes) -> Sequence[Match]:
    """Matches in bytes of `encoded` as matches in characters of `text`, whole ones where a byte within one matched."""
    if len(text) == len(encoded):
        return matches
    of: Mapping[int, int] = _places({m.start for m in matches} | {m.end for m in matches}, encoded)
    return [Match(of[m.start], of[m.end] + _within(encoded, m.end), m.pattern) for m in matches]


def _places(offsets: Iterable[int], encoded: bytes) -> Mapping[int, int]:
    """For each byte, how many characters end before it."""
    places: dict[int, int] = {}
    position = count = 0
    for offset in sorted(offsets):
        begins = offset - _within(encoded, offset)
        while begins > position and _within(encoded, begins):
            begins -= 1
        count += len(encoded[position:begins].decode("utf-8", "surrogatepass"))
        places[offset], position = count, begins
    return places


def _within(encoded: bytes, offset: int) -> int:
    """1 when the byte there goes on with a character that began before it."""
    return 1 if offset < len(encoded) and encoded[offset] & 0xC0 == 0x80 else 0

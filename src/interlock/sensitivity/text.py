"""The text engine: all layers over a text, and what they found settled into one list.

    TextEngine(structured, matcher, detectors).find("SSN 402-19-8877") -> (Finding(4, 15, "phi.ssn", ...),)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from interlock.model.finding import THRESHOLD, Finding
from interlock.model.label import Label
from interlock.sensitivity.matching import SEPARATOR, Matcher
from interlock.sensitivity.normal import Normal, normalise
from interlock.sensitivity.passage import Layer, Passage, TextDetector
from interlock.sensitivity.pattern import Pattern, Structured
from interlock.sensitivity.regime import Regime
from interlock.sensitivity.settling import settle
from interlock.sensitivity.structured import Judging, field_of

ALL_LAYERS: Final = frozenset(Layer)


class TextEngine:
    """Finds in texts. Pure but for `failed`, a count."""

    def __init__(
        self,
        structured: Sequence[Structured],
        matcher: Callable[[Sequence[Pattern]], Matcher],
        detectors: Sequence[TextDetector] = (),
        layers: frozenset[Layer] = ALL_LAYERS,
        regime: Regime = Regime.PHI,
    ) -> None:
        self._judging = Judging(structured)
        self._matcher = matcher(self._judging.patterns)
        self._detectors = sorted((d for d in detectors if d.layer in layers), key=lambda d: d.layer)
        self._layers, self._regime = layers, regime
        self.failed = 0

    def find(self, text: str, *, seeds: Sequence[str] = (), telling: str = "") -> tuple[Finding, ...]:
        """What is in `text`: sorted, none overlapping, with offsets into it."""
        normal = normalise(text) if Layer.NORMALISE in self._layers else Normal(text)
        try:
            found = self._look(normal.text, seeds, telling)
        except Exception:
            self.failed += 1
            return (Finding(0, len(text), Label("phi"), 1.0, "engine: a detector failed, so the whole text is taken"),)
        found = [normal.back(f) for f in settle(found)]
        return tuple(Finding(f.start, f.end, self._regime.name_of(f.label), f.score, f.why) for f in settle(found))

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
        """What is in each of the texts."""
        return [self.find(text, telling=telling) for text in texts]

    def _look(self, text: str, seeds: Sequence[str], telling: str) -> list[Finding]:
        passage = Passage(text, [], seeds, telling)
        if Layer.STRUCTURED in self._layers:
            data = b"".join((SEPARATOR, text.encode("utf-8", "surrogatepass"), SEPARATOR))
            for match in self._matcher.matches(data):
                start = len(data[3 : match.start].decode("utf-8", "replace"))
                end = start + len(data[match.start : match.end].decode("utf-8", "replace"))
                finding = self._judging.finding(match.pattern, text, start, end, field_of(telling))
                if finding is not None:
                    passage.findings.append(finding)
        for detector in self._detectors:
            passage.findings.extend(detector.find(passage))
        return [f for f in passage.findings if f.score >= THRESHOLD]

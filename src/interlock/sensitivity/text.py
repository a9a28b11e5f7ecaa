"""The text engine: all layers over texts, and what they found settled into one list a text.

    TextEngine(structured, matcher, detectors).find("SSN 402-19-8877") -> (Finding(4, 15, "phi.ssn", ...),)

Texts are normalised and looked at; then what is written in another way within them is looked at as texts of its own.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity import apart, decoded
from interlock.sensitivity.laid_out import laid_out
from interlock.sensitivity.looking import Looking, Quietness
from interlock.sensitivity.matching import Match, Matcher
from interlock.sensitivity.normal import Normal, normalise
from interlock.sensitivity.passage import Layer, TextDetector
from interlock.sensitivity.pattern import Pattern, Structured
from interlock.sensitivity.placed import Cell, told
from interlock.sensitivity.regime import Regime
from interlock.sensitivity.settling import UNREPORTED, settle
from interlock.sensitivity.structured import AROUND, Judging

ALL_LAYERS: Final = frozenset(Layer)


@dataclass(frozen=True, slots=True)
class _Beneath:
    """A text that another one says: either all of it, unescaped, or what stands for a run of it."""

    of: int
    view: Normal
    run: apart.Run | None = None
    within: tuple[int, int] = (0, 0)
    """Of a run's: which characters of `view` are what the run says; the others stand around it."""


class _Views(Sequence[Normal]):
    """Texts that are what they are normalised; a view is made of those that are asked for."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, number: int) -> Normal:  # type: ignore[override]
        return Normal(self._texts[number])


class TextEngine:
    """Finds in texts, for several threads at once if its detectors do. Pure but for `failed`. Never raises, whatever
    texts and detectors do."""

    def __init__(
        self,
        structured: Sequence[Structured],
        matcher: Callable[[Sequence[Pattern]], Matcher],
        detectors: Sequence[TextDetector] = (),
        layers: frozenset[Layer] = ALL_LAYERS,
        regime: Regime = Regime.PHI,
        quiet: Quietness | None = None,
    ) -> None:
        """`matcher` compiles the patterns. What isn't in `layers` doesn't look; findings are named under `regime`.
        `quiet` tells in which texts no detector can find anything (`quiet.py`)."""
        judging = Judging(structured if Layer.STRUCTURED in layers else ())
        self._patterns = (*judging.patterns, *(decoded.PATTERNS if Layer.NORMALISE in layers else ()))
        wanted = sorted((d for d in detectors if d.layer in layers), key=lambda d: d.layer)
        self._looking = Looking(judging, matcher(self._patterns), wanted, quiet)
        self._normalises, self._places, self._regime = Layer.NORMALISE in layers, Layer.COLUMN in layers, regime
        self.failed = 0
        """How many texts were taken whole because a detector raised."""

    def find(self, text: str, *, seeds: Sequence[str] = (), telling: str = "") -> tuple[Finding, ...]:
        """What is in `text`: sorted, none overlapping, with offsets into it. `seeds` are names known from elsewhere,
        `telling` is the name of the field that holds it."""
        return self._found([text], seeds, telling)[0]

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
        """What is in each of the texts, each looked at once however often it comes."""
        unique = list(dict.fromkeys(texts))
        found = self._found(unique, (), telling)
        if len(unique) == len(texts):
            return found
        of = dict(zip(unique, found, strict=True))
        return [of[text] for text in texts]

    def _found(self, texts: Sequence[str], seeds: Sequence[str], telling: str) -> list[tuple[Finding, ...]]:
        try:
            return self._look(texts, seeds, telling)
        except Exception:
            if len(texts) > 1:  # to know which of them it was
                return [self._found([text], seeds, telling)[0] for text in texts]
            self.failed += 1
            return [(Finding(0, len(texts[0]), WHOLE, 1.0, "engine: a detector failed, so the whole text is taken"),)]

    def _look(self, texts: Sequence[str], seeds: Sequence[str], telling: str) -> list[tuple[Finding, ...]]:
        # One look at all of them together is quicker than one at each.
        views = _Views(texts) if not self._normalises or "".join(texts).isascii() else [normalise(t) for t in texts]
        normal = texts if isinstance(views, _Views) else [view.text for view in views]
        looked = self._looking.look(normal, seeds, telling)
        beneath = list(self._beneath(looked.others, views))
        if self._normalises:
            beneath += self._laid_out(normal, looked.findings)
            if not isinstance(views, _Views):
                beneath += [
                    _of_run(number, views[number].text, run)
                    for number, text in enumerate(texts)
                    if "\u202e" in text
                    for run in apart.backwards(text, views[number])
                ]
        if beneath:
            deeper = self._looking.look([each.view.text for each in beneath], seeds, telling)
            for number, findings in deeper.findings.items():
                each = beneath[number]
                looked.findings.setdefault(each.of, []).extend(_above(each, findings))
        settled: list[tuple[Finding, ...]] = [()] * len(texts)
        for number, findings in looked.findings.items():
            view = views[number]
            found = [f for f in settle(findings, view.text) if f.start < f.end and f.why != UNREPORTED]
            if view.starts:
                found = [view.back(f) for f in found]
            settled[number] = tuple(map(self._named, found) if self._regime is not Regime.PHI else found)
        return settled

    def _beneath(self, others: Mapping[int, Iterable[Match]], views: Sequence[Normal]) -> Iterator[_Beneath]:
        """What is written in another way in the texts of these views."""
        for number, matches in others.items():
            text, escapes = views[number].text, False
            for match in matches:
                pattern = self._patterns[match.pattern]
                if pattern is decoded.ESCAPES:
                    escapes = True
                    continue
                for run in decoded.runs(pattern, text, match.start, match.end):
                    yield _of_run(number, text, run)
            view = decoded.unescaped(text) if escapes else None
            if view is not None and view.text != text:
                yield _Beneath(number, view)
                again = decoded.unescaped(view.text)  # a second level: an address in an address, JSON in JSON
                if again is not None and again.text != view.text:
                    yield _Beneath(number, again.after(view))

    def _laid_out(self, texts: Sequence[str], found: dict[int, list[Finding]]) -> Iterator[_Beneath]:
        """The cells of these texts: what their places tell is added to what was found, the others are looked into."""
        for number, text in enumerate(texts):
            for cell in laid_out(text):
                whole = told(cell, text) if self._places else None
                if whole is not None:
                    found.setdefault(number, []).append(whole)
                elif cell.head:
                    yield _of_cell(number, cell, text)

    def _named(self, finding: Finding) -> Finding:
        label = self._regime.name_of(finding.label)
        return finding if label == finding.label else replace(finding, label=label)


WHOLE: Final = Label("phi")
"""What a text is taken for that couldn't be looked into: anything."""


def _of_run(number: int, text: str, run: apart.Run) -> _Beneath:
    """What a run says, with what stands around it: the context counts."""
    before, after = text[max(0, run.start - AROUND) : run.start], text[run.end : run.end + AROUND]
    says = normalise(run.says).text
    return _Beneath(number, Normal(f"{before}{says}{after}"), run, (len(before), len(before) + len(says)))


def _of_cell(number: int, cell: Cell, text: str) -> _Beneath:
    """A cell with its head before it. What is found in the head alone is found at no characters."""
    said = f"{cell.head}: "
    starts = array("q", [cell.start] * len(said))
    ends = array("q", starts)
    starts.extend(range(cell.start, cell.end))
    ends.extend(range(cell.start + 1, cell.end + 1))
    return _Beneath(number, Normal(said + text[cell.start : cell.end], starts, ends))


def _above(each: _Beneath, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings in what lies beneath as findings in the text above it: a run is found as a whole."""
    if each.run is None:
        yield from (found for found in map(each.view.back, findings) if found.start < found.end)
        return
    first, last = each.within
    inside = [f for f in findings if f.start < last and first < f.end]
    if inside:
        best = max(inside, key=lambda f: (f.score, f.end - f.start))
        yield replace(best, start=each.run.start, end=each.run.end, why=f"{best.why}; in a run that says it")

"""From a match to a finding (layer 2): what stands beside it, what a closer look says, which words are near."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from interlock.model.finding import THRESHOLD, Finding
from interlock.sensitivity.matching import Match
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured

AROUND: Final = 48
"""How many characters before and after a match a judge may see."""
NEAR: Final = 40
"""How near a context word must stand, in characters."""
SURE: Final = 0.95
"""From this score on, context isn't looked for."""
CONTEXT: Final = 0.35
"""What a context word adds to a score."""


@dataclass(frozen=True, slots=True)
class Field:
    """The name of the column, key or field that holds a text."""

    telling: str
    """In lower case, as it is written."""
    words: str
    """Its words with spaces between: `patientSSN_last` gives ` patient ssn last `."""


@lru_cache(maxsize=4096)
def field_of(telling: str) -> Field:
    """The name `telling`, taken apart."""
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])|[^0-9A-Za-z]+", " ", telling[:256])
    return Field(telling.lower(), f" {parts.strip().lower()} ")


class _Kind:
    """One pattern, with what of it is needed for each match."""

    __slots__ = ("context", "judge", "label", "name", "part", "phrases", "score")

    def __init__(self, pattern: Pattern) -> None:
        self.name, self.label, self.score, self.judge = pattern.name, pattern.label, pattern.score, pattern.judge
        self.part = _PARTS[pattern.beside]
        self.context = _context(pattern.context)
        self.phrases: dict[bytes, list[str]] = {}
        """The context's phrases by their first words: where none of these is, no phrase is."""
        for phrase in sorted(pattern.context):
            self.phrases.setdefault(next(iter(_words(phrase)), b""), []).append(phrase)


_PARTS: Final[Mapping[Beside, Callable[[str], bool] | None]] = {
    Beside.NOTHING: None,
    Beside.DIGIT: str.isdigit,
    Beside.WORD: str.isalnum,
}
_LETTERS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789")
_NO_LETTERS: Final = bytes(code if code in _LETTERS else 32 for code in range(256))


class Judging:
    """The patterns of all structured detectors, numbered as the matcher numbers them."""

    __slots__ = ("_kinds", "patterns")

    def __init__(self, structured: Sequence[Structured]) -> None:
        self.patterns: Sequence[Pattern] = tuple(p for each in structured for p in each.patterns)
        self._kinds = [_Kind(p) for p in self.patterns]

    def findings(self, text: str, matches: Iterable[Match], field: Field, shift: int = 0) -> list[Finding]:
        """What matches in `text` amount to. `shift`: its first characters aren't the text's own, and neither is what is
        found in them; offsets count from behind them. Raises what a judge raises."""
        kinds, plain, telling = self._kinds, text.isascii(), field.telling
        lower = text.lower() if plain else ""  # character for character, which beyond ASCII isn't certain
        words: frozenset[bytes] | None = None
        found: list[Finding] = []
        for start, end, number in matches:
            kind = kinds[number]
            if not plain and kind.part is not None and not _stands_alone(kind.part, text, start, end):
                continue
            first = start - AROUND if start > AROUND else 0
            if plain:
                before, after = lower[first:start], lower[end : end + AROUND]
            else:
                before, after = text[first:start].lower(), text[end : end + AROUND].lower()
            score, why, cut, until = kind.score, "form", 0, None
            if kind.judge is not None:
                verdict = kind.judge(_made(Candidate, (text[start:end], before, after, telling)))
                if verdict is None:
                    continue
                score, why, cut, until = verdict
            if score < SURE and kind.context is not None:
                if words is None:
                    words = frozenset((b"", *_words(lower or text.lower())))
                told = words.intersection(kind.phrases)  # over the phrases, which are fewer
                if (told and _near(kind.phrases, told, before, after)) or (telling and _tells(kind.context, field)):
                    score, why = min(1.0, score + CONTEXT), why + ", context"
            if score < THRESHOLD:
                continue
            last = end if until is None or start + until > end else start + until
            if last > shift:
                begin = min(start + cut, last - 1)
                found.append(Finding(max(begin - shift, 0), last - shift, kind.label, score, f"{kind.name}: {why}"))
        return found


_made: Final = tuple.__new__  # of a named tuple, twice as quick as its own name


def _words(lower: str) -> list[bytes]:
    """The runs of letters and digits of ASCII in a text in lower case, in order."""
    return lower.encode("utf-8", "surrogatepass").translate(_NO_LETTERS).split()


def _near(phrases: Mapping[bytes, Sequence[str]], told: Iterable[bytes], before: str, after: str) -> bool:
    """Whether one of the phrases that begin with these words stands there, by itself."""
    near = f" {before[-NEAR:]} {after[:NEAR]} "
    for word in told:
        for phrase in phrases[word]:
            at = near.find(phrase)
            while at >= 0:
                if near[at - 1] not in _SIGNS_OF_WORDS and near[at + len(phrase)] not in _SIGNS_OF_WORDS:
                    return True
                at = near.find(phrase, at + 1)
    return False


_SIGNS_OF_WORDS: Final = frozenset(map(chr, _LETTERS))


@lru_cache(maxsize=4096)
def _tells(context: re.Pattern[str], field: Field) -> bool:
    return (context.search(field.words) or context.search(field.telling)) is not None


def _stands_alone(part: Callable[[str], bool], text: str, start: int, end: int) -> bool:
    """Whether neither neighbour makes the match part of something longer. Of ASCII the expression saw to that."""
    return not ((start > 0 and part(text[start - 1])) or (end < len(text) and part(text[end])))


def _context(words: frozenset[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    longest_first = sorted(words, key=lambda w: (-len(w), w))
    either = "|".join(re.escape(w) for w in longest_first)
    return re.compile(rf"(?<![a-z0-9])(?:{either})(?![a-z0-9])")

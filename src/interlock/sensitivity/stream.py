"""Findings of a text that comes in parts: what is certain is released, what could still become something is held.

Nothing is decided by where the parts are cut: the text is looked at in steps of its own, each with what was released
last before it and `HELD` characters behind it. A finding that reaches the end of what is known holds everything from
its beginning until its own end is known, or `LONGEST` characters are: then it is released as one that goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.normal import normalise

STEP: Final = 256
"""Characters that are settled at once."""
HELD: Final = 256
"""Characters behind them that must be known: the most that is held back where nothing is found."""
BEFORE: Final = 512
"""Characters before them that are looked at again, for what they tell."""
LONGEST: Final = 1 << 16
"""Characters of one finding that are waited for."""

_END = re.compile(r"\n|[.!?;]\s|\s(?=\S)")


@dataclass(frozen=True, slots=True)
class Released:
    """A stretch of the text in which everything is found that there is."""

    text: str
    findings: tuple[Finding, ...]
    """With offsets into `text`."""


class TextStream:
    """One text on its way. `find` is the engine's, with what it should know of the text already given.

    The caller feeds parts and may show each release at once, masked; `finish` ends the text.
    """

    def __init__(self, find: Callable[[str], Sequence[Finding]]) -> None:
        self._find = find
        self._before, self._waiting = "", ""
        self._wanted = STEP + HELD
        self._open: Finding | None = None

    def feed(self, part: str) -> Released:
        """Takes a part; gives what it settles, which may be nothing."""
        self._waiting += part
        done: list[Released] = []
        at = 0
        while len(self._waiting) - at >= self._wanted:
            released = self._settle(self._waiting[at : at + self._wanted])
            at += len(released.text)
            done.append(released)
        self._waiting = self._waiting[at:]
        return _together(done)

    def finish(self) -> Released:
        """Gives the rest; the stream begins anew."""
        text = self._waiting
        findings = self._findings(text)
        self._before, self._waiting, self._wanted, self._open = "", "", STEP + HELD, None
        return Released(text, findings)

    def _settle(self, text: str) -> Released:
        """The first of `text`, which is all that is known, up to where nothing is open. Nothing, and more is wanted,
        where a finding is open from its beginning."""
        if _hides(text) and _seen(text) < STEP + HELD:
            return self._stretched(text)
        findings = self._findings(text)
        cut = _cut(text)
        for finding in reversed(findings):
            if finding.start < cut and finding.end > len(text) - HELD:
                cut = finding.start
            elif finding.start < cut < finding.end:
                cut = finding.end
        if cut == 0 and len(text) < LONGEST:
            self._wanted = len(text) * 2
            return Released("", ())
        self._open = None
        if cut == 0:
            cut = len(text) - HELD
            self._open = next(f for f in findings if f.start == 0)
        self._wanted = STEP + HELD
        self._before = (self._before + text[:cut])[-BEFORE:]
        return Released(text[:cut], tuple(replace(f, end=min(f.end, cut)) for f in findings if f.start < cut))

    def _stretched(self, text: str) -> Released:
        """A value may be stretched by what can't be seen: more is wanted. So much of it is no text of anybody's."""
        if len(text) < LONGEST:
            self._wanted = len(text) * 2
            return Released("", ())
        self._wanted, self._open = STEP + HELD, None
        self._before = text[-BEFORE:]
        return Released(text, (Finding(0, len(text), Label("phi"), 1.0, _HIDDEN),))

    def _findings(self, text: str) -> tuple[Finding, ...]:
        """Findings in `text`, given what was released before it. What goes on from there is found."""
        shift = len(self._before)
        found = [
            replace(f, start=max(f.start - shift, 0), end=f.end - shift)
            for f in self._find(self._before + text)
            if f.end > shift
        ]
        if self._open is not None and text and (not found or found[0].start > 0):
            goes_on = re.match(r"\S*", text)
            end = max(1, goes_on.end() if goes_on else 1)
            end = min(end, found[0].start) if found else end
            found.insert(0, replace(self._open, start=0, end=end))
        return tuple(found)


def _hides(text: str) -> bool:
    """Whether there may be characters in it that can't be seen."""
    return not text.isascii() or _CONTROL.search(text) is not None


def _seen(text: str) -> int:
    """How many characters of it can be seen."""
    return len(_CONTROL.sub("", normalise(text).text))


_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_HIDDEN: Final = "stream: made of characters that can't be seen"


def _cut(text: str) -> int:
    """The last end of a line, sentence or word within the first step, or the step's end."""
    ends = [m.end() for m in _END.finditer(text, STEP // 2, STEP)]
    return ends[-1] if ends else STEP


def _together(done: Sequence[Released]) -> Released:
    findings: list[Finding] = []
    at = 0
    for each in done:
        findings += (replace(f, start=f.start + at, end=f.end + at) for f in each.findings)
        at += len(each.text)
    return Released("".join(each.text for each in done), tuple(findings))

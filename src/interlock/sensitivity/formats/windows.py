"""Texts too long for one look, and texts that come in parts: looked at in windows, released where nothing is open.

Each window begins with what was released last, so that nothing is looked at without what stands before it, and ends
with what isn't released yet, so that nothing is cut in two. Memory is a few windows, time is proportional to length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from interlock.model.finding import Finding
from interlock.model.label import Label

WINDOW: Final = 256 << 10  # characters looked at in one go
HELD: Final = 16 << 10  # characters behind a cut that its left side has seen: longer than any value of ours
BEFORE: Final = 1 << 10  # characters before a cut that its right side sees
MOST_SEEDS: Final = 200  # names carried from window to window

_UNPAIRED: Final = re.compile("[\ud800-\udfff]")
_BREAK: Final = re.compile(r"\s")

Look = Callable[[str, Sequence[str]], Sequence[Finding]]
"""Findings of a text, given names known from before."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A stretch of the text that is done. `start` counts from the text's beginning; findings from that of `text`."""

    start: int
    text: str
    findings: tuple[Finding, ...]


class Windows:
    """Takes a text in parts of any size; gives it back in stretches that no finding crosses unless it is longer than a
    window, where it is cut and both sides are findings."""

    def __init__(self, look: Look, *, window: int = WINDOW, held: int = HELD, before: int = BEFORE) -> None:
        self._look, self._window, self._held, self._before = look, window, held, before
        self._waiting: list[str] = []
        self._size = 0
        self._left = ""  # already released; seen again
        self._start = 0
        self._owed: list[Finding] = []  # the rest of findings that were cut, from the next stretch's beginning
        self._seeds: dict[str, None] = {}
        self.undecodable = 0  # lines that held bytes of no character, and became findings whole

    def feed(self, part: str) -> Iterator[Settled]:
        """Takes a part; gives what it settles."""
        self._waiting.append(part)
        self._size += len(part)
        if self._size < self._window + self._held:
            return
        text, at = "".join(self._waiting), 0
        while len(text) - at >= self._window + self._held:
            done = self._settle(text[at : at + self._window + self._held], last=False)
            at += len(done.text)
            yield done
        self._waiting, self._size = [text[at:]], len(text) - at

    def finish(self) -> Iterator[Settled]:
        """Gives the rest."""
        text = "".join(self._waiting)
        self._waiting, self._size = [], 0
        if text:
            yield self._settle(text, last=True)

    def _settle(self, text: str, *, last: bool) -> Settled:
        shift = len(self._left)
        found = [
            replace(f, start=max(f.start - shift, 0), end=f.end - shift)
            for f in self._look(clean(self._left + text), tuple(self._seeds))
            if f.end > shift
        ]
        found = joined([*found, *self._owed, *self._unread(text)])
        cut = len(text) if last else self._cut(text, found)
        self._owed = [replace(f, start=max(f.start - cut, 0), end=f.end - cut) for f in found if f.end > cut > f.start]
        mine = tuple(replace(f, end=min(f.end, cut)) for f in found if f.start < cut)
        self._remember(text, mine)
        start, self._start = self._start, self._start + cut
        self._left = (self._left + text[:cut])[-self._before :]
        return Settled(start, text[:cut], mine)

    def _cut(self, text: str, found: Sequence[Finding]) -> int:
        """Where to release up to: `_held` before the end, earlier for a finding or a word that reaches over it."""
        cut = len(text) - self._held
        lowest = max(cut - self._held, 1)
        for at in range(cut, lowest, -1):
            if _BREAK.match(text[at - 1]):
                cut = at
                break
        for finding in reversed(found):
            if finding.start < cut < finding.end and finding.start > 0:
                cut = finding.start
        return cut

    def _unread(self, text: str) -> list[Finding]:
        """The lines that hold bytes of no character: whatever they are, they aren't shown."""
        found: list[Finding] = []
        at = 0
        while (match := _UNPAIRED.search(text, at)) is not None:
            start = text.rfind("\n", 0, match.start()) + 1
            end = text.find("\n", match.start())
            at = end if end >= 0 else len(text)
            found.append(whole(text[start:at], start))
            self.undecodable += 1
        return found

    def _remember(self, text: str, found: Sequence[Finding]) -> None:
        for finding in found:
            if finding.label.startswith(("phi.name", "pii.name")) and len(self._seeds) < MOST_SEEDS:
                self._seeds[text[finding.start : finding.end]] = None


def clean(text: str) -> str:
    """The text with bytes of no character replaced by U+FFFD, so that any engine takes it; offsets stay."""
    return text if text.isascii() else _UNPAIRED.sub("�", text)


def undecodable(text: str) -> bool:
    """Whether it holds bytes of no character, or half of a pair of UTF-16."""
    return not text.isascii() and _UNPAIRED.search(text) is not None


def whole(text: str, start: int = 0, why: str = "bytes of no character: not looked into, hidden") -> Finding:
    """The finding that is all of a text: what can't be judged isn't shown."""
    return Finding(start, start + len(text), Label("phi"), 1.0, why)


def joined(found: Sequence[Finding]) -> list[Finding]:
    """Sorted; those that overlap become one, under the label of the longest."""
    out: list[Finding] = []
    for finding in sorted(found):
        if finding.start >= finding.end:
            continue
        if out and finding.start < out[-1].end:
            last = out[-1]
            longer = max(last, finding, key=lambda f: f.end - f.start)
            out[-1] = replace(longer, start=last.start, end=max(last.end, finding.end))
        else:
            out.append(finding)
    return out

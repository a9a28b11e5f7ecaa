"""Matching: where a set of expressions match in bytes, the same whichever library looks.

An expression's matches are its **maximal** ones: those that no longer or earlier match of the same expression contains.
That is what both libraries can tell: RE2 the longest match from a place on, hyperscan the leftmost beginning of each
end. What must not stand beside a match is part of what is looked for: a byte before and one behind, taken off again, so
`framed` puts a separator at both ends of a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from interlock.sensitivity.pattern import Beside, Pattern

SEPARATOR: Final = b"\n\x1e\n"
"""Between the texts of a buffer, and at both its ends. No expression worth writing crosses it; a match that does is
looked at again, text by text."""


class Match(NamedTuple):
    """Where expression number `pattern` matched, in bytes."""

    start: int
    end: int
    pattern: int


class Matcher(Protocol):
    """A set of expressions, compiled. Safe to use from several threads."""

    def matches(self, data: bytes) -> Sequence[Match]:
        """All maximal matches in `data`, sorted. `data` begins and ends with `SEPARATOR`. Raises nothing that the
        bytes could cause; its time grows with their length alone."""


_FRAMES: Final = {Beside.NOTHING: b"%s", Beside.DIGIT: b"[^0-9]%s[^0-9]", Beside.WORD: b"[^0-9A-Za-z]%s[^0-9A-Za-z]"}


def framed(pattern: Pattern) -> bytes:
    """The expression with what must stand beside it: a byte that isn't a digit, or a digit or letter of ASCII. That no
    other letter stands there is looked at afterwards."""
    return _FRAMES[pattern.beside] % b"".join((b"(?:", pattern.expression.encode(), b")"))


def frame_of(pattern: Pattern) -> int:
    """How many bytes `framed` takes in on each side."""
    return 0 if pattern.beside is Beside.NOTHING else 1


def maximal(found: Iterable[Match]) -> list[Match]:
    """Those that no other of the same expression contains, sorted."""
    kept: list[Match] = []
    reach: dict[int, int] = {}
    for match in sorted(set(found), key=lambda m: (m.start, -m.end)):
        if match.end > reach.get(match.pattern, -1):
            reach[match.pattern] = match.end
            kept.append(match)
    return kept

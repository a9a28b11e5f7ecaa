"""Matching: where a set of expressions match in texts, the same whichever library looks.

A **gate** tells which expressions match at all in each of many texts; where one does, RE2 tells the places. The gate is
hyperscan where it is installed (one pass over all texts joined, whose beginnings of matches aren't asked for: telling
them costs it a factor of ten), RE2's own set elsewhere. So the places can't differ, and the gates are tested to agree.

An expression's matches are its **maximal** ones: those that no longer or earlier match of the same expression contains.
What must not stand beside a match is part of what is looked for: a byte before and one behind, taken off again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import re2

from interlock.sensitivity.pattern import Beside, Pattern

SEPARATOR: Final = b"\n"
"""Stands before and behind a text, so that what must stand beside a match always can."""
MOST_WITHIN: Final = 32
"""How many matches in a row may lie within another before the search goes on behind that one: an open repeat that may
begin anywhere in a long run would take quadratic time."""
_MEMORY: Final = 256 << 20  # for an automaton, bytes; taken as needed


class Match(NamedTuple):
    """Where expression number `pattern` matched, in bytes of its text."""

    start: int
    end: int
    pattern: int


_Find = Callable[[Any, bytes, int, int], Sequence[tuple[int, int]]]


class Gate(Protocol):
    """Tells which expressions may match. Safe to use from several threads."""

    def named(self, texts: Sequence[bytes]) -> Mapping[int, Sequence[int]]:
        """For each text in which something matches, by its number: the numbers of the expressions that match in it, in
        order. One too many does no harm. Raises nothing that the bytes could cause; its time grows with their length
        alone."""


class Matcher:
    """A set of expressions, compiled. Raises `re2.error` when RE2 doesn't know one of them."""

    __slots__ = ("_expressions", "_frames", "gate")

    def __init__(self, patterns: Sequence[Pattern], gate: Gate) -> None:
        self.gate = gate
        self._expressions = [_finder(p) for p in patterns]
        self._frames = [frame_of(p) for p in patterns]

    def matches(self, texts: Sequence[bytes]) -> Mapping[int, Sequence[Match]]:
        """The maximal matches in each text that has any, by the text's number, those of one expression together."""
        found: dict[int, Sequence[Match]] = {}
        for number, named in self.gate.named(texts).items():
            data = b"".join((SEPARATOR, texts[number], SEPARATOR))
            matches = [m for pattern in named for m in self._search(pattern, data)]
            if matches:
                found[number] = matches
        return found

    def _search(self, number: int, data: bytes) -> Iterator[Match]:
        find, frame, size = self._expressions[number], self._frames[number], len(data)
        position, reach, within = 0, -1, 0
        while position < size:
            start, end = find(_ANYWHERE, data, position, size)[0]
            if start < 0:
                return
            if end > reach:
                reach, within = end, 0
                # Without the frame, and without the separator that stands before the text or behind it.
                first, last = max(start + frame, 1), min(end - frame, size - 1)
                if first < last:
                    yield Match(first - 1, last - 1, number)
            else:
                within += 1
            position = start + 1 if within < MOST_WITHIN else max(start + 1, reach - 2 * frame)


# What the wheel's `search` calls for bytes; `search` itself spends three times as long on objects around it.
_ANYWHERE: Final = re2._Anchor.UNANCHORED


def _finder(pattern: Pattern) -> _Find:
    """RE2's own function for a pattern: (anchor, bytes, from, to) -> spans, the first (-1, -1) for no match."""
    found: _Find = re2.compile(framed(pattern), options(pattern.ignore_case))._regexp.Match
    return found


class SetGate:
    """A `Gate` by RE2's set, text by text."""

    __slots__ = ("_always", "_count", "_set")

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._set = re2.Set.SearchSet(options(False))
        for pattern in patterns:
            self._set.Add((b"(?i:%s)" if pattern.ignore_case else b"%s") % framed(pattern))
        # Matches anything: a set that runs out of memory says so by naming none, not this one either.
        self._count = len(patterns)
        self._always = self._set.Add(b"")
        self._set.Compile()

    def named(self, texts: Sequence[bytes]) -> Mapping[int, Sequence[int]]:
        found: dict[int, Sequence[int]] = {}
        match, always = self._set.Match, self._always
        for number, text in enumerate(texts):
            named = match(b"".join((SEPARATOR, text, SEPARATOR)))
            if len(named) == 1 and named[0] == always:
                continue
            found[number] = sorted(n for n in named if n != always) if always in named else range(self._count)
        return found


def framed(pattern: Pattern) -> bytes:
    """The expression with what must stand beside it: a byte that isn't a digit, or a digit or letter of ASCII. That no
    other letter stands there is looked at afterwards."""
    return _FRAMES[pattern.beside] % b"".join((b"(?:", pattern.expression.encode(), b")"))


def frame_of(pattern: Pattern) -> int:
    """How many bytes `framed` takes in on each side."""
    return 0 if pattern.beside is Beside.NOTHING else 1


_FRAMES: Final = {Beside.NOTHING: b"%s", Beside.DIGIT: b"[^0-9]%s[^0-9]", Beside.WORD: b"[^0-9A-Za-z]%s[^0-9A-Za-z]"}


def options(ignore_case: bool) -> re2.Options:
    """How RE2 reads an expression: bytes, the longest match, a dot for any byte."""
    made = re2.Options()
    made.encoding = re2.Options.Encoding.LATIN1
    made.longest_match = True
    made.dot_nl = True
    made.log_errors = False
    made.never_capture = True
    made.case_sensitive = not ignore_case
    made.max_mem = _MEMORY
    return made

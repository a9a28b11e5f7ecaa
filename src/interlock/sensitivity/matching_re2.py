"""Matching by RE2: the portable way. A set of all expressions tells which of them match at all; those are searched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import re2

from interlock.sensitivity.matching import Match, frame_of, framed, maximal
from interlock.sensitivity.pattern import Pattern

MOST_WITHIN: Final = 32
"""How many matches in a row may lie within another before the search goes on behind that one: an open repeat that may
begin anywhere in a long run would take quadratic time."""
_MEMORY: Final = 256 << 20  # for the set's automaton, bytes; taken as needed


class Re2Matcher:
    """A `Matcher` that uses google-re2. Raises `re2.error` when it doesn't know an expression."""

    __slots__ = ("_always", "_frames", "_gate", "_patterns")

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = [re2.compile(framed(p), _options(p.ignore_case)) for p in patterns]
        self._frames = [frame_of(p) for p in patterns]
        self._gate = re2.Set.SearchSet(_options(False))
        for pattern in patterns:
            self._gate.Add((b"(?i:%s)" if pattern.ignore_case else b"%s") % framed(pattern))
        # Matches anything: where the set doesn't name it, it ran out of memory and said so by naming none.
        self._always = self._gate.Add(b"")
        self._gate.Compile()

    def matches(self, data: bytes) -> Sequence[Match]:
        named = self._gate.Match(data)
        if self._always not in named:
            named = list(range(len(self._patterns)))
        return maximal(m for number in named if number != self._always for m in self._search(number, data))

    def _search(self, number: int, data: bytes) -> Iterator[Match]:
        search, frame = self._patterns[number].search, self._frames[number]
        position, reach, within = 0, -1, 0
        while (found := search(data, position)) is not None:
            start, end = found.span()
            if end > reach:
                reach, within = end, 0
                yield Match(start + frame, end - frame, number)
            else:
                within += 1
            position = start + 1 if within < MOST_WITHIN else max(start + 1, reach - 2 * frame)


def _options(ignore_case: bool) -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.longest_match = True
    options.dot_nl = True
    options.log_errors = False
    options.never_capture = True
    options.case_sensitive = not ignore_case
    options.max_mem = _MEMORY
    return options

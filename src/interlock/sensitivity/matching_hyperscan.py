"""Matching by hyperscan: all expressions in one pass. x86 only; where it can't be imported, RE2 finds the same."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import hyperscan

from interlock.sensitivity.matching import Match, frame_of, framed, maximal
from interlock.sensitivity.pattern import Pattern


class HyperscanMatcher:
    """A `Matcher` that uses hyperscan. Raises `hyperscan.error` when it doesn't take an expression: a large bounded
    repeat mostly, which an open one (`{n,}`) replaces."""

    __slots__ = ("_database", "_frames", "_scratch")

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        flags = hyperscan.HS_FLAG_SOM_LEFTMOST | hyperscan.HS_FLAG_DOTALL
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=[framed(p) for p in patterns],
            ids=list(range(len(patterns))),
            flags=[flags | (hyperscan.HS_FLAG_CASELESS if p.ignore_case else 0) for p in patterns],
        )
        self._frames = [frame_of(p) for p in patterns]
        self._scratch = threading.local()

    def matches(self, data: bytes) -> Sequence[Match]:
        # The longest match of each beginning: every end is reported.
        longest: dict[tuple[int, int], int] = {}

        def on_match(number: int, start: int, end: int, _flags: int, _context: object) -> None:
            if end > longest.get((start, number), -1):
                longest[(start, number)] = end

        self._database.scan(data, match_event_handler=on_match, scratch=self._own_scratch())
        frames = self._frames
        return maximal(Match(s + frames[n], e - frames[n], n) for (s, n), e in longest.items())

    def _own_scratch(self) -> hyperscan.Scratch:
        """One a thread: a scratch serves one scan at a time."""
        scratch: hyperscan.Scratch | None = getattr(self._scratch, "own", None)
        if scratch is None:
            scratch = self._scratch.own = hyperscan.Scratch(self._database)
        return scratch

"""The gate by hyperscan: all expressions over all texts in one pass. x86 alone; RE2's set tells the same elsewhere."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final

import hyperscan

from interlock.sensitivity.matching import SEPARATOR, framed
from interlock.sensitivity.pattern import Pattern

LONGEST_BUFFER: Final = 1 << 20
"""How many bytes of texts are joined for one pass; a longer text makes a pass of its own."""


def compiled(patterns: Sequence[Pattern]) -> bytes:
    """The patterns' database as bytes, for `HyperscanGate`; may be kept and used again by the same version of
    hyperscan. Takes about two seconds for 200 of them. Raises `hyperscan.error` for an expression it doesn't know."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[_looser(framed(p)) for p in patterns],
        ids=list(range(len(patterns))),
        flags=[hyperscan.HS_FLAG_DOTALL | (hyperscan.HS_FLAG_CASELESS if p.ignore_case else 0) for p in patterns],
    )
    return hyperscan.dumpb(database)


def _looser(expression: bytes) -> bytes:
    """An expression that matches wherever this one does, and is quicker: repeats without an upper bound (measured: 1.6
    times). A gate may name one too many."""
    opened = re.sub(
        rb"(?<!\\)\{([0-9]+),[0-9]+\}",
        lambda m: m[0] if int(m[0][:-1].split(b",")[1]) < 3 else b"{%s,}" % m[1],
        expression,
    )
    return re.sub(rb"(?<!\\)\{([0-9]+)\}", lambda m: m[0] if int(m[1]) <= _COUNTED else b"{%d,}" % _COUNTED, opened)


_COUNTED: Final = 12  # repeats that are counted to the end


class HyperscanGate:
    """A `Gate` that uses hyperscan. Raises `hyperscan.error` when `database` isn't what `compiled` gave on a machine
    and in a version such as this."""

    __slots__ = ("_database", "_scratches")

    def __init__(self, database: bytes) -> None:
        self._database = hyperscan.loadb(database, hyperscan.HS_MODE_BLOCK)
        self._scratches: list[hyperscan.Scratch] = []  # those that no pass uses now

    def named(self, texts: Sequence[bytes]) -> Mapping[int, Sequence[int]]:
        found: dict[int, set[int]] = {}
        first, length = 0, 0
        for number, text in enumerate(texts):
            length += len(text)
            if length > LONGEST_BUFFER and number > first:
                self._scan(texts[first:number], first, found)
                first, length = number, len(text)
        self._scan(texts[first:], first, found)
        return {number: sorted(found[number]) for number in sorted(found)}

    def _scan(self, texts: Sequence[bytes], first: int, found: dict[int, set[int]]) -> None:
        ends: list[tuple[int, int]] = []

        def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            ends.append((end, number))

        # Each separator is what stands behind one text and before the next.
        data = b"".join((SEPARATOR, SEPARATOR.join(texts), SEPARATOR))
        try:
            scratch = self._scratches.pop()  # a scratch serves one pass at a time
        except IndexError:
            scratch = hyperscan.Scratch(self._database)
        self._database.scan(data, match_event_handler=on_match, scratch=scratch)
        self._scratches.append(scratch)
        if ends:
            starts = list(accumulate((len(t) + 1 for t in texts), initial=1))
            for end, number in ends:
                # The text in which a match's last byte is, or the separator behind it.
                text = min(max(bisect_right(starts, end - 1) - 1, 0), len(texts) - 1)
                found.setdefault(first + text, set()).add(number)

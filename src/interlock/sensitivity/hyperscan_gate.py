"""The gate by hyperscan: all expressions over all texts in one pass. x86 alone; RE2's set tells the same elsewhere."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final

import hyperscan

from interlock.sensitivity.matching import Joined, framed
from interlock.sensitivity.pattern import Pattern


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

    def named(self, texts: Joined) -> Mapping[int, Mapping[int, int]]:
        ends: list[int] = []
        append = ends.append

        def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append(end << _NUMBER | number)

        try:
            scratch = self._scratches.pop()  # a scratch serves one pass at a time
        except IndexError:
            scratch = hyperscan.Scratch(self._database)
        self._database.scan(texts.data, match_event_handler=on_match, scratch=scratch)
        self._scratches.append(scratch)
        return _by_text(ends, texts.starts)


_NUMBER: Final = 16  # bits of an expression's number


def _by_text(ends: list[int], starts: Sequence[int]) -> Mapping[int, Mapping[int, int]]:
    """Ends of matches, each with an expression's number in its lowest bits, as a gate tells them."""
    found: dict[int, dict[int, int]] = {}
    named: dict[int, int] = {}
    behind = -1
    ends.sort()
    for each in ends:
        end = each >> _NUMBER
        if end > behind:
            # The text in which the match's last byte is, or the separator behind it.
            text = max(bisect_left(starts, end) - 1, 0)
            named = found[text] = {}
            behind = starts[text + 1]
        named[each & _NUMBERS] = end
    return found


_NUMBERS: Final = (1 << _NUMBER) - 1

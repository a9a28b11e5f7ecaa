"""Settling findings that overlap: each character goes to one of them, and none that was covered is uncovered."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from typing import Final

from interlock.model.finding import Finding

UNREPORTED: Final = "settling: held against others, and then left out"
"""The `why` of a finding that is nothing to report, but keeps others from being made of its characters."""


def settle(findings: Iterable[Finding], text: str) -> list[Finding]:
    """The findings without overlaps, sorted. The higher score wins, then the longer, then the label that is earlier in
    the alphabet. What loses is cut: its parts that stick out stay, with the winner where no letter or digit is in them.
    """
    ordered = list(findings)
    if len(ordered) < 2:
        return ordered
    ordered.sort(key=_PLACE)
    if all(one.end < other.start for one, other in pairwise(ordered)):
        return ordered
    ordered.sort(key=lambda f: (-f.score, f.start - f.end, f.label, f.start))
    starts: list[int] = []
    settled: list[Finding] = []
    for finding in ordered:
        for start, end in _free(finding, starts, settled):
            at = bisect_left(starts, start)
            if not any(map(str.isalnum, text[start:end])) and _widened(settled, starts, at, start, end):
                continue
            starts.insert(at, start)
            settled.insert(at, finding if (start, end) == (finding.start, finding.end) else _part(finding, start, end))
    return settled


_PLACE: Final = attrgetter("start")


def _part(finding: Finding, start: int, end: int) -> Finding:
    return replace(finding, start=start, end=end)


def _widened(settled: list[Finding], starts: list[int], at: int, start: int, end: int) -> bool:
    """Whether a neighbour took the part in."""
    if at > 0 and settled[at - 1].end == start:
        settled[at - 1] = _part(settled[at - 1], settled[at - 1].start, end)
        return True
    if at < len(settled) and starts[at] == end:
        settled[at], starts[at] = _part(settled[at], start, settled[at].end), start
        return True
    return False


def _free(finding: Finding, starts: list[int], settled: list[Finding]) -> list[tuple[int, int]]:
    """The parts of a finding that no settled one covers."""
    parts: list[tuple[int, int]] = []
    position = finding.start
    at = bisect_left(starts, position)
    if at > 0 and settled[at - 1].end > position:
        position = settled[at - 1].end
    while position < finding.end:
        if at >= len(starts) or starts[at] >= finding.end:
            parts.append((position, finding.end))
            break
        if position < starts[at]:
            parts.append((position, starts[at]))
        position = settled[at].end
        at += 1
    return parts

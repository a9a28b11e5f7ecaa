"""Settling findings that overlap: each character goes to one of them, and none that was covered is uncovered."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace

from interlock.model.finding import Finding


def settle(findings: Iterable[Finding]) -> list[Finding]:
    """The findings without overlaps, sorted. The higher score wins, then the longer, then the label that is earlier in
    the alphabet; what loses is cut: parts of it that stick out stay."""
    ordered = sorted(findings, key=lambda f: (-f.score, f.start - f.end, f.label, f.start))
    starts: list[int] = []
    settled: list[Finding] = []
    for finding in ordered:
        for part in _free(finding, starts, settled):
            at = bisect_left(starts, part.start)
            starts.insert(at, part.start)
            settled.insert(at, part)
    return settled


def _free(finding: Finding, starts: list[int], settled: list[Finding]) -> list[Finding]:
    """The parts of a finding that no settled one covers."""
    parts, position = [], finding.start
    at = max(0, bisect_left(starts, position) - 1)
    while position < finding.end:
        upto = settled[at].start if at < len(settled) else finding.end
        if position < min(upto, finding.end):
            parts.append(replace(finding, start=position, end=min(upto, finding.end)))
        if at >= len(settled):
            break
        position = max(position, settled[at].end)
        at += 1
    return parts

"""The nearest name to one that is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, valid: Iterable[str]) -> str:
    """`; did you mean "x"?` for the closest valid name, or nothing."""
    close = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


def nearest_annotation(name: str, known: Iterable[str]) -> str:
    """`did you mean @x?`, or else all that there are."""
    every = list(known)
    close = difflib.get_close_matches(name, every, n=1, cutoff=0.6)
    return f"did you mean @{close[0]}?" if close else f"there are {', '.join(f'@{each}' for each in every)}"

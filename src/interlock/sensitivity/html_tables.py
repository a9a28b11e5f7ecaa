"""Tables in HTML: the cells of a row under those of the table's first row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from interlock.sensitivity.placed import Cell, tells

MOST_CELLS: Final = 50_000
# What begins a table or row, and a cell with its text up to the next tag but those of bold and their like.
_PART: Final = re.compile(
    r"<(?P<row>table|tr)\b[^<>]{0,1000}>|<t[hd]\b[^<>]{0,1000}>\s{0,100}(?:<(?:b|i|p|span|strong|em|a)\b[^<>]{0,1000}>)?"
    r"(?P<cell>[^<>]{0,1000})",
    re.IGNORECASE,
)


def may_have_html_tables(text: str) -> bool:
    """Whether `text` may have one; told in less than a microsecond for a short one."""
    return "<td" in text or "<TD" in text


def html_cells(text: str) -> Iterator[Cell]:
    """The cells under heads that tell something. Takes time proportional to the text's length."""
    heads: list[str] = []
    first, at, count = True, 0, 0
    for part in _PART.finditer(text):
        if part["row"] is not None:
            if part["row"].lower() == "table":
                heads, first = [], True
            elif heads:
                first = False
            at = 0
        elif first:
            heads.append(part["cell"].strip())
        else:
            start = part.start("cell") + len(part["cell"]) - len(part["cell"].lstrip())
            end = start + len(part["cell"].strip())
            if start < end and _told(heads, at) and count < MOST_CELLS:
                count += 1
                yield Cell(start, end, heads[at])
            at += 1


def _told(heads: Sequence[str], at: int) -> bool:
    return at < len(heads) and len(heads[at]) <= 40 and tells(heads[at])

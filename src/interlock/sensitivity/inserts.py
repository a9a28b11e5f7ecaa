"""Values in SQL's INSERT: the column's name tells what a literal is, as the name of a field does.

INSERT INTO patients (mrn, last_name) VALUES ('04857211', 'Roe')    mrn: 04857211, last_name: Roe
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from typing import Final

from interlock.sensitivity.placed import Cell
from interlock.sensitivity.tables import LONGEST_HEAD, MOST_CELLS

_COLUMNS = re.compile(r"\(([^()]{1,4000})\)\s{0,200}values\b", re.IGNORECASE)
_NAME = re.compile(r"[\"`\[]?([A-Za-z_][A-Za-z0-9_$]*)[\"`\]]?")
# A sign, a number or word, or what stands between.
_PIECE = re.compile(r"[(),;']|[^\s(),;']+|\s+")
_WRITTEN: Final = ("VALUES", "values", "Values")


def may_insert(text: str) -> bool:
    """Whether there may be an INSERT in `text`; told in less than a microsecond for a short one."""
    return any(each in text for each in _WRITTEN)


def inserted(text: str) -> Iterator[Cell]:
    """The literals of all INSERTs in `text`, each with its column's name. Takes time proportional to its length."""
    return islice(_all(text), MOST_CELLS)


def _all(text: str) -> Iterator[Cell]:
    position = 0
    while (columns := _COLUMNS.search(text, position)) is not None:
        position = columns.end()
        heads = [_NAME.fullmatch(each.strip()) for each in columns[1].split(",")]
        if all(heads):
            position = yield from _rows(text, position, [each[1][:LONGEST_HEAD] for each in heads if each is not None])


def _rows(text: str, position: int, heads: Sequence[str]) -> Generator[Cell, None, int]:
    """The values in brackets that follow, up to what isn't one; gives where that is."""
    depth = at = 0
    piece = _PIECE.match(text, position)
    while piece is not None:
        said, first, last = piece[0], piece.start(), piece.end()
        if said == "'":
            first, last = last, _closed(text, last)
        if last < 0 or (depth < 1 and said not in "(,)" and not said.isspace()):
            return first
        if said == "(":
            depth += 1
            at = 0 if depth == 1 else at
        elif said == ")":
            depth -= 1
        elif said == "," and depth == 1:
            at += 1
        elif depth == 1 and at < len(heads) and first < last and not said.isspace() and said not in ",;":
            yield Cell(first, last, heads[at])
        position = last + (said == "'")
        piece = _PIECE.match(text, position)
    return position


def _closed(text: str, start: int) -> int:
    """Where a literal's last quote is; a doubled one is part of it, and so is one behind a backslash. -1: nowhere."""
    at = text.find("'", start)
    while at >= 0:
        if text[at + 1 : at + 2] == "'":
            at = text.find("'", at + 2)
        elif text[at - 1] == "\\" and at > start and text[at - 2 : at] != "\\\\":
            at = text.find("'", at + 1)
        else:
            return at
    return -1

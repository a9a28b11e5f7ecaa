"""What is laid out in a text: tables, rows of SQL, segments, values behind keys. Each value has its place,"
" which tells what it is."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.sensitivity.html_tables import html_cells, may_have_html_tables
from interlock.sensitivity.inserts import inserted, may_insert
from interlock.sensitivity.keyed_values import keyed_values, may_have_keys
from interlock.sensitivity.placed import Cell
from interlock.sensitivity.segments import may_have_segments, segment_cells
from interlock.sensitivity.tables import cells


def laid_out(text: str) -> Iterator[Cell]:
    """All cells of `text` whose place tells something. Takes time proportional to its length, a microsecond for a short
    text that has none."""
    if "\n" in text:
        yield from cells(text)
    if "(" in text and may_insert(text):
        yield from inserted(text)
    if "<" in text and may_have_html_tables(text):
        yield from html_cells(text)
    if may_have_segments(text):
        yield from segment_cells(text)
    if may_have_keys(text):
        yield from keyed_values(text)

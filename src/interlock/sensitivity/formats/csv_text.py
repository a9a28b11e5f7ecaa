"""CSV (RFC 4180 and what people write): fields by row and column, the dialect kept as it is.

Only masked fields are written anew; quotes, delimiters and line ends between them stay. A quote that is never closed
is a character like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.formats.document import Form, Part, Piece
from interlock.sensitivity.formats.field_names import label_of_field, label_of_name, tells_about

DELIMITERS: Final = (",", ";", "\t", "|")
SAMPLE: Final = 256  # rows that columns are judged by
_GUESSED_FROM: Final = 64 << 10  # characters
_HEADING: Final = re.compile(r"[^\W\d][^\x00-\x1f@]{0,63}\Z")
_MANY_DIGITS: Final = re.compile(r"[0-9]{3}")


@dataclass(frozen=True, slots=True)
class Cell:
    """One field: where it is written, quotes included, and what it means."""

    start: int
    end: int
    text: str
    quoted: bool


def delimiter_of(source: str) -> str:
    """The one of `DELIMITERS` that most evenly divides the first lines; a comma where none does."""
    lines = [line for line in source[:_GUESSED_FROM].splitlines()[:50] if line.strip()]
    best, best_score = ",", 0.0
    for candidate in DELIMITERS:
        counts = [_bare(line).count(candidate) for line in lines]
        usual = max(set(counts), key=counts.count) if counts else 0
        score = usual and counts.count(usual) / len(counts) + min(usual, 50) / 1000
        if score > best_score:
            best, best_score = candidate, score
    return best


def rows_of(source: str, delimiter: str) -> Iterator[list[Cell]]:
    """The rows, empty lines left out."""
    unquoted = re.compile(rf"[^{re.escape(delimiter)}\r\n]*")
    at, row, end = 0, list[Cell](), len(source)
    last_quote = source.rfind('"')
    while at < end or row:
        cell = _cell(source, at, unquoted, delimiter, last_quote)
        row.append(cell)
        at = cell.end
        if source.startswith(delimiter, at):
            at += 1
            continue
        if len(row) > 1 or row[0].text:
            yield row
        row = []
        at += 2 if source.startswith("\r\n", at) else 1


def has_header(rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether the first row names the columns: a known name of a field among others, or words that differ and rows
    below that look otherwise. Where in doubt it is data, which is looked into like all other."""
    if not rows:
        return False
    names = [cell.text.strip() for cell in rows[0]]
    if len(names) > 1 and any(_names_a_column(name) for name in names):
        return True  # one is enough: what else stands there is looked into all the same
    if len(set(names)) < len(names) or not all(_HEADING.match(n) and not _MANY_DIGITS.search(n) for n in names):
        return False
    if any(label_of_name(name) for name in names):
        return True
    below = [cell.text for row in rows[1:20] for cell in row]
    return any("_" in name for name in names) or any(any(map(str.isdigit, text)) for text in below)


class CsvText:
    """The `Format` of CSV. `columns`: what is known of columns by their values, beyond what their names say."""

    __slots__ = ("_columns", "_delimiter", "_heading")

    def __init__(self, delimiter: str = ",", heading: bool = True, columns: Sequence[Label | None] = ()) -> None:
        self._delimiter, self._heading, self._columns = delimiter, heading, columns

    def parts(self, source: str) -> Iterator[Part]:
        """As `Format` has it. A row is a record."""
        names: list[str] = []
        for number, row in enumerate(rows_of(source, self._delimiter), 1):
            heads = self._heading and number == 1
            if heads:
                names = [cell.text.strip() for cell in row]
            for at, cell in enumerate(row):
                if cell.text and not (heads and _names_a_column(cell.text.strip())):
                    yield self._piece(cell, number, at, "" if heads else _name(names, at))

    def write(self, piece: Piece, new: str) -> str:
        """As `Format` has it: quoted where it was, or where it must be."""
        if piece.context == "quoted" or any(sign in new for sign in (self._delimiter, '"', "\r", "\n")):
            return '"' + new.replace('"', '""') + '"'
        return new

    def _piece(self, cell: Cell, number: int, at: int, name: str) -> Piece:
        label = label_of_field(name, "", cell.text)
        if label is None and self._columns and at < len(self._columns) and (number > 1 or not self._heading):
            label = self._columns[at]
        where = f"row {number}, column {name or at + 1}"
        context = "quoted" if cell.quoted else ""
        about = label is not None and tells_about(label)
        return Piece(cell.start, cell.end, where, cell.text, name, label, Form.CELL, number, context, about)


def sample_of(source: str, delimiter: str) -> tuple[bool, list[str], list[list[str]]]:
    """(whether there is a header, the columns' names, up to 256 distinct values of each column), of the first rows."""
    rows: list[list[Cell]] = []
    for row in rows_of(source, delimiter):
        rows.append(row)
        if len(rows) > SAMPLE:
            break
    heading = has_header(rows)
    names = [cell.text.strip() for cell in rows[0]] if heading else []
    width = max((len(row) for row in rows), default=0)
    columns: list[list[str]] = []
    for at in range(width):
        values = (row[at].text for row in rows[1 if heading else 0 :] if at < len(row))
        columns.append(list(dict.fromkeys(v for v in values if v.strip())))
    return heading, [_name(names, at) for at in range(width)], columns


def _cell(source: str, at: int, unquoted: re.Pattern[str], delimiter: str, last_quote: int) -> Cell:
    if source.startswith('"', at) and last_quote > at:
        end = _closing(source, at + 1)
        if end >= 0 and (end + 1 == len(source) or source[end + 1] in (delimiter, "\r", "\n")):
            return Cell(at, end + 1, source[at + 1 : end].replace('""', '"'), True)
    found = unquoted.match(source, at)
    assert found is not None
    return Cell(at, found.end(), found[0], False)


def _closing(source: str, at: int) -> int:
    """Where the quote is closed, -1 where it never is."""
    while True:
        at = source.find('"', at)
        if at < 0 or not source.startswith('"', at + 1):
            return at
        at += 2


def _bare(line: str) -> str:
    """A line without what stands in quotes."""
    return "".join(line.split('"')[::2])


def _names_a_column(name: str) -> bool:
    return _HEADING.match(name) is not None and not _MANY_DIGITS.search(name) and label_of_name(name) is not None


def _name(names: Sequence[str], at: int) -> str:
    return names[at] if at < len(names) else ""

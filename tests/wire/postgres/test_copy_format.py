"""COPY's text formats against readers that go byte by byte: what a pattern accepts may not depend on the Python."""

from __future__ import annotations

import ast
import re
from itertools import product
from pathlib import Path

import pytest

from interlock.errors import MalformedInput
from interlock.wire.postgres.copy_format import CopyOptions, csv_options, dialect, text_options

SOURCE = Path(__file__).resolve().parents[3] / "src"
POSSESSIVE = re.compile(r"(?:[*+?]|\})\+|\(\?>")

CSV = (
    csv_options(),
    csv_options(escape=b"\\"),
    csv_options(quote=b"'", escape=b"^", delimiter=b";"),
    csv_options(quote=b"]", escape=b"-", delimiter=b"^"),
)
TEXT = (text_options(), text_options(delimiter=b"]"), text_options(delimiter=b"^"))


def _csv_fields(row: bytes, options: CopyOptions) -> list[bytes] | None:
    """The fields as they are written; None where the row ends inside quotes."""
    fields, begun, quoted, at = [], 0, False, 0
    while at < len(row):
        byte = row[at : at + 1]
        if quoted and byte == options.escape and row[at + 1 : at + 2] in (options.quote, options.escape):
            at += 1
        elif byte == options.quote:
            quoted = not quoted
        elif not quoted and byte == options.delimiter:
            fields.append(row[begun:at])
            begun = at + 1
        at += 1
    return None if quoted else [*fields, row[begun:]]


def _csv_value(field: bytes, options: CopyOptions) -> bytes:
    value, quoted, at = bytearray(), False, 0
    while at < len(field):
        byte = field[at : at + 1]
        if quoted and byte == options.escape and field[at + 1 : at + 2] in (options.quote, options.escape):
            at += 1
            value += field[at : at + 1]
        elif byte == options.quote:
            quoted = not quoted
        else:
            value += byte
        at += 1
    return bytes(value)


def _text_fields(row: bytes, delimiter: bytes) -> list[bytes] | None:
    fields, begun, at = [], 0, 0
    while at < len(row):
        if row[at : at + 1] == b"\\":
            at += 1
            if at == len(row):
                return None
        elif row[at : at + 1] == delimiter:
            fields.append(row[begun:at])
            begun = at + 1
        at += 1
    return [*fields, row[begun:]]


def _rows(*marks: bytes) -> list[bytes]:
    letters = dict.fromkeys((*marks, b"x", b"\n"))
    return [b"".join(row) for length in range(6) for row in product(letters, repeat=length)]


def _read(row: bytes, options: CopyOptions) -> list[bytes] | None:
    try:
        return dialect(options).fields(row)
    except MalformedInput:
        return None


@pytest.mark.parametrize("options", CSV)
def test_csv_rows_are_cut_and_read_as_byte_by_byte(options: CopyOptions) -> None:
    reader = dialect(options)
    for row in _rows(options.quote, options.escape, options.delimiter):
        fields = _csv_fields(row, options)
        assert _read(row, options) == fields, row
        for field in fields or ():
            if options.quote in field:
                assert reader.decode(field) == _csv_value(field, options), field


@pytest.mark.parametrize("options", TEXT)
def test_text_rows_are_cut_as_byte_by_byte(options: CopyOptions) -> None:
    for row in _rows(b"\\", options.delimiter):
        expected = _text_fields(row, options.delimiter)
        assert _read(row, options) == expected, row


@pytest.mark.parametrize("options", CSV)
def test_quotes_that_never_end_are_malformed_however_long(options: CopyOptions) -> None:
    """Long enough that a pattern which tries its ways one after the other wouldn't come back."""
    quote, escape = options.quote, options.escape
    for row in (quote + b"x" * 50_000, quote + (escape + quote) * 20_000, quote + (escape + b"x" + quote * 2) * 20_001):
        assert _read(row, options) == _csv_fields(row, options)
    assert _read(quote + b"x" * 50_000, options) is None


def test_no_pattern_is_possessive_or_atomic() -> None:
    """Python 3.11.2, which Debian 12 has, matches too much with these (python/cpython#106052)."""
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in SOURCE.rglob("*.py")
        for node in _patterns(ast.parse(path.read_text(encoding="utf-8")))
        if POSSESSIVE.search(_outside_classes(node))
    ]
    assert not found, found


def _patterns(tree: ast.Module) -> list[ast.Constant]:
    """What may be a pattern or a piece of one: all string constants of a module that uses `re`, docstrings left out."""
    nodes = list(ast.walk(tree))
    if not any(isinstance(node, ast.Import) and any(a.name == "re" for a in node.names) for node in nodes):
        return []
    told = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    return [n for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str | bytes) and id(n) not in told]


def _outside_classes(node: ast.Constant) -> str:
    """The text without `[...]`, in which a plus and a star are themselves, and without what a backslash quotes."""
    value = node.value if isinstance(node.value, str) else node.value.decode("latin-1")  # type: ignore[union-attr]
    return re.sub(r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\.", ".", value)

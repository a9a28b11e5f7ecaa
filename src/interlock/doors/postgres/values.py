"""A value of a result as texts to look into, and back: what was found is masked in its place, all else stays.

Texts, JSON, and arrays of texts in both of their formats (PostgreSQL sources, arrayfuncs.c: array_out, array_send).
Numbers and values of users' types are read as one text, and nothing is written back into them; so are rows, but for
their fields (`row_values`).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from interlock.doors.postgres.row_values import read_row
from interlock.errors import MalformedInput
from interlock.masking import forms
from interlock.masking.rules.content import ContentMask, Holds
from interlock.masking.value import Special
from interlock.model.finding import Finding
from interlock.sensitivity.formats.document import Form, Nest, Part, Piece, pieces_of, rewritten
from interlock.sensitivity.formats.json_text import JsonText

Written = Callable[[Iterator[str | None]], bytes]

_MOST_DIMENSIONS: Final = 6  # MAXDIM
_BOUNDS: Final = re.compile(r"(?:\[[+-]?[0-9]{1,10}:[+-]?[0-9]{1,10}\]){1,6}=")
# An element in quotes, one without, or a sign. What begins each rules out the others.
_ELEMENT: Final = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"|([^{},"\\]+)|[{},]', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts in a value. `written` makes the value anew of what stands in their places, in order (None: as it was);
    None where a finding in it masks all of it. `without`: the value of a row, whose one piece is all of it, without the
    fields that these findings lie in."""

    pieces: Sequence[Piece]
    written: Written | None
    without: Callable[[Sequence[Finding]], bytes] | None = None


def texts_in(value: bytes, mask: ContentMask, telling: str, record: int) -> Texts:
    """What there is to look into in a value of this column. `telling`: the column's name where that tells something;
    `record` sets it apart from other values. Raises `MalformedInput` for bytes that aren't of its form."""
    try:
        match mask.holds:
            case Holds.TEXT:
                return _one(value.decode(), telling, record, _plainly)
            case Holds.JSON:
                return _json(value.removeprefix(mask.prefix).decode(), mask.prefix, telling, record)
            case Holds.ARRAY:
                read = _binary_array if mask.format else _array
                return read(value, telling, record)
            case Holds.NUMBER:
                number = forms.read(value, mask.type_oid, mask.format)
                return _one("" if isinstance(number, Special) else str(number), telling, record, None)
            case Holds.BYTES:
                return _one(_bytes(value, mask.format).decode(), telling, record, None)
            case _:
                row = read_row(value, binary=mask.format == 1)
                text = row.text if row is not None else value.decode(errors="replace")
                return replace(_one(text, telling, record, None), without=row.without if row is not None else None)
    except UnicodeDecodeError:
        if mask.holds is Holds.BYTES:
            return Texts((), None)  # no text, so nothing to read in it
        raise MalformedInput("a value isn't in the encoding that it should be in") from None


def _plainly(new: Iterator[str | None]) -> bytes:
    (text,) = new
    return (text or "").encode()


def _one(text: str, telling: str, record: int, written: Written | None) -> Texts:
    return Texts((Piece(0, len(text), "", text, telling, record=record),) if text else (), written)


def _bytes(value: bytes, format: int) -> bytes:
    """A bytea's bytes: as they are, in hexadecimal digits behind `\\x`, or as text with escapes."""
    if format or not value.startswith(b"\\x"):
        return value
    try:
        return bytes.fromhex(value[2:].decode("ascii"))
    except ValueError:
        return value


def _json(source: str, prefix: bytes, telling: str, record: int) -> Texts:
    """By its own keys; what stands under none is told by the column's name."""
    format_ = JsonText()
    parts = tuple(_set_apart(part, telling, record) for part in format_.parts(source))

    def written(new: Iterator[str | None]) -> bytes:
        return prefix + rewritten(source, 0, len(source), parts, new, format_.write).encode()

    return Texts(tuple(pieces_of(parts)), written)


def _set_apart(part: Part, telling: str, record: int) -> Part:
    if isinstance(part, Nest):
        return replace(part, pieces=tuple(_piece_apart(each, telling, record) for each in part.pieces))
    return _piece_apart(part, telling, record)


def _piece_apart(piece: Piece, telling: str, record: int) -> Piece:
    named = piece.telling or ("" if piece.form is Form.KEY else telling)
    return replace(piece, telling=named, record=record)


def _array(value: bytes, telling: str, record: int) -> Texts:
    source = value.decode()
    parts = tuple(_elements(source, telling, record))

    def written(new: Iterator[str | None]) -> bytes:
        return rewritten(source, 0, len(source), parts, new, _quoted).encode()

    return Texts(parts, written)


def _elements(source: str, telling: str, record: int) -> Iterator[Piece]:
    bounds = _BOUNDS.match(source)
    at = bounds.end() if bounds is not None else 0
    depth = 0
    begun = source.startswith("{", at)
    while begun and at < len(source):
        found = _ELEMENT.match(source, at)
        if found is None:
            break
        at = found.end()
        quoted, bare = found.groups()
        if quoted is None and bare is None:
            depth += {"{": 1, "}": -1}.get(found[0], 0)
        elif quoted is not None:
            yield Piece(found.start(), at, "", _ESCAPED.sub(r"\1", quoted), telling, record=record)
        elif bare.upper() != "NULL":
            yield Piece(found.start(), at, "", bare, telling, record=record)
        if depth <= 0:
            break
    if not begun or at != len(source) or depth:
        raise MalformedInput("a value isn't the array that it should be")


def _quoted(piece: Piece, new: str) -> str:
    escaped = new.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _binary_array(value: bytes, telling: str, record: int) -> Texts:
    """Head (dimensions, whether there are NULLs, the members' type; a length and bound each), then the members, each
    behind its length."""
    try:
        dimensions = struct.unpack_from("!i", value)[0]
        if not 0 <= dimensions <= _MOST_DIMENSIONS:
            raise MalformedInput("a value isn't the array that it should be")
        at = start = 12 + 8 * dimensions
        members: list[bytes | None] = []
        while at < len(value):
            size = struct.unpack_from("!i", value, at)[0]
            behind = at + 4 + max(size, 0)
            if size < -1 or behind > len(value):
                raise MalformedInput("a value isn't the array that it should be")
            members.append(value[at + 4 : behind] if size >= 0 else None)
            at = behind
    except struct.error:
        raise MalformedInput("a value isn't the array that it should be") from None
    texts = [(n, member.decode()) for n, member in enumerate(members) if member]

    def written(new: Iterator[str | None]) -> bytes:
        fresh = dict(zip((n for n, _ in texts), new, strict=True))
        return value[:start] + b"".join(_member(old, fresh.get(n)) for n, old in enumerate(members))

    return Texts(tuple(Piece(0, len(text), "", text, telling, record=record) for _, text in texts), written)


def _member(old: bytes | None, new: str | None) -> bytes:
    value = old if new is None else new.encode()
    return struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value

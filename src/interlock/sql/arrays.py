"""Arrays of texts as parameters: their elements, and arrays of others in the same form.

Text format is array_in's (arrayfuncs.c): `{a,"b c",NULL}`, quotes and backslashes undone. Binary is array_recv's: the
number of dimensions, a flag, the type of elements, length and lower bound, then each element behind its length. One
dimension from 1 is read, of at most `MOST` elements; anything else is None, and stays as it was sent.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

MOST: Final = 1_000

_HEAD: Final = struct.Struct("!iiIii")  # dimensions, whether there are NULLs, type of elements, length, lower bound
_TEXTS: Final = frozenset({19, 25, 1042, 1043})  # pg_type.oid: sent as the text itself
_NULL: Final = -1
_BLANKS: Final = " \t\n\r\v\f"
_ELEMENT: Final = re.compile(
    r"[ \t\n\r\v\f]*(?:\"(?P<quoted>[^\"\\]*(?:\\.[^\"\\]*)*)\"|(?P<bare>[^\s\"\\{},]+))[ \t\n\r\v\f]*(?P<end>[,}])",
    re.DOTALL,
)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_SPECIAL: Final = re.compile(r"([\"\\])")


@dataclass(frozen=True, slots=True)
class TextArray:
    """An array of texts; None for NULL. `element`: the type of its elements, in binary form; None in text form."""

    values: tuple[str | None, ...] = field(repr=False)
    element: int | None

    def written(self, values: Sequence[str | None]) -> bytes:
        """An array of these instead, in the form in which this one came."""
        return _in_text(values) if self.element is None else _in_binary(values, self.element)


def read_array(raw: bytes, *, binary: bool) -> TextArray | None:
    """The array that a parameter is; None where it isn't one that is read here."""
    try:
        return _from_binary(raw) if binary else _from_text(raw.decode("utf-8"))
    except (UnicodeDecodeError, struct.error):
        return None


def _from_text(text: str) -> TextArray | None:
    text = text.strip(_BLANKS)
    if not text.startswith("{") or text[1:].strip(_BLANKS) == "}":
        return None
    values: list[str | None] = []
    at = 1
    while len(values) < MOST and (match := _ELEMENT.match(text, at)) is not None:
        at = match.end()
        quoted, bare = match["quoted"], match["bare"]
        if quoted is not None:
            values.append(_ESCAPED.sub(r"\1", quoted))
        else:
            values.append(None if bare.upper() == "NULL" else bare)
        if match["end"] == "}":
            return TextArray(tuple(values), None) if at == len(text) else None
    return None


def _in_text(values: Sequence[str | None]) -> bytes:
    told = ("NULL" if value is None else '"' + _SPECIAL.sub(r"\\\1", value) + '"' for value in values)
    return ("{" + ",".join(told) + "}").encode()


def _from_binary(raw: bytes) -> TextArray | None:
    dimensions, _, element, length, lower = _HEAD.unpack_from(raw)
    if dimensions != 1 or lower != 1 or element not in _TEXTS or not 0 < length <= MOST:
        return None
    values: list[str | None] = []
    at = _HEAD.size
    for _ in range(length):
        (size,) = struct.unpack_from("!i", raw, at)
        at += 4
        if size == _NULL:
            values.append(None)
            continue
        if size < 0 or at + size > len(raw):
            return None
        values.append(raw[at : at + size].decode("utf-8"))
        at += size
    return TextArray(tuple(values), element) if at == len(raw) else None


def _in_binary(values: Sequence[str | None], element: int) -> bytes:
    parts = [_HEAD.pack(1, int(None in values), element, len(values), 1)]
    for value in values:
        sent = None if value is None else value.encode()
        parts += [struct.pack("!i", _NULL)] if sent is None else [struct.pack("!i", len(sent)), sent]
    return b"".join(parts)

"""JSON of any kind: strings by path with their keys as telling names, numbers that are long or under a telling key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from interlock.errors import MalformedInput
from interlock.sensitivity.formats.document import Form, Nest, Part, Piece
from interlock.sensitivity.formats.field_names import label_of_field, tells_about
from interlock.sensitivity.formats.json_tokens import JsonToken, TokenKind, json_tokens, path_text

# Keys that look like data: a map keyed by record number, e-mail address, name or token.
_DATA_KEY: Final = re.compile(r"[0-9]{4}|[@\s]|[^\x00-\x7f]|[0-9]{2,3}[-.][0-9]|[A-Z0-9]{12}")
_LONG_KEY: Final = 16  # characters; with a digit among them it may be a token
_LONG_NUMBER: Final = 7  # digits; shorter ones are counts, amounts and years
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")


class JsonText:
    """The `Format` of JSON. One for each document: it numbers masked keys so that none of an object is lost."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], int] = {}

    def parts(self, source: str) -> Iterator[Part]:
        """As `Format` has it. A member of an outermost list is a record of its own."""
        for token in json_tokens(source):
            if token.kind is TokenKind.STRING and (nest := _nested(token)) is not None:
                yield nest
            elif (piece := piece_of(token)) is not None:
                yield piece

    def write(self, piece: Piece, new: str) -> str:
        """As `Format` has it: a number becomes a number where `new` is one, else null."""
        match piece.form:
            case Form.NUMBER:
                return new if _NUMBER.match(new) else "null"
            case Form.KEY:
                return write_string(piece, self._unlike(piece.context, new))
            case _:
                return write_string(piece, new)

    def _unlike(self, owner: str, key: str) -> str:
        """Two keys of an object that are masked alike would be one to most readers."""
        seen = self._keys[owner, key] = self._keys.get((owner, key), 0) + 1
        return key if seen == 1 else f"{key} {seen}"


def write_string(piece: Piece, new: str) -> str:
    """A JSON string token; in ASCII with escapes where the value was ASCII, as its writer may need that."""
    plain = not piece.text.isascii() and new.isprintable()
    return json.dumps(new, ensure_ascii=not plain)


def piece_of(token: JsonToken, prefix: str = "") -> Piece | None:
    """The piece of a key or scalar; None where there is nothing to look into."""
    record = token.path[0] if token.path and isinstance(token.path[0], int) else 0
    if token.kind is TokenKind.KEY:
        long = len(token.text) >= _LONG_KEY and any(map(str.isdigit, token.text))
        if not long and not _DATA_KEY.search(token.text):
            return None
        where = f"{prefix}{path_text(token.path)} (key)"
        return Piece(token.start, token.end, where, token.text, "", None, Form.KEY, record, str(token.owner))
    if token.kind is TokenKind.OTHER or not token.text:
        return None
    telling, above = names_above(token.path)
    number = token.kind is TokenKind.NUMBER
    label = label_of_field(telling, above, token.text, number=number)
    if number and label is None and sum(map(str.isdigit, token.text)) < _LONG_NUMBER:
        return None
    where, about = prefix + path_text(token.path), label is not None and tells_about(label)
    form = Form.NUMBER if number else Form.STRING
    return Piece(token.start, token.end, where, token.text, telling, label, form, record, about=about)


def names_above(path: tuple[str | int, ...]) -> tuple[str, str]:
    """The nearest key of a value, and the key above that; "" where there is none."""
    names = [step for step in path if isinstance(step, str)]
    return (names[-1] if names else "", names[-2] if len(names) > 1 else "")


def _nested(token: JsonToken) -> Nest | None:
    """JSON in a string, one level of it; what only begins like that is a text."""
    text = token.text
    if text.lstrip(" \t\r\n")[:1] not in ("{", "[") or len(text) < 2:
        return None
    prefix = f"{path_text(token.path)} -> "
    try:
        pieces = tuple(p for t in json_tokens(text) if (p := _inner(t, token, prefix)) is not None)
    except MalformedInput:
        return None
    return Nest(token.start, token.end, text, pieces) if pieces else None


def _inner(token: JsonToken, outer: JsonToken, prefix: str) -> Piece | None:
    """Without names of its own a value is told by those of the string that it stands in."""
    piece = piece_of(token, prefix)
    if piece is None:
        return None
    record = outer.path[0] if outer.path and isinstance(outer.path[0], int) else 0
    if piece.form is Form.KEY:
        return replace(piece, record=record, context=f"{outer.start}/{piece.context}")
    if piece.telling:
        return replace(piece, record=record)
    telling, above = names_above(outer.path)
    label = label_of_field(telling, above, piece.text, number=piece.form is Form.NUMBER)
    about = label is not None and tells_about(label)
    return replace(piece, telling=telling, label=label, record=record, about=about)

"""Lines of JSON with a text each: `{"id": ..., "text": ...}`, as data sets of texts are shared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from interlock.errors import MalformedInput
from interlock.sensitivity.formats.document import Part, Piece
from interlock.sensitivity.formats.json_text import JsonText
from interlock.sensitivity.formats.json_tokens import JsonToken, TokenKind, json_tokens


class JsonLine(JsonText):
    """The `Format` of one line: all of its values, `text` and `id` with nothing told by their keys."""

    def parts(self, source: str) -> Iterator[Part]:
        """As `Format` has it."""
        for part in super().parts(source):
            if isinstance(part, Piece) and part.where in ("$.text", "$.id"):
                yield replace(part, telling="", label=None, about=False)
            else:
                yield part


def text_of_line(source: str, number: int) -> tuple[object, str]:
    """The id (the line's number where it has none) and the text of a line. Raises `MalformedInput` where it isn't an
    object with a `text` that is a string, or has one of the two twice."""
    text, id_ = None, None
    for token in json_tokens(source):
        if token.path not in (("id",), ("text",)):
            continue
        if token.kind is TokenKind.KEY:
            continue
        if token.path == ("text",):
            if text is not None or token.kind is not TokenKind.STRING:
                raise MalformedInput("`text` must be one string")
            text = token.text
        else:
            id_ = token
    if text is None:
        raise MalformedInput("no object with a `text` that is a string")
    return _id(id_, number), text


def _id(token: JsonToken | None, number: int) -> object:
    if token is None or (token.kind is TokenKind.OTHER and token.text == "null"):
        return number
    if token.kind is TokenKind.STRING:
        return token.text
    found: object = json.loads(token.text)
    return found

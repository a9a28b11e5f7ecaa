"""A simple query's text cut into its statements, by the places that the server's own parser tells."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from interlock.errors import NotUnderstood
from interlock.sql.parse import parse, same_tree

MAX_PIECES: Final = 100  # statements in one text: each is judged, described and decided by itself


def pieces(text: bytes) -> tuple[bytes, ...]:
    """The statements of a text, one piece each; the pieces joined are the very text, so that it can be sent whole.

    Semicolons, comments and space go with a neighbour. A text without any statement is one piece. Each piece is read
    again by itself, and must be the one statement that stands there in the whole. Raises `NotUnderstood`.
    """
    whole = parse(text)
    if len(whole.statements) > MAX_PIECES:
        raise NotUnderstood(f"the text holds more than {MAX_PIECES} statements; send fewer at a time")
    if len(whole.statements) < 2:
        return (text,)
    cuts = (0, *whole.starts[1:], len(text))
    if any(start >= end for start, end in pairwise(cuts)):
        raise NotUnderstood("the statements in the text can't be told apart")
    found = tuple(text[start:end] for start, end in pairwise(cuts))
    for piece, statement in zip(found, whole.statements, strict=True):
        alone = parse(piece).statements
        if len(alone) != 1 or not same_tree(alone[0], statement):
            raise NotUnderstood("the statements in the text can't be told apart")
    return found

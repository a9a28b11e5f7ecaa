"""What tests of formats share."""

from __future__ import annotations

from collections.abc import Callable

from interlock.sensitivity.formats.document import Format, Piece, pieces_of, rewritten


def read(format_: Format, source: str) -> dict[str, Piece]:
    """Pieces by path."""
    return {piece.where: piece for piece in pieces_of(format_.parts(source))}


def changed(format_: Format, source: str, new: Callable[[Piece], str | None]) -> str:
    """The document with a new text for each piece that `new` has one for."""
    parts = list(format_.parts(source))
    texts = iter([new(piece) for piece in pieces_of(parts)])
    return rewritten(source, 0, len(source), parts, texts, format_.write)

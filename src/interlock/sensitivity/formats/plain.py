"""Plain text, as a format: one piece. (Long ones go through `windows` instead.)"""

from __future__ import annotations

from collections.abc import Iterator

from interlock.sensitivity.formats.document import Part, Piece


class PlainText:
    """The `Format` of a text."""

    def parts(self, source: str) -> Iterator[Part]:
        """As `Format` has it."""
        if source:
            yield Piece(0, len(source), "$", source)

    def write(self, piece: Piece, new: str) -> str:
        """As `Format` has it."""
        return new

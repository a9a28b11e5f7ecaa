"""Everything that the native parser is asked while a text is read, done once: for a process that may die of it.

Reading a text (`statement.analyse`, `pieces.pieces`) parses it, each of its pieces, and the query inside a PREPARE, a
DECLARE or a COPY. Who has survived this survives that: the parser has no state that outlives a call.
"""

from __future__ import annotations

from interlock.sql.copy_out import inner_text
from interlock.sql.inner import text_behind
from interlock.sql.parse import Parsed, parse
from interlock.sql.pieces import pieces
from interlock.sql.tree import typed

_INSIDE = {"PrepareStmt": "AS", "DeclareCursorStmt": "FOR"}  # the word that the query stands behind


def rehearse(text: bytes) -> None:
    """Parses all that reading this text will parse; raises `NotUnderstood` where that will be refused."""
    parsed = parse(text)
    if len(parsed.statements) == 1:
        _inside(parsed)
    elif parsed.statements:
        pieces(text)  # each is read by itself later, and tasted then


def _inside(parsed: Parsed) -> None:
    kind, fields = typed(parsed.statements[0])
    query = fields.get("query")
    if query is not None and kind in _INSIDE:
        text_behind(parsed, _INSIDE[kind], query)
    elif query is not None and kind == "CopyStmt":
        inner_text(parsed, typed(query))

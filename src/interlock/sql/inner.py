"""The query inside another statement, as written: of PREPARE and DECLARE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interlock.errors import NotUnderstood
from interlock.sql.parse import COMMENTS, Parsed, parse, same_tree


def text_behind(parsed: Parsed, word: str, query: Mapping[str, Any]) -> bytes:
    """What stands behind the first token of this name, semicolons at the end left off; proved to be the tree `query`.

    `word` is the scanner's name of a reserved word, so that no name before it can be taken for it. Raises
    `NotUnderstood`.
    """
    tokens = [t for t in parsed.tokens if t.name not in COMMENTS]
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    before = next((t for t in tokens if t.name == word), None)
    if before is None:
        raise NotUnderstood("the query inside the statement can't be found")
    text = parsed.text[before.end : tokens[-1].end].strip()
    inner = parse(text)
    if len(inner.statements) != 1 or not same_tree(inner.statements[0], query):
        raise NotUnderstood("the query inside the statement can't be found")
    return text

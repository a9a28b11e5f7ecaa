"""Names in a tree, as `tree.words` has them, for trees whose nodes are all wrapped: a third of the time."""

from __future__ import annotations

from typing import Any


def words(items: Any) -> tuple[str, ...]:
    """The names in a list of String nodes; a star gives `*`, anything else the empty name."""
    try:
        if items and len(items) == 1:  # most are
            return (items[0]["String"]["sval"],)
        return tuple([item["String"]["sval"] for item in items or ()])
    except KeyError:
        return tuple(map(_word, items))


def _word(item: Any) -> str:
    text = item.get("String")
    return text.get("sval", "") if text is not None else "*" if "A_Star" in item else ""

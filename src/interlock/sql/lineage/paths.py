"""Names in a tree, as `tree.words` has them, for trees whose nodes are all wrapped: a third of the time."""

from __future__ import annotations

from typing import Any


def words(items: Any) -> tuple[str, ...]:
    """The names in a list of String nodes; a star gives `*`, anything else the empty name."""
    found = []
    for item in items or ():
        text = item.get("String")
        found.append(text.get("sval", "") if text is not None else "*" if "A_Star" in item else "")
    return tuple(found)

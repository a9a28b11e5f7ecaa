"""Word lists as they are written in this package: running text, words apart by white space."""

from __future__ import annotations


def words_of(text: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(text.split())


def phrases_of(text: str) -> frozenset[str]:
    """The phrases of a list, apart by commas."""
    return frozenset(" ".join(each.split()) for each in text.split(","))

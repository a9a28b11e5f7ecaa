"""What one call keeps while it masks: numbers for values it has met, and the surrogates that were fetched for it."""

from __future__ import annotations

from collections.abc import Mapping

from interlock.model.label import Label

Wanted = tuple[Label, bytes]
"""A value that wants a surrogate: its label, and its text in UTF-8."""

Surrogates = Mapping[Wanted, bytes]
"""Random bytes by what they stand for, as `ports.SurrogateVault` gave them."""


class Marks:
    """Numbers by label and value: `[phi.name#1]` is the first name that was met. Lives as long as one call.

    Case and spacing don't make another value of a name.
    """

    __slots__ = ("_numbers",)

    def __init__(self) -> None:
        self._numbers: dict[Label, dict[str, int]] = {}

    def number(self, label: Label, value: str) -> int:
        """The number of this value among those of its label, from 1 on."""
        known = self._numbers.setdefault(label, {})
        return known.setdefault(" ".join(value.casefold().split()), len(known) + 1)

    def __repr__(self) -> str:
        return "Marks(…)"

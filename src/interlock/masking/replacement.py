"""The mask of every rule so far: one constant in place of all values of a column."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replacement:
    """Replaces each value by `replacement` (None: NULL); NULL stays NULL where `keeps_null`.

    Its two attributes tell all it does, so that a wire's fast path may write the constant without calling it.
    """

    replacement: bytes | None
    keeps_null: bool

    def __call__(self, value: bytes | None) -> bytes | None:
        """What is sent in place of `value`, in the column's own format."""
        return None if value is None and self.keeps_null else self.replacement

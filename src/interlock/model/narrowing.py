"""A narrowing: what a reviewer takes away from a held action before it is signed. It never adds anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from interlock.model.canonical import JsonValue
from interlock.model.reveal import Reveal


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The terms. `row_cap`: at most so many rows. `reveals`: only these of the reveals asked for (None: all of them).
    `valid`: an approval runs out after so long. None where a term isn't touched.
    """

    row_cap: int | None = None
    reveals: frozenset[Reveal] | None = None
    valid: timedelta | None = None

    def document(self) -> Mapping[str, JsonValue]:
        """The terms as canonical JSON: what the new digest binds."""
        terms: dict[str, JsonValue] = {}
        if self.row_cap is not None:
            terms["row_cap"] = self.row_cap
        if self.reveals is not None:
            terms["reveals"] = [{"column": each.column, "label": each.label} for each in sorted(self.reveals)]
        if self.valid is not None:
            terms["valid"] = int(self.valid.total_seconds())
        return terms

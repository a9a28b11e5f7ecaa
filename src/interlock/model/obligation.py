"""Obligations: what must hold for an allowed action to run."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.model.label import Label


@dataclass(frozen=True, slots=True)
class Obligations:
    """What a door must enforce, or deny. `mask` lists the labels whose values may not leave."""

    mask: frozenset[Label] = frozenset()

    def and_also(self, other: Obligations) -> Obligations:
        """Both sets of obligations at once: the stricter of the two everywhere."""
        return Obligations(mask=self.mask | other.mask)

"""A reveal: permission to see a (column, label) unmasked, for one action (design section 5)."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.model.label import Label


@dataclass(frozen=True, slots=True, order=True)
class Reveal:
    """One column, by its full name (`clinic/public.patients.mrn`), and one of its labels as the catalog has it."""

    column: str
    label: Label

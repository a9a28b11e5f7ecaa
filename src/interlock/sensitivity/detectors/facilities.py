"""Facilities (layer 4): hospitals, clinics, schools, prisons by name; 45 CFR 164.514(b)(2)(i)(B)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.passage import Layer, Passage
from interlock.sensitivity.places.facility import facilities

FACILITY = Label("phi.address.facility")


@dataclass(frozen=True, slots=True)
class Facilities:
    """Finds names of facilities."""

    tables: Tables
    name: str = "facilities"
    layer: Layer = Layer.NAMES

    def find(self, passage: Passage) -> Sequence[Finding]:
        """Every facility named in the passage; kinds of facility (a pain clinic, the hospital) stay."""
        return [
            Finding(found.start, found.end, FACILITY, found.score, f"facilities: {found.form}")
            for found in facilities(passage, self.tables)
        ]


def detector(tables: Tables) -> Facilities:
    """The detector, with the tables that tell names from words."""
    return Facilities(tables)

"""Medical record numbers: no form of their own, so only where words tell them."""

from __future__ import annotations

from interlock.model.label import Label
from interlock.sensitivity.pattern import Structured
from interlock.sensitivity.told import told

DETECTOR = Structured(
    "mrn",
    (
        told(
            "mrn.glued",
            Label("phi.mrn"),
            (
                "mrns?",
                "mr no",
                "med(?:ical)? ?rec(?:ord)?s?",
                "emrn",
                "mpi",
                "empi",
                "(?:patienten|patient|fall|kranken)(?:nummer|nr)",
            ),
            0.95,
            glued=True,
            years=True,
            pairs=True,
        ),
        told(
            "mrn.told",
            Label("phi.mrn"),
            (
                "(?:patient|pt|chart|hospital|clinic|health|unit) (?:record|chart|unit)",
                "patient ?(?:id|ident|identifier|number|num|no|nbr|account)s?",
                "pt ?(?:id|no|num|number)s?",
                "(?:hospital|clinic|facility) ?(?:id|no|num|number)s?",
                "chart",
                "mr",
                "unit",
                "record",
            ),
            0.85,
        ),
    ),
    "medical record numbers, told by words",
)

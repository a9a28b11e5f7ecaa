"""Driver's and professional licences and certificates, where words tell them: each state has forms of its own."""

from __future__ import annotations

import re

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Structured, Verdict
from interlock.sensitivity.told import coded, told

_LICENCE = Label("phi.licence")


def _no_unit(candidate: Candidate) -> Verdict | None:
    """`mg/dL | 70-110` has a unit."""
    return None if _PER_DECILITRE.search(candidate.before) else Verdict(0.92, "told by words")


_PER_DECILITRE = re.compile(r"/dl[^a-z]*\Z")

DETECTOR = Structured(
    "driver_licence",
    (
        told(
            "driver_licence.told",
            _LICENCE,
            (
                "driver'?s?'? ?licen[sc]es?",
                "driving licen[sc]e",
                "drivers? (?:id|lic)",
                "dln?",
                "d/l",
                "operator licen[sc]e",
            ),
            0.92,
            least=4,
            check=_no_unit,
        ),
        told(
            "driver_licence.glued",
            _LICENCE,
            ("driver'?s?'? ?licen[sc]es?", "driv ?lic", "licen[sc]e (?:no|num|number|id|nbr|#)", "licen[sc]es?"),
            0.85,
            glued=True,
            least=4,
        ),
        told(
            "driver_licence.certificate",
            _LICENCE,
            ("lic", r"lic\.", "certificate", "certification", "cert", "credential", "state id", "permit", "upin"),
            0.75,
            least=4,
            check=coded,
        ),
    ),
    "driver's and professional licences, told by words",
)

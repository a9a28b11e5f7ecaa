"""Driver's and professional licences and certificates, where words tell them: each state has forms of its own."""

from __future__ import annotations

import re

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.told import coded, told

_LICENCE = Label("phi.licence")


def _no_unit(candidate: Candidate) -> Verdict | None:
    """`mg/dL | 70-110` has a unit."""
    return None if _PER_DECILITRE.search(candidate.before) else Verdict(0.92, "told by words")


def _query(candidate: Candidate) -> Verdict | None:
    start = candidate.matched.rindex("=") + 1
    if sum(map(str.isdigit, candidate.matched[start:])) < 4:
        return None
    return Verdict(0.85, "asked for in an address", start)


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
        Pattern(
            # A query to what looks licences up: `/licence/check?no=A5562307`.
            "driver_licence.query",
            r"/(?:driving-?|drivers?-?)?(?:licen[sc]es?|permits?)[/a-z_-]*[?](?:[a-z_]+=[A-Za-z0-9%._-]*&)*"
            r"(?:no|num|nr|number|id|q|licen[sc]e|value|code)=[A-Za-z0-9-]{5,}",
            _LICENCE,
            0.85,
            judge=_query,
            ignore_case=True,
        ),
        told(
            "driver_licence.certificate",
            _LICENCE,
            (
                "lic",
                "gmc|nmc|gdc|hcpc|gphc|ahpra|lanr|rpps|big-?(?:nummer|register)?|bar|medical council",
                r"lic\.",
                "certificate",
                "certification",
                "cert",
                "credential",
                "state id",
                "permit",
                "upin",
            ),
            0.75,
            least=4,
            check=coded,
        ),
    ),
    "driver's and professional licences, told by words",
)

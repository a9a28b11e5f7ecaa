"""Passports: numbers where words tell, in the forms of the US and Europe; machine-readable lines (ICAO 9303)."""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.told import told

_LABEL: Final = Label("pii.passport")


_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}.{0,4}")


def _told(candidate: Candidate) -> Verdict | None:
    """Six to twelve letters and digits; German ones are letters for the most part."""
    value = candidate.matched.replace(" ", "").replace("-", "")
    digits = sum(map(str.isdigit, value))
    least = 2 if value.isupper() and len(value) == 9 else 4
    if not 6 <= len(value) <= 12 or digits < least or _YEAR.fullmatch(value):
        return None
    return Verdict(0.9, "behind a word of passports")


def _has_checks(candidate: Candidate) -> Verdict | None:
    """ICAO 9303-3, section 4.9: the number's check digit by weights 7, 3, 1; letters from A = 10, fillers 0."""
    line = candidate.matched[-44:]
    total = sum((0 if c == "<" else int(c, 36)) * (7, 3, 1)[n % 3] for n, c in enumerate(line[:9]))
    return Verdict(1.0, "a machine-readable line") if line[9].isdigit() and total % 10 == int(line[9]) else None


DETECTOR = Structured(
    "passport",
    (
        told(
            "passport.told",
            _LABEL,
            (
                "passports?(?: ?(?:book|card))?(?: ?(?:no|nr|num|number|id))?",
                "passeport|pasaporte|passaporto|passaporte|paszport|ppt no",
                "reisepass(?:nummer|nr)?|passnummer|paspoort(?:nummer)?",
            ),
            0.9,
            least=2,
            check=_told,
        ),
        Pattern("passport.mrz_names", r"P[A-Z<][A-Z]{3}[A-Z]{2,}<[A-Z<]{20,}", _LABEL, 0.95, Beside.WORD),
        Pattern(
            "passport.mrz_numbers",
            r"[A-Z0-9<]{9}[0-9][A-Z<]{3}[0-9]{7}[MFX<][0-9]{7}[A-Z0-9<]{14}[0-9<][0-9]",
            _LABEL,
            1.0,
            Beside.WORD,
            _has_checks,
        ),
    ),
    "passport numbers",
)

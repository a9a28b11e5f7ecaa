"""Passports: numbers where words tell, in the forms of the US and Europe; machine-readable lines (ICAO 9303)."""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict

_LABEL: Final = Label("pii.passport")


def _told(candidate: Candidate) -> Verdict | None:
    number = re.search(r"(?:(?<![A-Za-z])[A-Z]{1,2}[ -])?[A-Za-z0-9]*[0-9][A-Za-z0-9]*$", candidate.matched)
    if number is None:
        return None
    value = number[0]
    digits = sum(c.isdigit() for c in value)
    least = 2 if value.isupper() and len(value) == 9 else 4  # noqa: PLR2004  German ones are letters for the most part
    if not (6 <= len(value) <= 12 and digits >= least) or re.fullmatch(r"(?:19|20)[0-9]{2}.{0,4}", value):
        return None
    return Verdict(0.9, "behind a word of passports", len(candidate.matched) - len(value))


def _has_checks(candidate: Candidate) -> Verdict | None:
    """ICAO 9303-3, section 4.9: the number's check digit by weights 7, 3, 1; letters from A = 10, fillers 0."""
    line = candidate.matched[-44:]
    total = sum((0 if c == "<" else int(c, 36)) * (7, 3, 1)[n % 3] for n, c in enumerate(line[:9]))
    return Verdict(1.0, "a machine-readable line") if line[9].isdigit() and total % 10 == int(line[9]) else None


DETECTOR = Structured(
    "passport",
    (
        Pattern(
            "passport.told",
            r"(passport|passeport|reisepass|pasaporte|passaporto|paspoort|passaporte|paszport|passnummer|ppt no)"
            r"[a-z_]{0,10}[ _]?(book |card )?(number|num|no|nr|id|#)?(ber|mer)?( is| was|:)?[ _.\"':=#|,>()\t-]+"
            r"(is )?[\"']?[A-Za-z]{0,3}[ -]?[A-Z0-9]{1,2}[0-9][A-Z0-9]{3,9}",
            _LABEL,
            0.9,
            Beside.WORD,
            _told,
            ignore_case=True,
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

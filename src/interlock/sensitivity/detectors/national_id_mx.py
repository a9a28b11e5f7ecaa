"""Mexico: CURP."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import is_short_day
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("curp",)


def is_curp(text: str) -> bool:
    """Birth date in the middle; the last digit is the sum of places 18 to 2 modulo 10."""
    signs = "0123456789ABCDEFGHIJKLMN\u00d1OPQRSTUVWXYZ"
    total = sum(signs.index(c) * (18 - place) for place, c in enumerate(text[:17]))
    return is_short_day(text[4:6], text[6:8], text[8:10]) and str(-total % 10) == text[17]


DETECTOR = Structured(
    "national_id_mx",
    (
        national_id(
            "mx", "curp", r"[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[A-Z0-9][0-9]", is_curp, 0.95, _WORDS, ignore_case=True
        ),
    ),
    "Mexican CURP",
)

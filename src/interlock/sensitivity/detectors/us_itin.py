"""US individual taxpayer identification numbers (IRS Publication 1915): 9xx, and a group of the ranges given out."""

from __future__ import annotations

from interlock.model.label import Label
from interlock.sensitivity.numbered import checked, told_number
from interlock.sensitivity.pattern import Beside, Pattern, Structured

_WORDS = frozenset(("itin", "taxpayer", "tax id", "tin", "taxpayer id", "tax identification", "w-7", "1040nr"))


def is_itin(digits: str) -> bool:
    """Fourth and fifth digit 50 to 65, 70 to 88, 90 to 92 or 94 to 99."""
    group = int(digits[3:5])
    return 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99


DETECTOR = Structured(
    "us_itin",
    (
        Pattern(
            "us_itin.grouped",
            r"9[0-9]{2}[- ][5-9][0-9][- ][0-9]{4}",
            Label("pii.itin"),
            0.9,
            Beside.DIGIT,
            checked(is_itin, 0.9, "form, group"),
            _WORDS,
        ),
        told_number("us_itin.plain", r"9[0-9]{2}[5-9][0-9]{5}", Label("pii.itin"), is_itin, 0.8, _WORDS, why="group"),
    ),
    "US taxpayer numbers (ITIN)",
)

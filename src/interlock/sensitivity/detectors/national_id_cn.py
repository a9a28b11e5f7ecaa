"""China: resident identity numbers (GB 11643: ISO 7064 MOD 11-2)."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import is_day, weighted
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("resident identity", "id card", "身份证", "shenfenzheng")


def is_resident(text: str) -> bool:
    """Region, birth date, serial, and a check sign that may be X."""
    if not is_day(int(text[6:10]), int(text[10:12]), int(text[12:14])):
        return False
    return "10X98765432"[weighted(text[:17], (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11] == text[17]


DETECTOR = Structured(
    "national_id_cn",
    (national_id("cn", "resident", r"[1-8][0-9]{5}(19|20)[0-9]{9}[0-9Xx]", is_resident, 0.9, _WORDS),),
    "Chinese resident identity numbers",
)

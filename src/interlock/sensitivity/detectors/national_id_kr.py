"""South Korea: resident registration numbers: birth date, sex and century, place, serial."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import is_short_day
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("rrn", "resident registration", "주민등록번호", "jumin")


def is_rrn(digits: str) -> bool:
    """The check digit was given up in 2020, so the date alone is looked at."""
    return is_short_day(digits[:2], digits[2:4], digits[4:6])


DETECTOR = Structured(
    "national_id_kr",
    (national_id("kr", "rrn", r"[0-9]{2}[01][0-9][0-3][0-9]-[1-8][0-9]{6}", is_rrn, 0.8, _WORDS, why="a date"),),
    "South Korean resident registration numbers",
)

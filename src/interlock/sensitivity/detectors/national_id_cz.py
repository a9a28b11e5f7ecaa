"""Czechia and Slovakia: rodné číslo: birth date (month plus 50 for women), serial, divisible by 11."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import is_short_day
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("rodne cislo", "rodné číslo", "birth number", "rč", "r.č")


def is_birth_number(digits: str) -> bool:
    """Months may have 20, 50 or 70 added; nine digits, from before 1954, have no check."""
    month = int(digits[2:4])
    real = month - next((n for n in (70, 50, 20) if month > n), 0)
    return is_short_day(digits[:2], str(real), digits[4:6]) and (len(digits) == 9 or int(digits) % 11 == 0)


DETECTOR = Structured(
    "national_id_cz",
    (
        national_id("cz", "slashed", r"[0-9]{6}/[0-9]{4}", is_birth_number, 0.75, _WORDS),
        national_id("cz", "plain", r"[0-9]{6}/?[0-9]{3,4}", is_birth_number, 0.35, _WORDS),
    ),
    "Czech and Slovak birth numbers",
)

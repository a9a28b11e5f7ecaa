"""Poland: PESEL: birth date with the century in the month, serial, weights 1, 3, 7, 9."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import is_day, weighted
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("pesel", "numer ewidencyjny", "polish id")


def is_pesel(digits: str) -> bool:
    """Months from 21 on are of 2000 and later, from 81 on of 1800 and later."""
    century, month = divmod(int(digits[2:4]), 20)
    year = (1900, 2000, 2100, 2200, 1800)[century] + int(digits[:2])
    return is_day(year, month, int(digits[4:6])) and -weighted(digits[:10], (1, 3, 7, 9) * 3) % 10 == int(digits[10])


DETECTOR = Structured(
    "national_id_pl",
    (national_id("pl", "pesel", r"[0-9]{11}", is_pesel, 0.45, _WORDS),),
    "Polish PESEL numbers",
)

"""Denmark: CPR numbers: birth date and serial; modulus 11 held until 2007."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import is_short_day, weighted
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("cpr", "cpr-nummer", "cpr-nr", "cprnr", "personnummer", "danish")


def is_cpr(digits: str) -> bool:
    """Any serial behind a date: those given out since 2007 need not pass modulus 11."""
    return is_short_day(digits[4:6], digits[2:4], digits[:2])


def is_checked_cpr(digits: str) -> bool:
    """A date, and modulus 11 over all ten digits."""
    return is_cpr(digits) and weighted(digits, (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


DETECTOR = Structured(
    "national_id_dk",
    (
        national_id("dk", "checked", r"[0-3][0-9][01][0-9]{3}-[0-9]{4}", is_checked_cpr, 0.55, _WORDS),
        national_id("dk", "cpr", r"[0-3][0-9][01][0-9]{3}[- ]?[0-9]{4}", is_cpr, 0.3, _WORDS, why="a date"),
    ),
    "Danish CPR numbers",
)

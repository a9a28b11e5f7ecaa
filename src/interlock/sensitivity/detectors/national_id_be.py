"""Belgium: rijksregisternummer, numéro national: birth date, serial, 97 less the number modulo 97."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import is_short_day
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = (
    "rijksregister",
    "rijksregisternummer",
    "registre national",
    "numero national",
    "numéro national",
    "national number",
    "nrn",
    "insz",
    "niss",
    "belgian",
)


def is_register(digits: str) -> bool:
    """Births from 2000 on have a 2 before the nine digits when the rest is taken."""
    if not is_short_day(digits[:2], digits[2:4], digits[4:6]):
        return False
    check = int(digits[9:11])
    return check in (97 - int(digits[:9]) % 97, 97 - int("2" + digits[:9]) % 97)


DETECTOR = Structured(
    "national_id_be",
    (
        national_id(
            "be", "register_grouped", r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}[- ][0-9]{3}\.[0-9]{2}", is_register, 0.95, _WORDS
        ),
        national_id("be", "register", r"[0-9]{6}[ -]?[0-9]{3}[ .-]?[0-9]{2}", is_register, 0.45, _WORDS),
    ),
    "Belgian national register numbers",
)

"""Norway: fødselsnummer and D-number: birth date, serial, two digits by modulus 11."""

from __future__ import annotations

from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.check_digits import is_short_day, weighted
from interlock.sensitivity.numbered import national_id, told_number
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("fodselsnummer", "fødselsnummer", "fnr", "personnummer", "norwegian", "d-nummer")


def is_birth_number(digits: str) -> bool:
    """A D-number has 4 added to the first digit."""
    day = int(digits[:2])
    if not is_short_day(digits[4:6], digits[2:4], str(day - 40 if day > 40 else day)):
        return False
    first = -weighted(digits[:9], (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
    second = -weighted(digits[:10], (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return digits[9:] == f"{first}{second}"


DETECTOR = Structured(
    "national_id_no",
    (
        national_id("no", "birth_number", r"[0-7][0-9][01][0-9]{3} ?[0-9]{5}", is_birth_number, 0.6, _WORDS),
        told_number(
            "national_id.no.told",
            r"[0-7][0-9][01][0-9]{3} ?[0-9]{5}",
            Label("pii.national_id.no"),
            is_birth_number,
            0.95,
            _WORDS,
        ),
    ),
    "Norwegian birth numbers",
)

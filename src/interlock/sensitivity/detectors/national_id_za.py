"""South Africa: identity numbers: birth date, serial, citizenship, Luhn."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import is_short_day, luhn
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("id number", "identity number", "rsa id", "south african", "sa id", "id no")


def is_identity(digits: str) -> bool:
    """The eleventh digit is 0 or 1, the twelfth was once for race and is 8 or 9."""
    return is_short_day(digits[:2], digits[2:4], digits[4:6]) and luhn(digits)


DETECTOR = Structured(
    "national_id_za",
    (
        national_id(
            "za", "identity", r"[0-9]{2}[01][0-9][0-3][0-9] ?[0-9]{4} ?[01][089][0-9]", is_identity, 0.55, _WORDS
        ),
    ),
    "South African identity numbers",
)

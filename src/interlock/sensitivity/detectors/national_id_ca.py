"""Canada: social insurance numbers (Luhn)."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import luhn
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("sin", "social insurance", "nas", "assurance sociale", "insurance number")


def is_sin(digits: str) -> bool:
    """0 and 8 aren't given to people."""
    return digits[0] not in "08" and luhn(digits)


DETECTOR = Structured(
    "national_id_ca",
    (
        national_id("ca", "hyphened", r"[1-79][0-9]{2}-[0-9]{3}-[0-9]{3}", is_sin, 0.6, _WORDS),
        national_id("ca", "sin", r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}", luhn, 0.3, _WORDS),
    ),
    "Canadian social insurance numbers",
)

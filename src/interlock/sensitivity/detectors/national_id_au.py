"""Australia: tax file numbers (modulus 11) and Medicare numbers (modulus 10)."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import weighted
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_TFN: Final = ("tfn", "tax file", "tax file number", "tax_file_number")
_MEDICARE: Final = ("medicare", "medicare number", "medicare no", "medicare card")


def is_tfn(digits: str) -> bool:
    """Weights 1, 4, 3, 7, 5, 8, 6, 9, 10; eight digits leave the eighth weight out."""
    weights = (1, 4, 3, 7, 5, 8, 6, 9, 10) if len(digits) == 9 else (10, 7, 8, 4, 6, 3, 5, 1)
    return len(set(digits)) > 1 and weighted(digits, weights) % 11 == 0


def is_medicare(digits: str) -> bool:
    """The ninth digit by the first eight; the tenth counts cards issued, an eleventh is the person's line."""
    return weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(digits[8])


DETECTOR = Structured(
    "national_id_au",
    (
        national_id("au", "tfn", r"[0-9]{3} ?[0-9]{3} ?[0-9]{2,3}", is_tfn, 0.3, _TFN),
        national_id(
            "au", "medicare_grouped", r"[2-6][0-9]{3} [0-9]{5} [0-9]([ /-]{1,3}[1-9])?", is_medicare, 0.65, _MEDICARE
        ),
        national_id("au", "medicare", r"[2-6][0-9]{9}([ /-]?[1-9])?", is_medicare, 0.35, _MEDICARE),
    ),
    "Australian tax file and Medicare numbers",
)

"""Portugal: NIF: nine digits, weights 9 to 2, modulus 11."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import weighted
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("nif", "contribuinte", "numero fiscal", "número fiscal", "portuguese")


def is_nif(digits: str) -> bool:
    """11 less the sum modulo 11; 10 and 11 are written as 0."""
    check = 11 - weighted(digits[:8], range(9, 1, -1)) % 11
    return digits[0] in "1235689" and (0 if check > 9 else check) == int(digits[8])


DETECTOR = Structured(
    "national_id_pt",
    (national_id("pt", "nif", r"[1235689][0-9]{2} ?[0-9]{3} ?[0-9]{3}", is_nif, 0.3, _WORDS),),
    "Portuguese tax numbers",
)

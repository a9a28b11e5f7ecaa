"""Singapore: NRIC and FIN."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import weighted
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("nric", "fin", "singpass")


def is_nric(text: str) -> bool:
    """Weights 2, 7, 6, 5, 4, 3, 2; those of 2000 on add 4, the series of 2022 adds 3."""
    total = weighted(text[1:8], (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(text[0], 0)
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "M": "KLJNPQRTUWX"}.get(text[0], "XWUTRQPNMLK")
    place = total % 11
    return letters[10 - place if text[0] == "M" else place] == text[8]


DETECTOR = Structured(
    "national_id_sg",
    (national_id("sg", "nric", r"[STFGM][0-9]{7}[A-Z]", is_nric, 0.75, _WORDS),),
    "Singaporean NRIC and FIN",
)

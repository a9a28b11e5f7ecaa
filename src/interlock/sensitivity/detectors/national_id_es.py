"""Spain: DNI and NIE (Royal Decree 1553/2005): a letter by the number modulo 23."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("dni", "nie", "nif", "documento", "identidad", "extranjero")


def is_dni(text: str) -> bool:
    """X, Y and Z at the beginning of a NIE count as 0, 1 and 2."""
    number = str("XYZ".find(text[0])) + text[1:-1] if text[0] in "XYZ" else text[:-1]
    return number.isdigit() and "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


DETECTOR = Structured(
    "national_id_es",
    (
        national_id("es", "dni", r"[0-9]{8}[ -]?[A-HJ-NP-TV-Z]", is_dni, 0.6, _WORDS, ignore_case=True),
        national_id("es", "nie", r"[XYZ][ -]?[0-9]{7}[ -]?[A-HJ-NP-TV-Z]", is_dni, 0.75, _WORDS, ignore_case=True),
    ),
    "Spanish DNI and NIE",
)

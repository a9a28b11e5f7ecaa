"""India: Aadhaar (Verhoeff) and PAN (the fourth letter is the kind of holder)."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import verhoeff
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_AADHAAR: Final = ("aadhaar", "aadhar", "uidai", "uid", "aadhaar number", "adhaar")
_PAN: Final = ("pan", "permanent account", "income tax", "pan card")


def is_aadhaar(digits: str) -> bool:
    """The twelfth digit is Verhoeff's."""
    return len(set(digits)) > 2 and verhoeff(digits)


DETECTOR = Structured(
    "national_id_in",
    (
        national_id("in", "aadhaar_grouped", r"[2-9][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}", is_aadhaar, 0.65, _AADHAAR),
        national_id("in", "aadhaar", r"[2-9][0-9]{11}", is_aadhaar, 0.4, _AADHAAR),
        national_id("in", "pan", r"[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]", str.isalnum, 0.6, _PAN, why="form"),
    ),
    "Indian Aadhaar and PAN",
)

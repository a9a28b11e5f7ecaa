"""United Kingdom: National Insurance numbers and NHS numbers (NHS Data Dictionary: modulus 11)."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import weighted
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_NINO: Final = ("nino", "national insurance", "ni number", "ni no", "insurance number")
_NHS: Final = ("nhs", "nhs number", "nhs no", "nhs_number", "nhsnumber")


def is_nino(text: str) -> bool:
    """HMRC's NIM39110: prefixes that are never given out, and those that are kept for others."""
    return text[:2] not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ", "OO", "FY", "NC", "PZ")


def is_nhs(text: str) -> bool:
    """The tenth digit is 11 less the sum of the first nine times 10 to 2, modulo 11; 10 is never given out."""
    check = 11 - weighted(text, range(10, 1, -1)) % 11
    return len(set(text)) > 1 and check != 10 and check % 11 == int(text[9])


DETECTOR = Structured(
    "national_id_uk",
    (
        national_id(
            "uk",
            "nino",
            r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-D]",
            is_nino,
            0.7,
            _NINO,
            why="prefix and suffix",
            ignore_case=True,
        ),
        # The prefix of examples, QQ, and those never given out: behind words alone.
        national_id(
            "uk",
            "nino_told",
            r"[A-Z]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-D]",
            str.isalnum,
            0.45,
            _NINO,
            why="form",
        ),
        national_id("uk", "nhs_grouped", r"[0-9]{3}[ -][0-9]{3}[ -][0-9]{4}", is_nhs, 0.4, _NHS),
        national_id("uk", "nhs", r"[0-9]{10}", is_nhs, 0.4, _NHS),
    ),
    "UK National Insurance and NHS numbers",
)

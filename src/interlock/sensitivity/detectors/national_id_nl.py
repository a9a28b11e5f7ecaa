"""Netherlands: burgerservicenummer: nine digits, weights 9 to 2 and -1, modulo 11."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import weighted
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = (
    "bsn",
    "burgerservicenummer",
    "burger service nummer",
    "sofinummer",
    "sofi",
    "citizen service number",
    "persoonsnummer",
)


def is_bsn(digits: str) -> bool:
    """The elfproef; eight digits have a zero before them."""
    number = digits.zfill(9)
    return len(set(number)) > 1 and (weighted(number, range(9, 1, -1)) - int(number[8])) % 11 == 0


DETECTOR = Structured(
    "national_id_nl",
    (
        national_id("nl", "bsn", r"[0-9]{8,9}", is_bsn, 0.3, _WORDS),
        national_id(
            "nl",
            "bsn_grouped",
            r"[0-9]{4}[ .][0-9]{2}[ .][0-9]{3}|[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{3}",
            is_bsn,
            0.3,
            _WORDS,
        ),
    ),
    "Dutch citizen service numbers",
)

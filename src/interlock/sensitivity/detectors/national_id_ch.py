"""Switzerland: AHV numbers: 756, nine digits, check digit of EAN-13."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import weighted
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("ahv", "avs", "navs", "ahv-nummer", "oasi")


def is_ahv(digits: str) -> bool:
    """EAN-13: weights 1 and 3 by turns."""
    return weighted(digits, (1, 3) * 6 + (1,)) % 10 == 0


DETECTOR = Structured(
    "national_id_ch",
    (national_id("ch", "ahv", r"756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}", is_ahv, 0.85, _WORDS),),
    "Swiss AHV numbers",
)

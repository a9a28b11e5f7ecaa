"""Austria: Sozialversicherungsnummer: serial, check digit, birth date."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import is_short_day, weighted
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = (
    "svnr",
    "sozialversicherung",
    "sozialversicherungsnummer",
    "sv-nummer",
    "versicherungsnummer",
    "sv nummer",
    "sv-nr",
)


def is_svnr(digits: str) -> bool:
    """A weighted sum modulo 11 gives the fourth digit; months 13 to 15 stand where the numbers of a day ran out."""
    born = is_short_day(digits[8:], digits[6:8], digits[4:6]) or digits[6:8] in ("13", "14", "15")
    if digits[0] == "0" or not born:
        return False
    return weighted(digits, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11 == int(digits[3])


DETECTOR = Structured(
    "national_id_at",
    (
        national_id("at", "grouped", r"[1-9][0-9]{3}[ /-][0-3][0-9][01][0-9]{3}", is_svnr, 0.6, _WORDS),
        national_id("at", "svnr", r"[1-9][0-9]{9}", is_svnr, 0.35, _WORDS),
    ),
    "Austrian social insurance numbers",
)

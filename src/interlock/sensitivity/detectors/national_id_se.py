"""Sweden: personnummer and samordningsnummer: birth date (day plus 60 for the latter), serial, Luhn."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import is_short_day, luhn
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("personnummer", "personnr", "samordningsnummer", "pnr", "swedish", "personal number")


def is_personal(digits: str) -> bool:
    """Over the last ten digits, whether or not the century is written."""
    short = digits.replace("+", "")[-10:]
    day = int(short[4:6])
    return is_short_day(short[:2], short[2:4], str(day - 60 if day > 60 else day)) and luhn(short)


DETECTOR = Structured(
    "national_id_se",
    (
        national_id("se", "hyphened", r"[0-9]{6}[-+][0-9]{4}", is_personal, 0.55, _WORDS),
        national_id("se", "century", r"(19|20)[0-9]{6}-?[0-9]{4}", is_personal, 0.65, _WORDS),
        national_id("se", "plain", r"[0-9]{10}", is_personal, 0.4, _WORDS),
    ),
    "Swedish personal numbers",
)

"""Turkey: T.C. kimlik numbers: eleven digits, the last two by the others."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("kimlik", "tc kimlik", "tckn", "t.c", "turkish")


def is_kimlik(digits: str) -> bool:
    """The tenth is 7 times the odd places less the even ones, the eleventh the sum of ten, both modulo 10."""
    odd, even = sum(map(int, digits[:9:2])), sum(map(int, digits[1:8:2]))
    return (7 * odd - even) % 10 == int(digits[9]) and sum(map(int, digits[:10])) % 10 == int(digits[10])


DETECTOR = Structured(
    "national_id_tr",
    (national_id("tr", "kimlik", r"[1-9][0-9]{10}", is_kimlik, 0.45, _WORDS),),
    "Turkish identity numbers",
)

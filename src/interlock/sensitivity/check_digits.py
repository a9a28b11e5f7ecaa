"""Check digits: the arithmetic by which a number shows that it was given out and not made up.

All take digits alone (`digits_of` leaves the rest out) and answer False for anything of a wrong length. None of them
proves anything: one digit passes one time in ten, two pass one time in a hundred.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_DIGITS: Final = frozenset("0123456789")
_DOUBLED: Final = str.maketrans("0123456789", "0246813579")  # the digits of what is doubled, added up

# Verhoeff, Error Detecting Decimal Codes (1969): the multiplication of the dihedral group D5, and its permutation.
_D5: Final = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
_PERMUTED: Final = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def digits_of(text: str) -> str:
    """The ASCII digits of `text`, in order."""
    return "".join(filter(_DIGITS.__contains__, text))


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: the last digit is the check digit."""
    if len(digits) < 2:
        return False
    doubled = digits[-2::-2].translate(_DOUBLED)
    return (sum(map(int, doubled)) + sum(map(int, digits[-1::-2]))) % 10 == 0


def verhoeff(digits: str) -> bool:
    """Verhoeff's code over D5: the last digit is the check digit."""
    if len(digits) < 2:
        return False
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_D5[check][int(_PERMUTED[place % 8][int(digit)])])
    return check == 0


def mod_97(text: str) -> bool:
    """ISO 7064 MOD 97-10 over digits and capitals (A is 10), as ISO 13616 has it: the first four come last."""
    moved = text[4:] + text[:4]
    if len(moved) < 5 or not moved.isascii() or not moved.isalnum():
        return False
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def mod_11_10(digits: str) -> bool:
    """ISO 7064 MOD 11,10: the last digit is the check digit."""
    if len(digits) < 2:
        return False
    product = 10
    for digit in digits[:-1]:
        product = (int(digit) + product) % 10 or 10
        product = product * 2 % 11
    return (11 - product) % 10 == int(digits[-1])


def weighted(digits: str, weights: Sequence[int]) -> int:
    """The sum of each digit times its weight. Digits beyond the weights don't count."""
    return sum(int(d) * w for d, w in zip(digits, weights, strict=False))


def is_day(year: int, month: int, day: int) -> bool:
    """Whether there is such a day, leap years counted as the Gregorian calendar does."""
    if not 1 <= month <= 12 or day < 1:
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day <= (29 if leap else 28, 31)[month != 2] - (month in (4, 6, 9, 11))


def is_short_day(year: str, month: str, day: str) -> bool:
    """The same for a year of two digits: it counts when there is such a day in 19xx or 20xx."""
    return any(is_day(century + int(year), int(month), int(day)) for century in (1900, 2000))

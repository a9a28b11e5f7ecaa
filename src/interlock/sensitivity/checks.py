"""A check digit that several kinds of numbers share."""

from __future__ import annotations

from typing import Final

_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn(digits: str) -> bool:
    """Whether the last digit is Luhn's (ISO/IEC 7812-1, annex B). `digits` are ASCII digits alone; one isn't enough."""
    total = sum(map(int, digits[-1::-2])) + sum(_DOUBLED[int(d)] for d in digits[-2::-2])
    return len(digits) > 1 and total % 10 == 0

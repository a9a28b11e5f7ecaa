"""Check digits that several kinds of numbers share."""

from __future__ import annotations


def luhn(digits: str) -> bool:
    """Whether the last digit is Luhn's (ISO/IEC 7812-1, annex B). `digits` are ASCII digits alone."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return bool(digits) and total % 10 == 0

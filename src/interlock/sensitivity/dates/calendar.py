"""Which numbers can be a date, in the orders that people use."""

from __future__ import annotations

FIRST_YEAR, LAST_YEAR = 1850, 2099
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_month_and_day(month: int, day: int) -> bool:
    """Whether that day exists in that month of some year."""
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]


def is_day_and_month(one: int, other: int) -> bool:
    """Whether the two are a month and a day, in either order."""
    return is_month_and_day(one, other) or is_month_and_day(other, one)


def is_year(digits: str) -> bool:
    """Whether these four digits are a year that somebody alive or lately dead may have seen."""
    return len(digits) == 4 and FIRST_YEAR <= int(digits) <= LAST_YEAR


def is_time(digits: str) -> bool:
    """Whether `HH`, `HHMM` or `HHMMSS` is a time of day."""
    pairs = [int(digits[i : i + 2]) for i in range(0, len(digits), 2)]
    return len(digits) in (2, 4, 6) and pairs[0] < 24 and all(pair < 60 for pair in pairs[1:])


def is_compact(digits: str) -> bool:
    """Whether `digits` is YYYYMMDD, with HH, HHMM or HHMMSS after it or not (HL7 v2, section 2.A.22; DICOM DA)."""
    return (
        len(digits) in (8, 10, 12, 14)
        and is_year(digits[:4])
        and is_month_and_day(int(digits[4:6]), int(digits[6:8]))
        and (len(digits) == 8 or is_time(digits[8:]))
    )

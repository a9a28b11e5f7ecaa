"""Dates as people and programs write them: what day a text means, and how another day is written the same way."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Final

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WORD: Final = r"([A-Za-z]{3,9})\.?"
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})((?:[T ][0-9:.,+\- Zz]{1,32})?)")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})((?:T?\d{4,6}(?:\.\d{1,9})?(?:[+-]\d{4}|Z)?)?)")  # HL7 v2 DT and TS
_SLASHED: Final = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")
_DAY_MONTH: Final = re.compile(rf"(\d{{1,2}})((?:st|nd|rd|th)?)([ -]){_WORD}([ ,-]{{1,2}})(\d{{4}})", re.IGNORECASE)
_MONTH_DAY: Final = re.compile(rf"{_WORD} (\d{{1,2}})((?:st|nd|rd|th)?)(,? )(\d{{4}})", re.IGNORECASE)
_YEAR: Final = re.compile(r"(?<![0-9])(?:1[89]|20|21)[0-9]{2}(?![0-9])")

Written = tuple[date, Callable[[date], str]]


def read_date(text: str) -> Written | None:
    """The day that a whole text tells with its year, and what writes another the same way; a time behind it stays.

    03/04/1980 is read as Americans do. None for all that isn't plainly one date.
    """
    for read in (_iso, _compact, _slashed, _day_month, _month_day):
        if (found := read(text)) is not None:
            return found
    return None


def year_of(text: str) -> int | None:
    """The one year that a date in words or digits tells with four digits; None if there are none, or several."""
    found = read_date(text)
    if found is not None:
        return found[0].year
    years = {int(year) for year in _YEAR.findall(text)}
    return years.pop() if len(years) == 1 else None


def _iso(text: str) -> Written | None:
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    return _made(found[1], found[2], found[3], lambda day: f"{day.isoformat()}{found[4]}")


def _compact(text: str) -> Written | None:
    found = _COMPACT.fullmatch(text)
    if found is None:
        return None
    return _made(
        found[1], found[2], found[3], lambda day: f"{day.year:04}{day.month:02}{day.day:02}{found[4]}", least=1800
    )


def _slashed(text: str) -> Written | None:
    found = _SLASHED.fullmatch(text)
    if found is None:
        return None
    first, sign, second = found[1], found[2], found[3]
    day_first = int(first) > len(_MONTHS)
    month, day = (second, first) if day_first else (first, second)

    def write(other: date) -> str:
        parts = (other.day, other.month) if day_first else (other.month, other.day)
        padded = "0" in (first[0], second[0]) or len(first + second) == 4
        return sign.join((*(_number(part, padded) for part in parts), f"{other.year:04}"))

    return _made(found[4], month, day, write)


def _day_month(text: str) -> Written | None:
    found = _DAY_MONTH.fullmatch(text)
    month = _month(found[4]) if found is not None else None
    if found is None or month is None:
        return None

    def write(other: date) -> str:
        day = f"{_number(other.day, found[1][0] == '0' or found[3] == '-')}{_ending(other.day) if found[2] else ''}"
        return f"{day}{found[3]}{_named(other.month, found[4])}{found[5]}{other.year:04}"

    return _made(found[6], str(month), found[1], write)


def _month_day(text: str) -> Written | None:
    found = _MONTH_DAY.fullmatch(text)
    month = _month(found[1]) if found is not None else None
    if found is None or month is None:
        return None

    def write(other: date) -> str:
        day = f"{_number(other.day, found[2][0] == '0')}{_ending(other.day) if found[3] else ''}"
        return f"{_named(other.month, found[1])} {day}{found[4]}{other.year:04}"

    return _made(found[5], str(month), found[2], write)


def _made(year: str, month: str, day: str, write: Callable[[date], str], least: int = 1) -> Written | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return (found, write) if found.year >= least else None


def _month(word: str) -> int | None:
    """Its number, by its name or the first three or four letters of it."""
    lowered = word.lower()
    short = lowered[:3] if lowered == "sept" else lowered
    for number, name in enumerate(_MONTHS, start=1):
        if short == name or (len(short) == 3 and name.startswith(short)):
            return number
    return None


def _named(month: int, like: str) -> str:
    name = _MONTHS[month - 1]
    name = name[:3] if len(like) <= 4 and like.lower() not in _MONTHS else name
    return name.upper() if like.isupper() else name if like.islower() else name.capitalize()


def _number(number: int, padded: bool) -> str:
    return f"{number:02}" if padded else str(number)


def _ending(day: int) -> str:
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10 if not 11 <= day % 100 <= 13 else 0, "th")

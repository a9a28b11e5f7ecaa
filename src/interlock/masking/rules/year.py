"""Year: a date becomes its year; where that would tell an age over 89, nothing of it stays (45 CFR
164.514(b)(2)(i)(C): all elements of dates, year included, that are indicative of such age).

In a date column the year is its first of January, in a text four digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from interlock.masking.dates import read_date, year_of
from interlock.masking.value import About, Kind, Outcome, Special, Value

OVER: Final = 90  # years back: whoever was born then may be 90, or is about to be
_PLAUSIBLE: Final = range(1800, 2200)


@dataclass(frozen=True, slots=True)
class Year:
    """`as_of`: the day that ages are counted up to."""

    as_of: date

    def __call__(self, value: Value, about: About) -> Outcome:
        """The year, in the same type; refused where no one year is told, or one that tells an age over 89."""
        match value:
            case datetime() if about.kind is Kind.TIMESTAMP:
                first = value.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
                return first if self._tells_little(value.year) else Special.REFUSED
            case date() if about.kind is Kind.DATE:
                return date(value.year, 1, 1) if self._tells_little(value.year) else Special.REFUSED
            case str() if about.kind is Kind.TEXT:
                year = year_of(value.strip())
                return str(year) if year is not None and self._tells_little(year) else Special.REFUSED
            case int() if about.kind is Kind.INTEGER and not isinstance(value, bool):
                return self._integer(value)
            case _:
                return Special.REFUSED

    def _integer(self, value: int) -> Outcome:
        """A year, or a day as 19800314."""
        year = value
        if value not in _PLAUSIBLE:
            found = read_date(str(value))
            if found is None:
                return Special.REFUSED
            year = found[0].year
        return year if year in _PLAUSIBLE and self._tells_little(year) else Special.REFUSED

    def _tells_little(self, year: int) -> bool:
        return self.as_of.year - year < OVER

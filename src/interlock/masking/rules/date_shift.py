"""Date shift: all dates of one patient move by the same number of days, so that what lies between them stays.

From one to 365 days back or forth, never none; keyed by the subject. Not Safe Harbor, where only years may stay: for
what an expert determined or a limited data set.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from interlock.masking.dates import read_date
from interlock.masking.keys import MaskKeys
from interlock.masking.value import About, Kind, Outcome, Special, Value

MOST_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class DateShift:
    """Under one namespace's keys."""

    keys: MaskKeys

    def days(self, subject: str) -> int:
        """By how many days this subject's dates move."""
        key = self.keys.derive("date_shift").reveal()
        drawn = hashlib.blake2b(subject.encode(), digest_size=16, key=key).digest()
        days = int.from_bytes(drawn, "big") % (2 * MOST_DAYS) - MOST_DAYS
        return days if days < 0 else days + 1

    def __call__(self, value: Value, about: About) -> Outcome:
        """Another day, in the same type and form; refused where nobody knows whose date it is, or where no day is told
        with its year."""
        if about.subject is None:
            return Special.REFUSED
        by = timedelta(days=self.days(about.subject))
        try:
            match value:
                case date() if about.kind in (Kind.DATE, Kind.TIMESTAMP):  # a datetime is one, too
                    return value + by
                case str() if about.kind is Kind.TEXT and (found := read_date(value.strip())) is not None:
                    return found[1](found[0] + by)
                case _:
                    return Special.REFUSED
        except OverflowError:  # before the year 1 or after 9999
            return Special.REFUSED

"""Age: up to 89 it stays, and all above become one: 90+ (45 CFR 164.514(b)(2)(i)(C))."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

from interlock.masking.value import About, Kind, Outcome, Special, Value

LAST_TOLD: Final = 89
ABOVE: Final = 90
TOGETHER: Final = "90+"

_WHOLE: Final = re.compile(
    r"(?P<before>(?:ag(?:e|ed) ?:? ?)?)(?P<number>\d{1,3})(?P<after>(?:\.\d{1,2})?(?P<unit>[ -]?"
    r"(?:(?:years?|yrs?|months?|mos?|weeks?|wks?|days?)\.?(?:[ -]?olds?|[ -]of[ -]age)?|y\.?/?o\.?|[yYmwd]\.?))?)",
    re.IGNORECASE,
)
_YEARS: Final = re.compile(r"[ -]?y", re.IGNORECASE)


def age(value: Value, about: About) -> Outcome:
    """The age or `90+` (the number 90 where only numbers fit); refused where a text says more than an age."""
    match value:
        case bool():
            return Special.REFUSED
        case int() if about.kind is Kind.INTEGER:
            return Special.REFUSED if value < 0 else min(value, ABOVE)
        case int() | Decimal() | float() if about.kind is Kind.NUMBER:
            finite = value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)
            if not finite or value < 0:
                return Special.REFUSED
            return value if value <= LAST_TOLD else type(value)(ABOVE)
        case str() if about.kind is Kind.TEXT:
            return _text(value.strip())
        case _:
            return Special.REFUSED


def _text(text: str) -> Outcome:
    found = _WHOLE.fullmatch(text)
    if text == TOGETHER:
        return text
    if found is None:
        return Special.REFUSED
    in_years = found["unit"] is None or _YEARS.match(found["unit"]) is not None
    if not in_years or int(found["number"]) <= LAST_TOLD:  # 999 months are 83 years
        return text
    return f"{found['before']}{TOGETHER}{found['unit'] or ''}"

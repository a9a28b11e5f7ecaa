"""Range: a number becomes the range it lies in, `50-59`, or that range's lower end where only numbers fit."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from interlock.masking.value import About, Kind, Outcome, Special, Value

_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Range:
    """Ranges of `width`, one of which begins at 0."""

    width: int

    def __call__(self, value: Value, about: About) -> Outcome:
        """In the same type; refused for what isn't a number."""
        match value:
            case bool():
                return Special.REFUSED
            case int() if about.kind in (Kind.INTEGER, Kind.NUMBER):
                lower = value // self.width * self.width
                return lower if abs(lower) <= about.most else Special.REFUSED
            case float() if about.kind is Kind.NUMBER and math.isfinite(value):
                return float(math.floor(value / self.width) * self.width)
            case Decimal() if about.kind is Kind.NUMBER and value.is_finite():
                return (value / self.width).to_integral_value(ROUND_FLOOR) * self.width
            case str() if about.kind is Kind.TEXT and _NUMBER.fullmatch(value.strip()):
                lower = math.floor(Decimal(value.strip()) / self.width) * self.width
                return f"{lower}-{lower + self.width - 1}"
            case _:
                return Special.REFUSED

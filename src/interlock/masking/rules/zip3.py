"""ZIP3: a ZIP code is cut to its first three digits, or to 000 where too few people live (45 CFR
164.514(b)(2)(i)(B)). What isn't a ZIP code of the US is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from interlock.masking.value import About, Kind, Outcome, Special, Value
from interlock.masking.zip3 import Zip3Table

_ZIP: Final = re.compile(r"([0-9]{3})(?:[0-9]{2}(?:[- ]?[0-9]{4})?)?")  # three alone: cut already


@dataclass(frozen=True, slots=True)
class Zip3:
    """By one census's table."""

    table: Zip3Table

    def __call__(self, value: Value, about: About) -> Outcome:
        """Three digits; as a number where only numbers fit."""
        match value:
            case bool():
                return Special.REFUSED
            case str() if about.kind is Kind.TEXT and (found := _ZIP.fullmatch(value.strip())) is not None:
                return self.table.told(found[1])
            case int() if about.kind is Kind.INTEGER and 0 <= value < 10**5:  # 2134 is 02134: the zero got lost
                return int(self.table.told(f"{value:05}"[:3]))
            case int() if about.kind is Kind.INTEGER and 10**7 <= value < 10**9:
                return int(self.table.told(f"{value:09}"[:3]))
            case _:
                return Special.REFUSED

"""Durations as settings write them: `30m`, `8h`, `7d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from interlock.settings.table import Table

_DURATION: Final = re.compile(r"(0|[1-9][0-9]{0,5})([smhd])", re.ASCII)
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def read_duration(table: Table, key: str, default: str, longest: timedelta, least: timedelta) -> timedelta:
    """A duration within bounds; `longest` where there is a mistake."""
    matched = _DURATION.fullmatch(table.text(key, default))
    lasts = timedelta(seconds=int(matched[1]) * _UNITS[matched[2]]) if matched else timedelta.max
    if not least <= lasts <= longest:
        table.wrong(key, f'this must be a duration such as "{default}" (s, m, h or d), at most {written(longest)}')
        return longest
    return lasts


def written(length: timedelta) -> str:
    """As settings write it, in the largest unit that fits."""
    seconds = int(length.total_seconds())
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"

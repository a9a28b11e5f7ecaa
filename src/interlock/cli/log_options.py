"""Which log a report is of, and since when: the options that `policy simulate` and `policy observed` share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from interlock import app as composition
from interlock.cli.log_entries import Log, directory_log, first_of_newest, first_since, store_log
from interlock.errors import InterlockError
from interlock.model.settings import Settings
from interlock.stores.clock import SystemClock

SinceOption = Annotated[str | None, typer.Option("--since", metavar="TIME", help="Back to when: 12h, 7d. Else all.")]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many actions, the newest.")]
LogOption = Annotated[
    Path | None, typer.Option("--log", metavar="DIR", help="An exported log, in place of the store.", file_okay=False)
]

_LENGTH: Final = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A log, and the index of the first entry that the report is about."""

    log: Log
    first: int
    since: datetime | None


def stretch(settings: Settings, since: str | None, limit: int | None, exported: Path | None) -> Stretch:
    """What the options say; raises `InterlockError` for what can't be read."""
    log: Log = directory_log(exported) if exported is not None else store_log(composition.store_path(settings))
    begin = None if since is None else SystemClock().now() - _length(since)
    first = 0 if begin is None else first_since(log, begin)
    if limit is not None:
        first = max(first, first_of_newest(log, limit))
    return Stretch(log, first, begin)


def _length(text: str) -> timedelta:
    matched = _LENGTH.fullmatch(text)
    if matched is None:
        raise InterlockError("--since takes a number and a unit (s, m, h or d), such as 12h or 7d", code="bad_usage")
    return timedelta(seconds=int(matched[1]) * _SECONDS[matched[2]])

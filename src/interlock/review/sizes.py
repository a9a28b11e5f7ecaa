"""An estimate on the card: in words, and as the row cap that it becomes once it is approved (design section 7).

About so many rows were signed for, so ten times as many may not run; but nobody is to be stopped over a handful.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from interlock.model.action import Action
from interlock.model.impact import about, most
from interlock.model.obligation import Obligations

NOT_ESTIMATED: Final = "not estimated"


def capped(owed: Obligations, rows: int) -> Obligations:
    """The obligations of an action that was estimated at so many rows, and whose rows can be counted."""
    if owed.row_cap is not None and owed.row_cap <= most(rows):
        return owed
    return replace(owed, row_cap=most(rows), estimated=True)


def in_words(action: Action) -> str:
    """Its size, for the card: `about 1,200 rows`; or why nobody can tell."""
    if action.rows_estimate is None:
        because = next((e.impact.because for e in action.exposures if e.impact.because), "")
        asked = any(e.impact.estimable is not None for e in action.exposures)
        because = because or ("the protected system gave no estimate" if asked else "")
        return f"{NOT_ESTIMATED}: {because}" if because else NOT_ESTIMATED
    rows = about(action.rows_estimate)
    said = f"about {rows:,} row{'' if rows == 1 else 's'}"
    return said if action.cappable else f"{said}, and nothing stops it at more: they can't be counted as it runs"


def cap_by_estimate(action: Action) -> int | None:
    """The row cap that the estimate alone would be; None where it is none."""
    return most(action.rows_estimate) if action.rows_estimate is not None and action.cappable else None

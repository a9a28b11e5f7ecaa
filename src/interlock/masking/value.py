"""Values as masking rules see them: plain Python values, of a kind that says what may stand in their place."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Final

from interlock.masking.marks import Marks, Surrogates
from interlock.model.label import Label

INTEGER_MOST: Final = 2**63 - 1


class Kind(Enum):
    """What type the place of a value has: what replaces it must fit in there."""

    TEXT = "text"
    DATE = "date"
    TIMESTAMP = "timestamp"
    INTEGER = "integer"
    NUMBER = "number"
    JSON = "json"  # a whole document, as its text
    BOOLEAN = "boolean"
    BYTES = "bytes"  # blobs: pictures, scans, recordings
    OTHER = "other"


class Special(Enum):
    """What a rule may say in place of a value."""

    DROPPED = "dropped"  # the value goes with its place: a key out of its object, nothing in a text; NULL in a column
    REFUSED = "refused"  # this rule can't mask such a value: the stricter one is taken


Value = str | int | float | Decimal | date | datetime | bytes | bool | None
Outcome = Value | Special


@dataclass(frozen=True, slots=True)
class About:
    """What a rule is told of a value besides itself.

    `subject`: the keyed hash of whose row or record it is (`MaskKeys.subject`), None where that isn't known. `marks`
    and `surrogates` are the call's own. `most`: the largest integer that fits in its place.
    """

    label: Label
    kind: Kind
    subject: str | None = None
    marks: Marks = field(default_factory=Marks, repr=False)
    surrogates: Surrogates = field(default_factory=dict, repr=False)
    most: int = INTEGER_MOST


def written(value: Value) -> str | None:
    """The one text that equal values have in common, whatever type holds them; None where there is none (NULL, blobs).

    What keyed rules are keyed by: 17 is the same in a text and in an integer column, and so is a date.
    """
    match value:
        case None | bytes():
            return None
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return f"{value.normalize():f}" if value.is_finite() else str(value)
        case _:
            return str(value)

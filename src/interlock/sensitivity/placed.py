"""Cells: values of a text whose place in it says what they are, such as under a head."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.column_words import NAME_WORDS
from interlock.sensitivity.formats.field_names import label_of_field, label_of_name

SCORE: Final = 0.9
_SCORE_OF_SOME: Final = 0.8
_LONGEST: Final = 120
"""Characters of a value that its place tells of as a whole; a longer one is a text, which is looked into."""
# What every text is looked through for anyway, what a whole isn't hidden for, and what only counts (`token`, `access`).
_LOOKED_INTO: Final = (
    "phi.clinical",
    "phi.family",
    "phi.claim",
    "phi.age",
    "quasi",
    "phi.email",
    "phi.url",
    "phi.photo",
)
_LOOKED_INTO_TOO: Final = ("pii.salary", "phi.biometric", "phi.ip", "secret", "phi.address.facility", "pci.expiry")
_OF_NUMBERS: Final = (
    "phi.mrn",
    "phi.health_plan",
    "phi.account",
    "phi.licence",
    "phi.device",
    "phi.id",
    "phi.vehicle",
    "pii.passport",
)
_OF_PLACES: Final = ("phi.address.street", "phi.address.city", "phi.address")
_NUMBERED: Final = re.compile("[0-9]{3}")
_LEAST_DIGITS: Final = 2


@dataclass(frozen=True, slots=True)
class Cell:
    """A value: where it is, and the name of what holds it."""

    start: int
    end: int
    head: str
    label: Label | None = None
    """What its place says that it is; None: what its head says."""


def tells(head: str) -> bool:
    """Whether a head names something that people are known by."""
    label = label_of_name(head.strip("\"'`[] "))
    return label is not None and not label.startswith(("phi.clinical", "quasi"))


def told(cell: Cell, text: str) -> Finding | None:
    """The cell as a finding, where its place tells that all of it is one."""
    value = text[cell.start : cell.end]
    if not value or len(value) > _LONGEST or "\n" in value:
        return None
    label = cell.label or _label(cell.head, value)
    if label is None or label.startswith((*_LOOKED_INTO, *_LOOKED_INTO_TOO)) or not _may_be(label, value):
        initial = cell.label is not None and cell.label.startswith("phi.name") and len(value) == 1 and value.isalpha()
        if not initial or label is None:
            return None
    # Which country's it is, its form tells better.
    score = _SCORE_OF_SOME if label == "pii.national_id" else SCORE
    return Finding(cell.start, cell.end, label, score, "placed: its place tells")


def _label(head: str, value: str) -> Label | None:
    name = _named(head)
    return label_of_field(name, "", value) if name else None


@lru_cache(maxsize=4096)
def _named(head: str) -> str:
    """The head without quotation marks; nothing for `name` alone, which things have too."""
    plain = head.strip("\"'`[] ")
    return "" if plain.casefold() in NAME_WORDS or _NUMBERED.search(plain) else plain


def _may_be(label: Label, value: str) -> bool:
    """Whether it can be that: `phone` may be a column of counts, `city` one of codes."""
    digits, letters = sum(map(str.isdigit, value)), sum(map(str.isalpha, value))
    if label.startswith("phi.date"):
        return digits >= 4 and not (digits == 4 == len(value))
    if label.startswith("phi.name"):
        return letters > 1 and not digits
    if label.startswith(("phi.address.zip", "phi.address.postcode")):
        return digits >= _LEAST_DIGITS and len(value) < 12 and "." not in value
    if label in _OF_PLACES:
        return letters > 1
    if label.startswith(_OF_NUMBERS):
        return digits >= _LEAST_DIGITS and len(value) <= 48 and not _is_amount(value)
    return digits >= _LEAST_DIGITS + 1


def _is_amount(value: str) -> bool:
    whole, dot, rest = value.partition(".")
    return bool(dot) and len(rest) < 3 and whole.isdigit() and rest.isdigit()

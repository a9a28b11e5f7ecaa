"""Null: a value of a type that holds no token (number, date, JSON, bytea) becomes NULL."""

from __future__ import annotations

from interlock.masking.replacement import Replacement
from interlock.masking.value import About, Outcome, Value


def null(keeps_null: bool) -> Replacement:
    """A mask for a column of any type. NULL goes out either way; `keeps_null` says whether NULLs go uncounted."""
    return Replacement(None, keeps_null)


def nulled(value: Value, about: About) -> Outcome:
    """NULL, whatever it was."""
    return None

"""Keep: the value stays as it is. Only profiles say so, of labels that they may show; no override does."""

from __future__ import annotations

from interlock.masking.value import About, Outcome, Value


def kept(value: Value, about: About) -> Outcome:
    """The very value."""
    return value

"""Mark: equal values of one call get the same number, `[phi.name#1]`. Tells nothing beyond that, and ends with it."""

from __future__ import annotations

from interlock.masking.tokens import numbered_token
from interlock.masking.value import About, Kind, Outcome, Special, Value, written


def marked(value: Value, about: About) -> Outcome:
    """The numbered token in place of a text."""
    text = written(value)
    if about.kind is not Kind.TEXT or text is None:
        return Special.REFUSED
    return numbered_token(about.label, about.marks.number(about.label, text))

"""A finding: where in a text a label was found. Never the value."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.model.label import Label


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`start` and `end` are character offsets into the text that was given, as Python slices them."""

    start: int
    end: int
    label: Label
    score: float
    """From 0 to 1: how sure the detector is. Not a probability; what falls below `THRESHOLD` isn't reported."""
    why: str
    """What told it, for people: the detector's name and reasons of its own (`us_ssn: form, area, context`). Never
    anything out of the text."""


THRESHOLD = 0.5

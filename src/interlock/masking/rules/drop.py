"""Drop: the value goes with its place: pictures, recordings, prints."""

from __future__ import annotations

from interlock.masking.value import About, Outcome, Special, Value


def dropped(value: Value, about: About) -> Outcome:
    """`DROPPED`: whoever writes the result leaves the key out where there is one."""
    return Special.DROPPED

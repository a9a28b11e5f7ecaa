"""Labels: kinds of sensitivity, in a tree written with dots (`phi.name.given` lies under `phi.name` and `phi`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NewType

from interlock.errors import MalformedInput

Label = NewType("Label", str)

_FORM = re.compile(r"[a-z][a-z0-9_]{0,31}(\.[a-z0-9_]{1,32}){0,5}")


def parse_label(text: str) -> Label:
    """`text` as a label; raises `MalformedInput` when it isn't of the form `word.word`."""
    if not _FORM.fullmatch(text):
        raise MalformedInput("a label is written in lower-case words joined by dots, such as phi.name.given")
    return Label(text)


def upward(labels: Iterable[Label]) -> frozenset[Label]:
    """The labels and everything above them: `phi.mrn` brings `phi`."""
    closed: set[Label] = set()
    for label in labels:
        parts = label.split(".")
        closed.update(Label(".".join(parts[:n])) for n in range(1, len(parts) + 1))
    return frozenset(closed)

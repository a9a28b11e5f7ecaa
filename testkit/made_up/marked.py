"""A text and where its identifiers are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

_HOLE: Final = re.compile(r"\{([a-z0-9_]+)\}")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` are an identifier of the kind `label`."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Marked:
    """One text."""

    id: str
    text: str
    spans: tuple[Span, ...]

    def as_json(self) -> dict[str, object]:
        """The line that `score.py` and `interlock detect --format jsonl` read."""
        spans = [{"start": s.start, "end": s.end, "label": s.label} for s in self.spans]
        return {"id": self.id, "text": self.text, "spans": spans}


Maker = Callable[[], str]


def filled(id: str, template: str, makers: Mapping[str, tuple[str, Maker]]) -> Marked:
    """The template with each `{hole}` filled by its maker. An empty label: filled, and no identifier."""
    pieces: list[str] = []
    spans: list[Span] = []
    length = last = 0
    for hole in _HOLE.finditer(template):
        before = template[last : hole.start()]
        label, maker = makers[hole[1]]
        made = maker()
        pieces += [before, made]
        length += len(before)
        if label:
            spans.append(Span(length, length + len(made), label))
        length += len(made)
        last = hole.end()
    pieces.append(template[last:])
    return Marked(id, "".join(pieces), tuple(spans))


def lowered(marked: Marked) -> Marked:
    """The same in lower case; characters that change their number when lowered stay."""
    text = "".join(low if len(low := c.lower()) == 1 else c for c in marked.text)
    return Marked(f"{marked.id}-lower", text, marked.spans)

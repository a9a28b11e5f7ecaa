"""Realistic: a made-up value of the same sort, the same for equal values: `Dana Reyes` for every `John Smith`.

Whoever drives hands in what makes them up (Faker, or lists of one's own): here it only gets a seed, keyed, which tells
nothing of the value. Not Safe Harbor: it is derived from the value. Nothing tells it from a real one, so that written
back into a table it would destroy data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from interlock.masking.keys import MaskKeys, framed
from interlock.masking.value import About, Kind, Outcome, Special, Value, written
from interlock.model.label import Label

MakeUp = Callable[[Label, int], str | None]
"""A value of the label's sort for a seed (64 bits), the same for equal seeds; None for labels it knows nothing for."""

_TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class Realistic:
    """Under one namespace's keys."""

    keys: MaskKeys
    make_up: MakeUp

    def __call__(self, value: Value, about: About) -> Outcome:
        """What is made up, in place of a text; refused where there is nothing, or only the value itself."""
        text = written(value)
        if about.kind is not Kind.TEXT or text is None:
            return Special.REFUSED
        plain = " ".join(text.casefold().split())
        for attempt in range(_TRIES):
            made = self.make_up(about.label, self._seed(about.label, plain, attempt))
            if made is None:
                return Special.REFUSED
            if made.casefold() != plain:
                return made
        return Special.REFUSED

    def _seed(self, label: Label, plain: str, attempt: int) -> int:
        said = framed(label.encode(), plain.encode("utf-8", "surrogatepass"), bytes((attempt,)))
        key = self.keys.derive("realistic").reveal()
        return int.from_bytes(hashlib.blake2b(said, digest_size=8, key=key).digest(), "big")

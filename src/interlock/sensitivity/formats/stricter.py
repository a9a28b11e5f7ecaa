"""What is done without the language model where it should be there: names that no list has would pass, so every
capitalised word that isn't ordinary is taken for one."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import Final

from interlock.model.finding import THRESHOLD, Finding
from interlock.model.label import Label
from interlock.sensitivity.formats.looking import TextFinder
from interlock.sensitivity.formats.windows import joined
from interlock.sensitivity.regime import Regime

_CAPITALISED: Final = re.compile(r"(?<![^\W\d_])[^\W\d_a-z][^\W\d_]+")
_WHY: Final = "stricter: a word that isn't ordinary, and the language model can't be used"


class Stricter:
    """A `TextFinder` that finds what another one does, and these words."""

    def __init__(self, finder: TextFinder, ordinary: Container[str], regime: Regime) -> None:
        """`ordinary`: words in lower case that are no names."""
        self._finder, self._ordinary = finder, ordinary
        self._label = regime.name_of(Label("phi.name"))

    @property
    def failed(self) -> int:
        """As `TextFinder` has it."""
        return self._finder.failed

    def find(self, text: str, *, seeds: Sequence[str] = (), telling: str = "") -> tuple[Finding, ...]:
        """As `TextFinder` has it."""
        return self._with(text, self._finder.find(text, seeds=seeds, telling=telling))

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
        """As `TextFinder` has it."""
        found = self._finder.find_many(texts, telling=telling)
        return [self._with(text, each) for text, each in zip(texts, found, strict=True)]

    def _with(self, text: str, found: Sequence[Finding]) -> tuple[Finding, ...]:
        covered = bytearray(len(text))
        for each in found:
            covered[each.start : each.end] = b"\1" * (each.end - each.start)
        more = [
            Finding(*word.span(), self._label, THRESHOLD, _WHY)
            for word in _CAPITALISED.finditer(text)
            if not any(covered[word.start() : word.end()]) and word[0].lower() not in self._ordinary
        ]
        return tuple(joined([*found, *more])) if more else tuple(found)

"""Names that are known of a record, and the forms in which they come back: parts, initials, user names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from interlock.sensitivity.names import cues
from interlock.sensitivity.names.lexicon import (
    INITIAL,
    MAYBE_FAMILY,
    MAYBE_GIVEN,
    ORDINARY,
    STOP,
    TITLE,
    VETO,
    Lexicon,
    base_of,
)

MOST_NAMES = 5_000
"""Distinct names of one text that are followed up; a text with more is a list of people, and each stands there."""

_WORD = re.compile(r"[^\W\d_](?:['’\-]?[^\W\d_])*")
_SHORTEST = 3
_SHORTEST_JOINED = 5


@dataclass(slots=True)
class KnownNames:
    """The forms of all names of one text, lower case."""

    anywhere: set[str] = field(default_factory=set)
    """They are names in any case."""
    capital: set[str] = field(default_factory=set)
    """Common words: they are names where they have a capital that the sentence's beginning doesn't explain."""
    initials: set[str] = field(default_factory=set)
    """Letters of whole names, in order: `jd`."""
    family_letters: set[str] = field(default_factory=set)
    """First letters of names: `Mr. D.`"""

    def add(self, name: str, lexicon: Lexicon) -> None:
        """Takes a name with whatever stands in it: titles, credentials, initials."""
        parts = [part for part in _parts(name, lexicon) if part]
        for part in parts:
            self._add_part(part, lexicon)
        letters = [part[0] for part in parts]
        if len(letters) > 1:
            self.initials.add("".join(letters))
            self.initials.add(letters[0] + letters[-1])
            self._add_joined(parts[0], parts[-1])
        if letters:
            self.family_letters.update((letters[0], letters[-1]))

    def _add_part(self, part: str, lexicon: Lexicon) -> None:
        for piece in (part, *part.split("-")) if "-" in part else (part,):
            if len(piece) < _SHORTEST or piece in cues.PARTICLES:
                continue
            bits = lexicon.of(piece)
            if bits & STOP and not bits & (MAYBE_GIVEN | MAYBE_FAMILY):
                continue
            (self.capital if bits & (ORDINARY | VETO) else self.anywhere).add(piece)

    def _add_joined(self, first: str, last: str) -> None:
        """User names: jsmith, smithj, johnsmith, johns."""
        for joined in (first[0] + last, last + first[0], first + last, last + first, first + last[0]):
            if len(joined) >= _SHORTEST_JOINED and len(first) > 1 and len(last) > 1:
                self.capital.discard(joined)
                self.anywhere.add(joined)


def _parts(name: str, lexicon: Lexicon) -> Iterable[str]:
    for word in _WORD.findall(name):
        base = base_of(word)
        bits = lexicon.of(word)
        if bits & TITLE and base in cues.PLAIN_TITLES:
            continue
        if base in cues.SUFFIXES or (
            base in cues.CREDENTIALS and not bits & INITIAL and word[0].isupper() and len(word) < 4
        ):
            continue
        yield base

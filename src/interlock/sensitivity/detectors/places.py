"""Towns, counties, states and countries (layer 4): 45 CFR 164.514(b)(2)(i)(B). States and countries as `quasi.*`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from interlock.model.finding import Finding
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.named_after import named_after
from interlock.sensitivity.passage import Layer, Passage
from interlock.sensitivity.places.cued import told_by_a_cue
from interlock.sensitivity.places.formed import before_a_state
from interlock.sensitivity.places.lookup import MORE_COUNTRIES, NICKNAMES, without_accents
from interlock.sensitivity.places.town import counties, towns


@dataclass(frozen=True, slots=True)
class Places:
    """Finds names of places: those the tables know where the context allows, others after a telling word."""

    tables: Tables
    starts: Mapping[str, int] = field(repr=False)
    """The first words of all known places -> the most words that one has. What isn't here needs no look."""
    pairs: frozenset[str] = field(repr=False)
    """The first two words of all that have several."""
    name: str = "places"
    layer: Layer = Layer.NAMES
    by_words: bool = True

    def find(self, passage: Passage) -> Sequence[Finding]:
        """Every place in the passage."""
        text, lower = passage.text, passage.text.islower()
        found = list(towns(passage, lower, self.tables, self.starts, self.pairs))
        found.extend(told_by_a_cue(passage, lower, self.tables))
        found.extend(counties(passage, self.tables))
        if "," in text:
            found.extend(before_a_state(text, passage.low, lower, self.tables))
        after_people = named_after(passage)
        return found if after_people is None else [f for f in found if not after_people[f.start]]


def detector(tables: Tables) -> Places:
    """The detector; the index of first words is made once."""
    starts: dict[str, int] = {"st": 4, "ste": 4, "n": 1, "d": 1, "l": 1, "u": 4}
    pairs: set[str] = set()
    for name in (*tables.cities, *tables.states, *tables.countries, *MORE_COUNTRIES, *NICKNAMES):
        first, _, rest = name.partition(" ")
        words = rest.count(" ") + 2 if rest else 1
        if rest:
            pairs.add(f"{first} {rest.partition(' ')[0]}".rstrip(".,"))
        for key in {first.rstrip(".,"), first.partition(".")[0]} | (
            set() if first.isascii() else {without_accents(first)}
        ):
            starts[key] = max(words, starts.get(key, 0))
    return Places(tables, starts, frozenset(pairs))

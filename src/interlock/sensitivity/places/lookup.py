"""Names of places looked up: the longest run of words that some table knows."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from interlock.model.label import Label
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.places.words import CONNECTORS, NOT_STREET

CITY, STATE, COUNTRY = Label("phi.address.city"), Label("quasi.state"), Label("quasi.country")

_RUN = re.compile(
    r"[^\W\d_](?:[^\W\d_]|[.'’\-]|[\u0300-\u036f]){0,40}(?:[ \t]{1,2}[^\W\d_](?:[^\W\d_]|[.'’\-]"
    r"|[\u0300-\u036f]){0,40}){0,5}"
)
_WORD_END = re.compile(r"[ \t]")

MORE_COUNTRIES = frozenset({"kingdom of the netherlands", "kurdistan", "tibet"})
"""What people write and the tables leave out."""


@dataclass(frozen=True, slots=True)
class Place:
    """A name that a table knows. `size`: people in thousands, 0 where unknown."""

    start: int
    end: int
    label: Label
    size: int
    words: int


NICKNAMES = frozenset(
    {"nyc", "n.y.c.", "philly", "san fran", "vegas", "d.c.", "washington d.c.", "washington dc", "frisco", "l.a."}
)
AMBIGUOUS = words_of(
    "mobile orange nice reading bath split cork sandwich deal hope enterprise normal battle hull rugby wells lead"
    " best male superior commerce independence liberty union surprise golden buckeye bend salem eureka corona delta"
    " nome flint rich price energy ideal clay bell police green young power mission sterling defiance progress"
    " success speed troy paradise alert barrow early cool why man see ada ill car com media model open center street"
    " hospital clinic summit dr apt suite page main spring"
)
"""Towns whose names are everyday words, whatever the lists make of them."""
_NO_PLACE = CONNECTORS | NOT_STREET


def is_everyday(word: str, tables: Tables) -> bool:
    """Whether a word is an ordinary and frequent one, rather than a name."""
    return word in AMBIGUOUS or (word in tables.ordinary and tables.words.get(word, 0) >= 40)


def fold(name: str) -> str:
    """As tables spell it: lower case, one kind of apostrophe, single spaces."""
    return " ".join(name.lower().replace("’", "'").split())


def without_accents(name: str) -> str:
    """Letters alone: `nîmes` as `nimes`."""
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))


def known(tables: Tables, name: str) -> tuple[Label, int] | None:
    """What the folded name is, countries first, then states, then towns with their size."""
    if name in tables.countries or name in MORE_COUNTRIES:
        return COUNTRY, 0
    if name in tables.states:
        return STATE, 0
    if name in _NO_PLACE:
        return None
    if name in NICKNAMES:
        return CITY, 1000
    size = tables.cities.get(name)
    if size is None and not name.isascii():
        size = tables.cities.get(without_accents(name))
    if size is None and name.startswith(("st ", "st. ", "ste ")):
        size = tables.cities.get("saint " + name.split(" ", 1)[1])
    return (CITY, size) if size is not None else None


def longest(tables: Tables, text: str, start: int, most: int = 6) -> Place | None:
    """The longest known place that begins at `start`, of at most `most` words on one line."""
    run = _RUN.match(text, start)
    if run is None:
        return None
    end = run.end()
    ends = [*(start + cut.start() for cut in _WORD_END.finditer(run[0])), end]
    for stop in reversed(ends[:most]):
        name = text[start:stop].rstrip()
        bare = name.rstrip(".,-'’")
        for candidate in (name, bare):
            found = known(tables, fold(candidate)) if candidate else None
            if found is not None:
                return Place(start, start + len(candidate), found[0], found[1], candidate.count(" ") + 1)
        if bare.endswith(("'s", "’s")) and (found := known(tables, fold(bare[:-2]))) is not None:
            return Place(start, start + len(bare) - 2, found[0], found[1], bare.count(" ") + 1)
    return None

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

_WORD = r"[^\W\d_](?:[^\W\d_]|[.'’\-]|[\u0300-\u036f]){0,40}"
_RUNS = tuple(re.compile(rf"{_WORD}(?:[ \t]{{1,2}}{_WORD}){{0,{more}}}") for more in range(6))

MORE_COUNTRIES = frozenset({"kingdom of the netherlands", "kurdistan", "tibet", "uk", "u.k.", "usa", "u.s.a.", "uae"})
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
STOPS = words_of(
    "the a an i we he she they it you this that these those my your his her our their who what when where why how"
    " which all some any no not be been was were is are am do did does have has had will would can could should may"
    " might must there here now then out up off over under me him them us one two three four five six seven eight"
    " nine ten person general case fact order patients patient adults children women men"
)
"""Words that are no place by themselves, however many towns are called so."""
_NO_PLACE = CONNECTORS | NOT_STREET


def is_everyday(word: str, tables: Tables) -> bool:
    """Whether a word is an ordinary and frequent one, rather than a name."""
    return word in AMBIGUOUS or (word in tables.ordinary and tables.words.get(word, 0) >= 40)


def fold(name: str) -> str:
    """As tables spell it: lower case, one kind of apostrophe, single spaces."""
    low = name.lower()
    if not low.isascii():
        low = low.replace("’", "'")
    return " ".join(low.split()) if "  " in low or "\t" in low else low


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
    run = _RUNS[min(most, 6) - 1].match(text, start)
    name = "" if run is None else run[0]
    while name:
        bare = name.rstrip(".-'’")
        for candidate in (name, bare) if bare != name else (name,):
            found = known(tables, fold(candidate)) if candidate else None
            if found is not None:
                return Place(start, start + len(candidate), found[0], found[1], candidate.count(" ") + 1)
        if bare.endswith(("'s", "’s")) and (found := known(tables, fold(bare[:-2]))) is not None:
            return Place(start, start + len(bare) - 2, found[0], found[1], bare.count(" ") + 1)
        cut = max(name.rfind(" "), name.rfind("\t"))
        name = name[:cut].rstrip() if cut > 0 else ""
    return None

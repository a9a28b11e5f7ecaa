"""What a column's name says of what it holds (layer 1): its words, looked up in a lexicon.

    judged("ptFirstName", "visits") -> NameVerdict((NameMatch(phi.name.given, "first_name"),))

Words are told by separators, capitals and digits; a name in one piece (`patientdob`) is taken apart where known words
make up all of it. What is said of a match is the lexicon's phrase, never the name itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.column_words import (
    ABOUT,
    ASKING,
    FREE_TEXT,
    GLUE,
    LEXICON,
    NAME_WORDS,
    PEOPLE,
    REFERENCES,
)

MOST_CHARACTERS: Final = 256  # of a name: keys of JSON may be of any length
MOST_WORDS: Final = 24
LONGEST_PHRASE: Final = 5  # words
LEAST_WORD: Final = 3  # letters of a word within a name in one piece


class SqlClass(StrEnum):
    """What kind of values a type holds, as far as it matters here."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    MOMENT = "moment"  # dates and times
    UUID = "uuid"
    NETWORK = "network"
    HARDWARE = "hardware"
    JSON = "json"
    BYTES = "bytes"
    OTHER = "other"


_CLASSES: Final = {
    SqlClass.TEXT: ("text", "character", "char", "varchar", "name", "citext", "string", "bpchar", '"char"'),
    SqlClass.NUMBER: (
        *("smallint", "integer", "bigint", "numeric", "decimal", "real", "double", "money", "int", "float", "serial"),
        *("int2", "int4", "int8", "float4", "float8", "oid"),
    ),
    SqlClass.BOOLEAN: ("boolean", "bool", "bit"),
    SqlClass.MOMENT: ("date", "timestamp", "timestamptz", "time", "datetime", "interval"),
    SqlClass.UUID: ("uuid",),
    SqlClass.NETWORK: ("inet", "cidr"),
    SqlClass.HARDWARE: ("macaddr", "macaddr8"),
    SqlClass.JSON: ("json", "jsonb", "xml", "hstore"),
    SqlClass.BYTES: ("bytea", "blob", "binary", "varbinary"),
}
_CLASS_OF: Final = {word: sql_class for sql_class, words in _CLASSES.items() for word in words}

# Labels that no number, truth value or moment can be; and those that a row's number beside them isn't.
_OF_TEXTS: Final = ("phi.name", "phi.address", "phi.email", "phi.url", "phi.photo", "phi.clinical.note", "phi.family")
_NUMBERS_TOO: Final = ("phi.address.zip", "phi.address.postcode")
_NOT_BY_REFERENCE: Final = (*_OF_TEXTS, "phi.clinical", "phi.phone", "phi.fax", "phi.claim", "phi.date", "quasi")


def class_of(type_name: str) -> SqlClass:
    """The class of a type by its name, as PostgreSQL's `format_type` or a file's schema writes it; "" is a text. An
    array of texts is one of texts, every other array something else."""
    told = type_name.strip().lower()
    array = told.endswith("[]")
    first = re.split(r"[ (\[]", told, maxsplit=1)[0]
    found = _CLASS_OF.get(first, SqlClass.OTHER) if first else SqlClass.TEXT
    return found if not array or found is SqlClass.TEXT else SqlClass.OTHER


@dataclass(frozen=True, slots=True)
class NameMatch:
    """`label`, and the phrase of the lexicon that says so."""

    label: Label
    phrase: str


@dataclass(frozen=True, slots=True)
class NameVerdict:
    """What a name says. `matches`: what it holds. `free_text`: people write into it, whatever they like."""

    matches: tuple[NameMatch, ...] = ()
    free_text: bool = False


def judged(column: str, table: str = "", sql_class: SqlClass = SqlClass.TEXT) -> NameVerdict:
    """What a column's name says, in this table ("" for none that is known) and for a type of this class."""
    found = _looked_up(words(column), table)
    ends_in_reference = bool(found.rest) and found.rest[-1] in REFERENCES
    matches = tuple(
        match
        for match in dict.fromkeys(found.matches)
        if _may_hold(match.label, sql_class) and not (ends_in_reference and _is_one_of(match.label, _NOT_BY_REFERENCE))
    )
    return NameVerdict(matches, found.free_text and not ends_in_reference)


def points_at_a_row(column: str, table: str, sql_class: SqlClass) -> bool:
    """Whether a number is called as row numbers are (`patient_id`): then its name tells a detector nothing of what
    stands in it."""
    told = words(column)
    is_number = sql_class in (SqlClass.NUMBER, SqlClass.UUID)
    return is_number and bool(told) and told[-1] in REFERENCES and not judged(column, table, sql_class).matches


def words(name: str) -> tuple[str, ...]:
    """The words of a name: lower case, without accents."""
    folded = _unaccented(name[:MOST_CHARACTERS])
    found: list[str] = []
    for piece in _PIECES.findall(folded):
        found += _taken_apart(piece.casefold()) if len(piece) >= 2 * LEAST_WORD else (piece.casefold(),)
    return tuple(found[:MOST_WORDS])


# SSNNumber: SSN, Number; addr1: addr, 1. Each alternative is a run of one kind, so a name is read once.
_PIECES: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W0-9_A-Za-z]+")


def _unaccented(name: str) -> str:
    for letter, written in (("ß", "ss"), ("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue")):
        name = name.replace(letter, written)
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))


@dataclass(slots=True)
class _Found:
    matches: list[NameMatch]
    rest: list[str]
    free_text: bool = False


def _looked_up(found: Sequence[str], table: str) -> _Found:
    if _tells_about(found):
        return _Found([], list(found))
    matches: list[NameMatch] = []
    rest: list[str] = []
    at = 0
    while at < len(found):
        length, phrase = _longest(found, at)
        if phrase:
            matches.append(NameMatch(LEXICON[phrase], phrase))
        else:
            rest.append(found[at])
        at += length
    if (name := _name_of_somebody(found, rest, matches, table)) is not None:
        matches.append(name)
    return _Found(matches, rest, any(word in FREE_TEXT for word in found))


def _longest(found: Sequence[str], at: int) -> tuple[int, str]:
    """How many words from `at` on are a phrase of the lexicon, and which; (1, "") for none."""
    for length in range(min(LONGEST_PHRASE, len(found) - at), 0, -1):
        taken = found[at : at + length]
        phrase = _SPELLINGS.get("".join(taken))
        if phrase is not None and (length > 1 or "_" not in phrase or len(taken[0]) > LEAST_WORD):
            return length, phrase
    return 1, ""


def _tells_about(found: Sequence[str]) -> bool:
    """Whether a column says something about what it is called by, and doesn't hold it."""
    if len(found) < 2 or _longest(found, 0)[0] == len(found):
        return False
    last = found[-1] in ABOUT and not any(_longest(found, at)[0] == len(found) - at for at in range(len(found) - 1))
    return last or found[0] in ASKING or found[-2:-1] == ("opt",)  # email_opt_in


def _name_of_somebody(
    found: Sequence[str], rest: Sequence[str], matches: Sequence[NameMatch], table: str
) -> NameMatch | None:
    """`name` in a table of people or beside a word for people; `name` alone of a record that nobody named."""
    if matches or not any(word in NAME_WORDS for word in rest):
        return None
    of_people = any(word in PEOPLE for word in found)
    alone = len([word for word in found if not word.isdigit()]) == 1
    if of_people or (alone and (not table or any(word in PEOPLE for word in words(table)))):
        return NameMatch(Label("phi.name"), "name")
    return None


def _may_hold(label: Label, sql_class: SqlClass) -> bool:
    match sql_class:
        case SqlClass.BOOLEAN:
            return _is_one_of(label, ("phi.clinical", "quasi"))
        case SqlClass.NUMBER:
            return not _is_one_of(label, _OF_TEXTS) or _is_one_of(label, _NUMBERS_TOO)
        case SqlClass.MOMENT:
            return _is_one_of(label, ("phi.date", "phi.clinical", "pci.expiry"))
        case _:
            return True


def _is_one_of(label: Label, roots: Sequence[str]) -> bool:
    return any(label == root or label.startswith(f"{root}.") for root in roots)


# In one piece; where two phrases are the same then (`dob`, `d_o_b`), the one that is written so counts.
_SPELLINGS: Final = {phrase.replace("_", ""): phrase for phrase in sorted(LEXICON, key=lambda each: "_" not in each)}
_VOCABULARY: Final = frozenset(
    word
    for word in (*GLUE, *PEOPLE, *NAME_WORDS, *FREE_TEXT, *ABOUT, *(w for p in LEXICON for w in (*p.split("_"), p)))
    if len(word) >= LEAST_WORD and not word.isdigit()
) | {"id", "no", "nr", "pt", "dt", "ip"}


@lru_cache(maxsize=4096)
def _taken_apart(piece: str) -> tuple[str, ...]:
    """A name in one piece as known words, the fewest that make up all of it; itself where none do."""
    if piece in _SPELLINGS or piece in _VOCABULARY or not piece.isascii():
        return (piece,)
    best: list[tuple[str, ...] | None] = [()] + [None] * len(piece)
    for end in range(2, len(piece) + 1):
        for begin in _begins(piece, end):
            before = best[begin]
            if before is not None and (best[end] is None or len(before) + 1 < len(best[end] or ())):
                best[end] = (*before, piece[begin:end])
    whole = best[-1]
    return whole if whole is not None and len(whole) <= 4 else (piece,)


def _begins(piece: str, end: int) -> Iterator[int]:
    for begin in range(max(0, end - 24), end - 1):
        if piece[begin:end] in _VOCABULARY:
            yield begin

"""Facilities told by a head noun: `Brandt County Memorial Hospital`, `Klinikum Nord`; and by what ends their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Passage, Token
from interlock.sensitivity.places.facility_words import (
    GENERIC,
    INNER,
    KNOWN,
    NAMING,
    STRONG_HEADS,
    STUDY_AFTER,
    WEAK_HEADS,
)
from interlock.sensitivity.places.lookup import is_everyday, longest
from interlock.sensitivity.places.visits import is_a_source

HEADS = (
    STRONG_HEADS
    | WEAK_HEADS
    | words_of("hôpital hopital clínica policlinico universität università universidad université")
)
INSIDE_GAP = re.compile(r"\.?[ \t]{1,2}|[ \t]?[&/][ \t]?|-|\.[ \t]?|['’]s?[ \t]")
CONNECTING = words_of("of and the de la le du des del di da do dos der den von &")
PLACE_CUE = re.compile(
    r"(?:\b(?:at|to|from|in|by|of|visited|our|near|via|with|the|outside|@)[ \t](?:the[ \t]|our[ \t])?|[,:(][ \t]?|^"
    r"|\n)$",
    re.IGNORECASE,
)
NAME_RUN = re.compile(
    r"(?:(?:St|Mt)\.?(?=[ \t])|[^\W\da-z_][\w'’\-]*)(?:(?:[ \t]|[ \t]?&[ \t]?|[ \t](?:of|de|la"
    r"|and)[ \t])(?:[^\W\da-z_][\w'’\-]*)){0,5}"
)
_MOST = 7


@dataclass(frozen=True, slots=True)
class Facility:
    """A facility's name."""

    start: int
    end: int
    score: float
    form: str


def headed(passage: Passage, index: int, tables: Tables) -> Facility | None:
    """A facility whose head noun is the token there: with the names before it, or behind it."""
    text, tokens = passage.text, passage.tokens
    if index and tokens[index].text.lower() in _OF_WHAT and tokens[index - 1].text.lower() == "of":
        return None  # start of care, bill of health
    first = first_of_name(text, tokens, index, tables)
    modifiers = [token.text.lower() for token in tokens[first:index]]
    if not modifiers:
        return _leading(text, tokens, index, tables)
    if tokens[index].text.lower() in ("group", "unit", "ward") and _CLASS.match(text, tokens[index].end):
        return None  # GOLD group B
    if tokens[index].text.lower() == "residence" and len(modifiers) == 1 and modifiers[0] in tables.surnames:
        return None  # a family's
    score = _weigh(passage, first, index, modifiers, tables)
    if score < 0.5:
        return _leading(text, tokens, index, tables)
    end = _rightmost(text, tokens, index, tables)
    start = tokens[first].start
    if tokens[first].text == "Lady" and text.endswith("Our ", 0, start):
        start -= 4
    return Facility(start, end, score, "head noun")


_CLASS = re.compile(r"[ \t](?:[A-E]|[IV]{1,3}|[0-9]{1,2})(?![\w'’-])")
LEADING = words_of(
    "hospital hôpital hopital klinikum clinique clínica clinica ospedale policlinico krankenhaus universität"
    " universitat università universidad université universite universitair instituto centro szpital sjukhuset"
    " ziekenhuis hospitalier hospitalario universitätsklinikum universitätsspital kreiskrankenhaus stadtkrankenhaus"
    " landeskrankenhaus bezirkskrankenhaus kantonsspital marienhospital kinderklinik universitätsklinik frauenklinik"
    " reha-klinik rehaklinik universitetssjukhuset universitetshospital poliklinik policlínica policlinica sanatorio"
    " clínico maternité maison ehpad casa residencia"
)


def _leading(text: str, tokens: Sequence[Token], index: int, tables: Tables) -> Facility | None:
    """`Hospital San José`, `Klinikum Nord`: the head stands first, as in most of Europe."""
    head = tokens[index]
    elided = 2 if head.text[1:2] in ("'", "’") else 0  # l'Hôpital
    word = head.text[elided:]
    if word.lower() not in LEADING or not word[0].isupper() or text[head.end : head.end + 1] != " ":
        return None
    run = NAME_RUN.match(text, head.end + 1) or _PARTICLE_RUN.match(text, head.end + 1)
    if run is None or all(is_everyday(word.lower().strip("."), tables) for word in run[0].split()):
        return None
    return Facility(head.start + elided, run.end(), 0.75, "head first")


_PARTICLE_RUN = re.compile(
    r"(?:de|del|della|di|da|do|des|du|of)[ \t](?:la[ \t]|los[ \t]"
    r"|las[ \t])?[^\W\da-z_][\w'’\-]*(?:[ \t][^\W\da-z_][\w'’\-]*){0,3}"
)


def first_of_name(text: str, tokens: Sequence[Token], index: int, tables: Tables) -> int:
    """The first token of the name that leads up to the head; the head itself when nothing does."""
    first = _leftmost(text, tokens, index)
    while first < index and _is_opening(tokens[first], tokens[first + 1].text, text, tables):
        first += 1
    return first


def _leftmost(text: str, tokens: Sequence[Token], index: int) -> int:
    """The first of the capitalised words that lead up to the head, connectors between them included."""
    first = at = index
    while at > 0 and index - at < _MOST:
        before, here = tokens[at - 1], tokens[at]
        gap = text[before.end : here.start]
        if not INSIDE_GAP.fullmatch(gap) or (gap.startswith(".") and len(before.text) > 3):
            break
        word = before.text
        if word.isupper() and word.lower() in BREAKS and here.text.isupper() and len(word) > 1:
            break
        if (word == "and" and here.text == "the") or (word.isdigit() and gap.startswith(".")):
            break
        if word[0].isupper() or (word.isdigit() and len(word) < 4 and at == index):
            first = at - 1
        elif word not in CONNECTING:
            break
        at -= 1
    return first


_OF_WHAT = words_of("care health medicine medical practice")
BREAKS = words_of("at from to in by for with near via and or is was were seen on her his who brought taken transported")


def _is_opening(token: Token, after: str, text: str, tables: Tables) -> bool:
    """Whether a word opens a sentence rather than the name: `The`, `New` unless a place's name begins with it."""
    if token.text.lower() not in _OPENING:
        return False
    if token.text.lower() != "new":
        return True
    place = longest(tables, text, token.start)
    return (place is None or place.words < 2) and not (after[0].isupper() and after.lower() not in GENERIC)


_OPENING = words_of(
    "the a an our my his her their this that at in on to from for with by of and or is was seen admitted visit"
    " visited treated discharged transferred referred presented patient pt presents reports name hospital:"
    " facility: location address via per see call called dr mr mrs ms prior previous last first new any when while"
    " after before since if please what which how do does did are can could should would will why where who"
    " contact records record history hx dx follow followed"
)


def _weigh(passage: Passage, first: int, index: int, modifiers: list[str], tables: Tables) -> float:
    """How sure the modifiers make it."""
    text, tokens = passage.text, passage.tokens
    head = tokens[index]
    strong = head.text.lower() in STRONG_HEADS
    capital = head.text[0].isupper()
    names = [word for word in modifiers if word not in GENERIC and word not in CONNECTING and word not in INNER]
    naming = [word for word in modifiers if word in NAMING]
    cue = PLACE_CUE.search(text, max(0, tokens[first].start - 24), tokens[first].start) is not None
    if _SOCIETY.match(text, head.end):
        return 0.0
    if STUDY_AFTER.match(text, head.end) and (not strong or _WORKS.match(text, head.end)):
        return 0.0
    if strong and KNOWN.match(text, tokens[first].start) and is_a_source(passage.low, tokens[first].start):
        return 0.0
    if head.text.lower() in ("home", "homes") and not (_HOMES & set(modifiers) and capital):
        return 0.0
    if not names:
        medical = [word for word in modifiers if word in INNER and word not in GENERIC]
        return 0.7 if capital and (naming or medical) and (strong or (cue and (naming or len(modifiers) > 1))) else 0.0
    if not capital and not strong and not cue:
        return 0.0
    acronym = tokens[first].text.isupper() and len(tokens[first].text) > 2
    if all(_is_department(word, tables) for word in names) and not naming and not cue and not acronym:
        return 0.0
    if not capital:
        place = longest(tables, text, tokens[first].start)
        known = place is not None or any("'" in word or "’" in word for word in names) or acronym
        return (
            0.65
            if (known and (strong or cue)) or (strong and any(word not in tables.ordinary for word in names))
            else 0.0
        )
    if strong:
        return 0.85
    if len(modifiers) > 1 and any(word in INNER for word in modifiers):
        return 0.8
    return (
        0.65
        if (cue and (acronym or not _is_department(names[0], tables))) or longest(tables, text, tokens[first].start)
        else 0.0
    )


_WORKS = re.compile(
    r"(?:['’]s)?[ \t](?:guidelines?|criteria|recommendations?|scores?|risk|data|researchers?|calculator|stud(?:y|ies)"
    r"|trials?|protocols?|classification|consensus|statement|registry)\b",
    re.IGNORECASE,
)


_SOCIETY = re.compile(
    r"[ \t](?:organi[sz]ation|association|society|assembly|survey|college of|academy of)\b", re.IGNORECASE
)
_HOMES = words_of("nursing care rest funeral group retirement convalescent veterans children's memorial")


def _is_department(word: str, tables: Tables) -> bool:
    return (
        is_everyday(word, tables)
        and word not in tables.cities
        and word not in tables.surnames
        and not word.endswith(("'s", "’s"))
    )


def _rightmost(text: str, tokens: Sequence[Token], index: int, tables: Tables) -> int:
    """The end: further heads, a place's name glued on, `of Somewhere`."""
    end, at = tokens[index].end, index
    while at + 1 < len(tokens) and at - index < 5:
        here = tokens[at + 1]
        gap = text[end : here.start]
        low = here.text.lower()
        if gap not in (" ", ". ", "-", " - ", " & ", "/", ", ") or (
            gap == ", " and longest(tables, text, here.start) is None
        ):
            break
        if gap == ". " and tokens[at].text.lower() not in ("med", "hosp", "ctr", "gen", "st"):
            break
        if (here.text[0].isupper() or (low in HEADS and tokens[index].text.islower())) and (
            low in HEADS or low in INNER or low in ("campus", "systems", "foundation", "hospitals", "services")
        ):
            end, at = here.end, at + 1
            continue
        if gap == " " and low in ("of", "at", "in") and at + 2 < len(tokens):
            place = longest(tables, text, tokens[at + 2].start)
            run = _OF_RUN.match(text, end + 1) if low == "of" and tokens[index].text[0].isupper() else None
            if run is not None and (place is None or run.end() > place.end):
                return run.end()
            if place is None or not text[place.start].isupper() or (low == "in" and place.words < 1):
                break
            return place.end
        place = longest(tables, text, here.start) if here.text[0].isupper() else None
        if place is not None and not (
            gap == " " and low in tables.given and low not in ("houston", "dallas", "austin", "boston")
        ):
            return place.end
        break
    return end


_OF_RUN = re.compile(r"of[ \t](?:the[ \t])?[^\W\da-z_][\w'’\-]+(?:[ \t][^\W\da-z_][\w'’\-]+){0,2}")

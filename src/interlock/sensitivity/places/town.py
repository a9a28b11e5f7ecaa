"""Names of towns, counties, states and countries that the tables know, in running text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from interlock.model.finding import Finding
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.eponyms import HEADS
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Passage, Token
from interlock.sensitivity.places.context import is_located, is_strong
from interlock.sensitivity.places.facility_words import SCALE_AFTER, SCALES, STUDY_AFTER
from interlock.sensitivity.places.formed import FOREPARTS, formed_town
from interlock.sensitivity.places.lookup import (
    CITY,
    COUNTRY,
    STATE,
    STOPS,
    Place,
    fold,
    is_everyday,
    known,
    longest,
    without_accents,
)
from interlock.sensitivity.places.postcode import ZIP
from interlock.sensitivity.places.words import CONNECTORS, NOT_STREET, STATE_CODES

_AFTER_PLACE = re.compile(r",?[ \t]{1,2}(?:[A-Z]{2})(?![\w'’])")
_AFTER_PLACE_SMALL = re.compile(r",[ \t]{1,2}(?:[a-z]{2})(?![\w'’])")
_ZIP_AFTER = re.compile(r",?[ \t]{1,2}([0-9]{5}(?:-[0-9]{4})?)(?=[ \t]*(?:[.,;\n\r)\"']|$))(?!,[0-9]|\.[0-9])")
_ALONE = re.compile(r"(?!['’.\-])(?:[^ \t\w]|[ \t]{1,2}[^\w ])")
_COMMA = re.compile(r"[ \t]?,[ \t]{1,2}")
_TITLES = words_of("dr mr mrs ms miss prof nurse sir madam president by named name signed dear hi hello hey thanks")
_NEXT_NAME = re.compile(r"[ \t](?:[^\W\da-z_][^\W\d_]+|[^\W\da-z_]\.)")
_PREVIOUS_NAME = re.compile(r"(?:[^\W\da-z_][\w'’\-]+\.?|[^\W\da-z_]\.)[ \t]$")
_LISTED = re.compile(r"\b(?:in|from|near|at|to|of)[ \t](?:[^\W\da-z_][\w'’.\-]{0,30}[ \t]?){1,4},[ \t]?$")
_LARGE, _TOWN = 100, 15


_PARTS = re.compile(
    r"\b(?:circle|foramen|foramina|sphincter|ampulla|loops?|canals?|nodes?|islets?|angle|ligament|organ|zone|crypts?|ducts?"
    r"|bundle|fascia|pouch|space|artery|triangle|tetralogy|point|line|area|islands?|glands?|bodies"
    r"|fissure)[ ]of[ ](?:the[ ])?$"
)
_GRADE = re.compile(r"[ \t](?:[IVX]{1,4}[a-cA-C]?|[0-9]{1,2})(?![\w\-/]|[.][0-9])")
_SAYING = re.compile(r"[ ](?:is|was|were|has|of|for|and|or|to|in|at|on|above|below|scored?)\b|[ ]?[.,;:?!)]")
_WITH_ARTICLES = words_of("hague bronx dalles woodlands villages valley bahamas gambia netherlands")
_MARKS = ".,;:!?)\"'"


def towns(
    passage: Passage, lower: bool, tables: Tables, starts: Mapping[str, int], pairs: frozenset[str]
) -> Iterator[Finding]:
    """Known places and such as are formed like them, one after the other, where nothing speaks against them."""
    text, done = passage.text, 0
    for token in passage.tokens:
        word = token.text
        if token.start < done or not (word[0].isupper() or lower or not word.isascii()):
            continue
        place = _known(text, token, lower, tables, starts, pairs)
        if place is not None and place.words == 1 and passage.low[token.start : token.end] in FOREPARTS:
            place = None if formed_town(text, passage.low, token, lower, tables) is not None else place
        score = _weigh(passage, place, lower, tables) if place is not None else 0.0
        if place is not None and score:
            yield Finding(place.start, place.end, place.label, score, f"places: known, {place.label}")
            done = place.end
        elif (formed := formed_town(text, passage.low, token, lower, tables)) is not None:
            yield formed
            done = formed.end
        else:
            continue
        yield from after_town(text, done, lower)


def _known(
    text: str, token: Token, lower: bool, tables: Tables, starts: Mapping[str, int], pairs: frozenset[str]
) -> Place | None:
    low = token.text.lower()
    most = starts.get(low) or _otherwise(low, starts)
    if not most:
        return None
    if lower and most == 1 and is_everyday(low, tables) and low not in tables.countries and low not in tables.states:
        return None
    if most == 1 or _ALONE.match(text, token.end):
        found = known(tables, low.replace("’", "'"))  # the word is all there is: no need to look for more
        if found is not None:
            return Place(token.start, token.end, found[0], found[1], 1)
        if most == 1 and low.isascii() and not low.endswith("'s"):
            return None
    if low.isascii() and len(low) > 3 and text[token.end : token.end + 1] == " ":
        second = text.find(" ", token.end + 1, token.end + 32)  # most first words go on otherwise than any town does
        pair = text[token.start : second if second > 0 else token.end + 32].lower().rstrip(_MARKS)
        if pair.isascii() and pair.isprintable() and pair not in pairs and "'" not in pair and "." not in pair:
            if lower and is_everyday(low, tables) and low not in tables.countries and low not in tables.states:
                return None
            most = 1
    return longest(tables, text, token.start, most)


def _otherwise(word: str, starts: Mapping[str, int]) -> int:
    """The same for a word without its possessive, or without its accents."""
    if word.endswith(("'s", "’s")):
        return starts.get(word[:-2], 0)
    return 0 if word.isascii() else starts.get(without_accents(word), 0)


def after_town(text: str, at: int, lower: bool) -> Iterator[Finding]:
    """`, CT` or a ZIP, or both, after a town."""
    state = (_AFTER_PLACE_SMALL if lower else _AFTER_PLACE).match(text, at)
    if state is not None and state[0][-2:].upper() in STATE_CODES:
        yield Finding(state.end() - 2, state.end(), STATE, 0.85, "places: state after a town")
        at = state.end()
    zip_ = _ZIP_AFTER.match(text, at)
    if zip_ is not None:
        yield Finding(zip_.start(1), zip_.end(1), ZIP, 0.7, "places: ZIP after a town")


_POSSESSIVE_PART = re.compile(r"['’]s?[ ]([a-z]{3,20})")


def named_part(text: str, end: int) -> bool:
    """Whether what ends there is what something of anatomy or medicine is named after: `Cooper's ligament`."""
    part = _POSSESSIVE_PART.match(text, end) or _POSSESSIVE_PART.match(text, max(0, end - 2))
    return part is not None and part[1] in HEADS


def _weigh(passage: Passage, place: Place, lower: bool, tables: Tables) -> float:
    text, low = passage.text, passage.low
    if STUDY_AFTER.match(text, place.end):
        return 0.0
    if SCALE_AFTER.match(text, place.end) and not is_strong(passage.low, place.start):
        return 0.0
    if named_part(text, place.end):
        return 0.0  # Cooper's ligament
    if _PARTS.search(passage.low, max(0, place.start - 24), place.start):
        return 0.0  # circle of Willis
    if (
        fold(text[place.start : place.end]) in SCALES
        and _GRADE.match(text, place.end)
        and not is_strong(low, place.start)
    ):
        return 0.0
    name = fold(text[place.start : place.end])
    if (
        place.label == CITY
        and low.endswith("the ", 0, place.start)
        and name not in _WITH_ARTICLES
        and _SAYING.match(text, place.end)
        and not is_strong(low, place.start)
    ):
        return 0.0  # if the Epworth is above ten
    capital = text[place.start].isupper()
    if not capital and not lower:
        return 0.0
    cue = is_located(low, place.start)
    if place.label in (COUNTRY, STATE):
        return _weigh_land(text, low, place, name, cue, lower, tables)
    if len(name) < 3 or name in NOT_STREET or (text[place.start : place.end].isupper() and len(name) < 5 and not cue):
        return 0.0
    if text[place.end : place.end + 2] in ("'s", "’s") and place.size < _LARGE and not cue:
        return 0.0
    if text[place.end : place.end + 2] in ("'s", "’s") and name in tables.surnames and not is_strong(low, place.start):
        return 0.0
    if _is_followed_by_land(text, place, tables):
        return 0.85
    if place.words > 1:
        return _weigh_long(text, place, name, cue, lower, tables)
    if _is_in_a_name(text, low, place, tables, name) and not (cue and name not in tables.given):
        return 0.0
    ordinary = is_everyday(name, tables) or (tables.words.get(name, 0) >= 45 and place.size < _LARGE)
    if lower:
        strong = is_strong(low, place.start)
        return (
            0.6
            if (
                strong
                or (cue and place.size >= _TOWN and (name not in tables.ordinary or _is_large(name, place, tables)))
            )
            and not ordinary
            and name not in STOPS
            else 0.0
        )
    if cue and place.size < _TOWN and low.endswith("the ", 0, place.start) and not is_strong(low, place.start):
        return 0.0  # no town has an article: a newspaper, a ship, a hotel
    if cue:
        if ordinary and not is_strong(low, place.start):
            return 0.0
        if (
            text[place.start : place.end].isupper()
            and len(name) < 6
            and place.size < 50
            and not is_strong(low, place.start)
        ):
            return 0.0
        return 0.75 if place.size >= _TOWN else 0.6
    if ordinary or name in tables.given:
        return 0.0
    known_name = tables.surnames.get(name, 0)
    return 0.6 if place.size >= (5 * _LARGE if known_name else _LARGE) else 0.0


def _is_large(name: str, place: Place, tables: Tables) -> bool:
    """Whether a town's name that English uses is hardly used for anything else."""
    return place.size >= _LARGE and tables.words.get(name, 0) <= _SELDOM and len(name) > 5


_SELDOM = 34


def _weigh_land(text: str, low: str, place: Place, name: str, cue: bool, lower: bool, tables: Tables) -> float:
    if place.words > 1 and name not in tables.given:
        return 0.8
    if len(name) < 4 or "." in name:
        return 0.7 if cue and not lower else 0.0
    common = name in _PERSONS
    if common and (not cue or _is_in_a_name(text, low, place, tables, name)):
        listed = _LISTED.search(text, max(0, place.start - 60), place.start) is not None
        return 0.7 if (_is_alone(text, place) or listed) and not lower else 0.0
    return 0.75


_PERSONS = words_of(
    "chad jordan georgia turkey guinea jersey virginia carolina israel washington montana dakota cuba mali niger"
)


def _is_alone(text: str, place: Place) -> bool:
    """Whether it is all there is on its line, or stands before a ZIP."""
    line_start = text.rfind("\n", 0, place.start) + 1
    after = text[place.end : place.end + 8].lstrip(" ,")
    return not text[line_start : place.start].strip(" >?*|-") and (not after or after[0] in "\n0123456789")


def _weigh_long(text: str, place: Place, name: str, cue: bool, lower: bool, tables: Tables) -> float:
    words = name.split()
    if words[0] in tables.given and words[-1] in tables.surnames and not cue:
        return 0.0
    if all(word in tables.ordinary or word in STOPS or word in CONNECTORS for word in words):
        capital = all(word[0].isupper() or word in CONNECTORS for word in text[place.start : place.end].split())
        return (
            0.65
            if capital and (cue or place.size >= _LARGE) and not lower
            else 0.6
            if lower and place.size >= _LARGE
            else 0.0
        )
    if lower and place.size < _TOWN and not cue:
        return 0.0
    return 0.75


def _is_followed_by_land(text: str, place: Place, tables: Tables) -> bool:
    """`Fairfield, CT`, `Springfield, Illinois`, `Riga, Latvia`."""
    state = _AFTER_PLACE.match(text, place.end)
    if (
        state is not None
        and state[0][-2:] in STATE_CODES
        and ("," in state[0] or state[0][-2:] not in ("IN", "OR", "ME", "OK", "HI", "MD", "PA", "DR", "CO"))
    ):
        return True
    comma = _COMMA.match(text, place.end)
    if comma is None:
        return False
    land = longest(tables, text, comma.end())
    return land is not None and land.label in (COUNTRY, STATE) and text[land.start].isupper()


def _is_in_a_name(text: str, low: str, place: Place, tables: Tables, name: str) -> bool:
    """Whether it is a part of a person's name: a title or a given name before it, a family name or initial after."""
    before = text[max(0, place.start - 24) : place.start]
    if before[-1:] not in (" ", "\t"):
        before = ""
    elif before[before.rstrip().rfind(" ") + 1 :].lower().strip(" \t.,:") in _TITLES:
        return True
    if before and is_located(low, place.start):
        before = ""
    previous = _PREVIOUS_NAME.search(before)
    if previous is not None:
        word = previous[0].strip(" .").lower()
        if len(word) == 1 or word in tables.given or (word in tables.surnames and word not in tables.ordinary):
            return True
    following = _NEXT_NAME.match(text, place.end)
    if following is None:
        return False
    word = following[0].strip(" .").lower()
    return (name in tables.given and (len(word) == 1 or word in tables.surnames)) or len(word) == 1


_COUNTY_HEADS = frozenset({"county", "parish", "borough", "township", "cnty", "prefecture", "oblast", "canton"})


def counties(passage: Passage, tables: Tables) -> Iterator[Finding]:
    """`Tulare County`, `County Cork`; small-written only where a table knows it."""
    if passage.words.isdisjoint(_COUNTY_HEADS):
        return
    text, tokens = passage.text, passage.tokens
    for index, token in enumerate(tokens):
        if token.text.lower() not in _COUNTY_HEADS or not index:
            continue
        first = index
        while first and index - first < 3 and text[tokens[first - 1].end : tokens[first].start] in (" ", ". "):
            if not tokens[first - 1].text[0].isupper() or tokens[first - 1].text in ("The", "In", "From", "At", "Our"):
                break
            first -= 1
        if first < index and token.text[0].isupper():
            yield Finding(tokens[first].start, token.end, CITY, 0.8, "places: county")
        elif tokens[index - 1].text.lower() in tables.counties and text[tokens[index - 1].end : token.start] == " ":
            yield Finding(tokens[index - 1].start, token.end, CITY, 0.7, "places: known county")

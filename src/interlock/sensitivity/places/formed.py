"""Towns told by how their names are made, and towns before a state's two letters: `Vernonfurt`, `West Christy, NJ`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from interlock.model.finding import Finding
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Token
from interlock.sensitivity.places.context import is_located, is_strong
from interlock.sensitivity.places.facility_words import STUDY_AFTER
from interlock.sensitivity.places.lookup import CITY, STATE, is_everyday
from interlock.sensitivity.places.words import CONNECTORS, NOT_STREET, STATE_CODES

FOREPARTS = words_of(
    "west east north south new port lake fort ft mount mt saint st san santa los las upper lower point cape glen"
    " puerto ciudad villa nueva nuevo bad nowy nowa stare stary nova novo nové staré stará ny gamla gammel thành tp"
)
_ENDINGS = words_of(
    "ville town mouth port view shire bury fort stad chester side burgh berg land borough furt haven ford burg stadt"
    " hausen dorf heim"
)
_LAST_FOUR = frozenset(ending[-4:] for ending in _ENDINGS)
_EVERYDAY = words_of("new old point upper lower cape great little bad las los el")
_CREDENTIALS = words_of("MD PA MS MA DO DC CO OT PT AL IN OR ME OK HI LA ID DE AR AA CA")
"""Codes of states that are also degrees, words or initials."""
_WORD = re.compile(r"[^\W\d_][\w'’\-]{0,40}")
_STATE = re.compile(r",[ \t]{1,2}([A-Z]{2})(?![\w'’\-]|\.\w|[ \t]*[&/])")
_SMALL_STATE = re.compile(
    r",[ \t]([a-z]{2})(?=[ \t]*(?:[,.;:\n)]|$|[0-9]{5}(?![0-9])|(?:with|and|for|on|since|to|is|office)\b))"
)
_RUN = re.compile(r"(?<![\w'’\-])(?:[^\W\da-z_][\w'’\-]{0,30}\.?[ \t]){0,3}[^\W\da-z_][\w'’\-]{1,30}$")
_SMALL_RUN = re.compile(r"(?<![\w'’\-])(?:[^\W\d_][\w'’\-]{0,30}\.?[ \t]){0,2}[^\W\d_][\w'’\-]{2,30}$")
_ZIP_AFTER = re.compile(r"[ \t,]{1,3}[0-9]{5}(?![0-9])")
# Not commas and semicolons: lists of authors have initials behind names (`Wu, AL; Chen, WA`).
_BESIDE = re.compile(r"(?:^|\n|[:|>(\"']|\bour)[ \t]*$")
_FIELD_BEFORE = re.compile(r"(?:^|\n)[ \t]*$")


def formed_town(text: str, low: str, token: Token, lower: bool, tables: Tables) -> Finding | None:
    """A town that no table knows, where the word begins one: `Port Ellery`, `Vernonfurt`."""
    word = low[token.start : token.end]
    if word in FOREPARTS:
        return _with_a_forepart(text, low, token.start, token.end, lower, tables)
    if len(word) > 6 and word[-4:] in _LAST_FOUR:
        score = _weigh_formed(text, low, token.start, token.end, lower, tables)
        return Finding(token.start, token.end, CITY, score, "places: formed as towns are") if score else None
    return None


def _with_a_forepart(text: str, low: str, start: int, end: int, lower: bool, tables: Tables) -> Finding | None:
    """`New Linda`, `Port Ellery` after a word for being there."""
    at = end + 1 if text[end : end + 1] in (" ", "-") else end + 2 if text[end : end + 2] in (". ", "- ") else end
    match = _WORD.match(text, at) if at > end else None
    if match is None or not (text[at].isupper() or lower) or STUDY_AFTER.match(text, match.end()):
        return None
    word = match[0].lower().removesuffix("'s").removesuffix("’s")
    if not _is_a_name(word, tables) or not _is_there(low, start, lower and low[start:end] in _EVERYDAY, word):
        return None
    return Finding(start, at + len(word), CITY, 0.7, "places: formed as towns are")


def _is_there(low: str, start: int, doubtful: bool, word: str) -> bool:
    """Whether words before say that it is a place; of a doubtful one, a word for living or going there."""
    return is_strong(low, start) if doubtful and not ending_of(word) else is_located(low, start)


def _is_a_name(word: str, tables: Tables) -> bool:
    """Whether a word after a forepart makes a town of it: a person's name, or no English word."""
    if len(word) < 3 or word in NOT_STREET or word in CONNECTORS:
        return False
    if is_everyday(word, tables):
        return False
    return word in tables.given or word in tables.surnames or tables.words.get(word, 0) < 30 or ending_of(word) != ""


def ending_of(word: str) -> str:
    """The longest of the endings that the word has, beside at least three letters."""
    return next((word[-long:] for long in (7, 6, 5, 4) if len(word) > long + 2 and word[-long:] in _ENDINGS), "")


def _weigh_formed(text: str, low: str, start: int, end: int, lower: bool, tables: Tables) -> float:
    """How sure `Vernonfurt` is a town: by what stands before its ending and by the words around it."""
    word = low[start:end]
    if word in tables.ordinary or word in tables.given or word in NOT_STREET or STUDY_AFTER.match(text, end):
        return 0.0
    ending = ending_of(word)
    if not ending:
        return 0.0
    stem = word.removesuffix(ending)
    named = stem in tables.given or stem in tables.surnames
    if is_located(low, start) or _FIELD_BEFORE.search(text, max(0, start - 8), start):
        if lower and not is_strong(low, start) and not named:
            return 0.0
        return 0.75 if named else 0.6 if tables.words.get(word, 0) < 20 else 0.0
    if not named or word in tables.surnames or tables.words.get(word, 0) > 0:
        return 0.0
    return 0.6 if not _is_after_a_name(text, start, tables) else 0.0


_PREVIOUS = re.compile(r"([^\W\d_][\w'’\-]{0,30})\.?[ \t]$")


def _is_after_a_name(text: str, start: int, tables: Tables) -> bool:
    """Whether a given name, an initial or a title stands right before: then it is somebody's."""
    before = _PREVIOUS.search(text, max(0, start - 34), start)
    if before is None:
        return False
    word = before[1].lower()
    return word in tables.given or len(word) == 1 or word in ("dr", "mr", "mrs", "ms", "miss", "prof")


def before_a_state(text: str, low: str, lower: bool, tables: Tables) -> Iterator[Finding]:
    """Towns before a comma and a state's two letters."""
    for match in (_SMALL_STATE if lower else _STATE).finditer(text):
        if match[1].upper() not in STATE_CODES:
            continue
        run = (_SMALL_RUN if lower else _RUN).search(text, max(0, match.start() - 64), match.start())
        start = None if run is None else _start_of_town(text, low, run, lower, tables)
        if start is None:
            continue
        if not (_is_told(text, low, start, match, lower) or _is_formed(low[start : match.start()])):
            continue
        yield Finding(start, match.start(), CITY, 0.75, "places: before a state")
        yield Finding(match.start(1), match.end(1), STATE, 0.75, "places: state after a town")


def _is_told(text: str, low: str, start: int, match: re.Match[str], lower: bool) -> bool:
    """Whether what stands around says that it is a place: a word before, a ZIP after, or both marks of a field."""
    if _ZIP_AFTER.match(text, match.end()) or is_located(low, start):
        return True
    return not lower and match[1] not in _CREDENTIALS and _BESIDE.search(text, max(0, start - 8), start) is not None


def _is_formed(town: str) -> bool:
    first, _, rest = town.partition(" ")
    return (not rest and ending_of(first) != "") or (first in FOREPARTS and bool(rest))


def _start_of_town(text: str, low: str, run: re.Match[str], lower: bool, tables: Tables) -> int | None:
    """Where the town's name begins in a run of words before a state: everyday words lead up to it."""
    start, end = run.span()
    while True:
        space = low.find(" ", start, end)
        if space < 0:
            break
        word = low[start:space].strip(".")
        if word in FOREPARTS and not is_everyday(word, tables):
            break
        if word in FOREPARTS and word not in CONNECTORS:
            break
        leads = word in CONNECTORS or word in NOT_STREET or tables.words.get(word, 0) >= 55
        if not leads and not (lower and tables.words.get(word, 0) >= 45):
            break
        start = space + 1
    word = low[start:end].rsplit(" ", 1)[-1]
    if word in NOT_STREET or (lower and word in tables.ordinary and tables.words.get(word, 0) >= 40):
        return None
    return start

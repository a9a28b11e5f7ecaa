"""Facilities: a head noun with names before it, a well-known name, or a name after a word for being there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from interlock.sensitivity.dates.span import spots
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Passage
from interlock.sensitivity.places.facility_ends import ended, headed_small
from interlock.sensitivity.places.facility_heads import HEADS, LEADING, NAME_RUN, Facility, headed
from interlock.sensitivity.places.facility_words import (
    ENDS,
    GENERIC,
    KNOWN,
    KNOWN_STARTS,
    NOT_A_NAME,
    STUDY_AFTER,
)
from interlock.sensitivity.places.lookup import is_everyday
from interlock.sensitivity.places.visits import LETTERS, is_a_source, is_visit

_MOVED = re.compile(
    r"\b(?:seen|admi(?:t|ssion)[a-z]*|treated|evaluated|presented|discharged?|referr?ed|transferr?ed|hospitali[sz]ed"
    r"|surgery|operated|sent|brought|taken|moved"
    r"|checked in|attended|managed|cared for|underwent|biopsy|performed|rehab)(?:[ \t](?:back|over|out|home|again"
    r"|recently|by (?:dr\.? )?\w{2,12}|surgery|for \w{2,12}))?,?[ \t]$",
    re.IGNORECASE,
)
_SCORES = words_of(
    "index score scale criteria study trial guidelines test sign protocol classification inhibitors registry"
)
_AT = re.compile(
    r"(?:\b(?:at|to|from|in|visited|attended|via)|@)[ \t](?:the[ \t]|our[ \t]|a[ \t])?(?=(?-i:[^\W\d_a-z]))",
    re.IGNORECASE,
)
_AT_FIRM = re.compile(r"^(?:at\b|@|visited|attended)", re.IGNORECASE)
_WHEN = re.compile(
    r"[,]?[ \t](?:on|-|–|since|last|in|dated|this|yesterday|today|w/|with|under|for|by|\(|[0-9]{1,2}[/\-]|(?:jan|feb"
    r"|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?[ \t][0-9])|[ \t]?[.,;?)\n(]|$",
    re.IGNORECASE,
)
_SAINT = re.compile(r"(?<![\w'’-])(?:St\.?|Saint|Mt\.?|Mount|Our Lady of)[ \t]([^\W\da-z_][\w\-]{1,20})(['’]s)?(?!\w)")
_SAINTS = frozenset({"st", "saint", "mt", "mount", "our"})
_PREPOSITIONS = frozenset({"at", "to", "from", "in", "visited", "attended", "via"})
_ARTICLES = ("the ", "our ", "a ")
_GOING = re.compile(r"\b(?:at|to|from)[ \t]$")
_LOOKED_AT = HEADS | LEADING | ENDS | KNOWN_STARTS | _SAINTS
_SIGNS = frozenset(LETTERS.findall(" ".join(_LOOKED_AT)))
"""Every run of letters in the words that are looked at one by one."""


def facilities(passage: Passage, tables: Tables) -> Iterator[Facility]:
    """Every facility in the text, by each of the three signs; some overlap."""
    text, low, words = passage.text, passage.low, passage.words
    lower = text.islower()
    if not words.isdisjoint(_SIGNS):
        for index, token in enumerate(passage.tokens):
            word = token.text.lower()
            if word not in _LOOKED_AT and word[1:2] not in ("'", "’"):
                continue
            if word in HEADS or (word[1:2] in ("'", "’") and word[2:] in LEADING):
                found = (headed_small if lower else headed)(passage, index, tables)
                if found is not None:
                    yield found
            if word in ENDS and (found := ended(passage, index, lower, tables)) is not None:
                yield found
            if word in KNOWN_STARTS and (found := _known_name(text, low, token.start)) is not None:
                yield found
            if word in _SAINTS and (match := _SAINT.match(text, token.start)) is not None:
                yield from _saint(text, low, match)
    for start in _after_prepositions(text, low, words):
        if (match := _AT.match(text, start)) is not None:
            yield from _after_a_visit(text, low, match, tables)


def _after_prepositions(text: str, low: str, words: frozenset[str]) -> Iterator[int]:
    """Where a preposition stands that a name may follow: a capital after it and perhaps an article."""
    for word in words & _PREPOSITIONS:
        for begin, end in spots(low, word):
            if not text[end + 1 : end + 2].islower() or low.startswith(_ARTICLES, end + 1):
                yield begin
    at = text.find("@ ")
    while at >= 0:
        yield at
        at = text.find("@ ", at + 1)


def _known_name(text: str, low: str, start: int) -> Facility | None:
    match = KNOWN.match(text, start)
    if match is None or STUDY_AFTER.match(text, match.end()) or (match[0][0].islower() and len(match[0]) < 7):
        return None
    return None if is_a_source(low, start) else Facility(start, match.end(), 0.8, "known name")


def _saint(text: str, low: str, match: re.Match[str]) -> Iterator[Facility]:
    """`St. Vincent's`: with the possessive it is an institution; without it the words before must say so."""
    if match[2] is not None and match[0][0] == "S":
        if not STUDY_AFTER.match(text, match.end()):
            yield Facility(match.start(), match.end(), 0.7, "saint")
    elif _GOING.search(text[max(0, match.start() - 6) : match.start()]) and is_visit(low, match.start()):
        yield Facility(match.start(), match.end(), 0.65, "saint")


def _after_a_visit(text: str, small: str, match: re.Match[str], tables: Tables) -> Iterator[Facility]:
    """`seen at Baylor on`, `admitted to UCLA.`: any name there is where it happened."""
    run = NAME_RUN.match(text, match.end())
    if run is None or not text[run.start()].isupper() or len(run[0]) < 3:
        return
    low = [word.lower().strip(".,'’") for word in run[0].split()]
    if low[0] in NOT_A_NAME or low[0] in tables.countries or low[-1] in _SCORES:
        return
    if all(is_everyday(word, tables) or word in NOT_A_NAME or word in GENERIC for word in low):
        return
    if STUDY_AFTER.match(text, run.end()) or _WHEN.match(text, run.end()) is None:
        return
    firm = _AT_FIRM.match(match[0]) is not None
    begin = match.start()
    told = is_visit(small, begin) if firm else _MOVED.search(text, max(0, begin - 60), begin) is not None
    if told and (firm or _is_placed(low, tables)):
        yield Facility(run.start(), run.end(), 0.65 if firm else 0.55, "after a visit")


def _is_placed(words: list[str], tables: Tables) -> bool:
    """After `to`, `from`, `in` many things stand: a name counts when it isn't English or is a person's or a place's."""
    if words[0] in tables.cities and words[0] not in tables.ordinary and len(words) > 1:
        return True
    return all(word not in tables.ordinary for word in words) and not all(word.isupper() for word in words)

"""Forms of an address that need no judging: units, boxes, military post, numbered roads, corners."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Passage
from interlock.sensitivity.places.words import PO_BOX, SAFE_UNIT


@dataclass(frozen=True, slots=True)
class Street:
    """A stretch that is part of a street's address."""

    start: int
    end: int
    score: float
    form: str


_HIGHWAY = re.compile(
    r"(?:\b[0-9]{1,6}[ \t]{1,2}(?:[NSEW]\.?[ \t])?(?:(?i:state |county |us |old )?(?i:highway|hwy|route|rte|road|rd)"
    r"|CR|SR|FM|US|I-?)"
    r"[. \t]?[ \t]?#?[0-9]{1,4}[A-Z]?\b"
    r"|\b(?:(?i:state|county|us|u\.s\.|old|interstate)[ \t])?(?:(?:[Hh]ighway|[Hh]wy\.?|HWY|Route"
    r"|Rte\.?|Interstate)|(?i:county road|state road))"
    r"[ \t]#?[0-9]{1,4}[A-Z]?\b)(?![.,][0-9])(?:[ \t](?:(?i:north|south|east|west)|[NSEW])\b)?"
)
# Roads of Texas; what numbers begin in China and India and end in a postal code of six digits.
_FARM = re.compile(
    r"\b(?:[0-9]{1,6},?[ \t])?(?:farm|ranch)[ -](?:to|2)[ -](?:market|ranch)(?:[ \t](?:road|rd\.?|highway"
    r"|hwy))?(?:[ \t]#?[0-9]{1,4}\b)?",
    re.IGNORECASE,
)
_UNIT_FIRST = re.compile(
    r"\b(?:flat|room|rm|house|plot|villa|shop|door|apartment|apt|h\.?no|d\.?no|block|tower|wing|bldg|building"
    r"|unit|qtr|quarter)\.?[ \t]"
    r"(?:no\.?[ \t]?)?[0-9]{1,5}[a-z]?,?[ \t](?:[^\n;()\"|:.!?]|\.(?![ ](?-i:[A-Z]))){5,80}?[ \t,-][1-9][0-9]{2}"
    r" ?[0-9]{3}(?![\w-])",
    re.IGNORECASE,
)
_NUMBERED_HOUSE = re.compile(
    r"\b(?i:at|of|from|outside|into|lives?|house)[ \t]((?i:no|number"
    r"|nr)\.?[ \t][0-9]{1,4}[A-Za-z]?,?(?:[ \t][^\W\da-z_][\w'’-]{1,20}){2,3})"
)
_ON_A_STREET = re.compile(
    r"\b(?:on|off|near|along|at|from|outside|of|down|onto|opposite|behind)[ \t]((?:[A-Z][a-z'’-]{2,20}[ \t]){1,3}"
    r"(?:Ct|Pl|Ln|Cir|Ter|Trl|Blvd|Ave|Rd|Pkwy|Cres|Cl|Sq|Hwy)\.?)(?=[,;)\n]|\.?(?:[ \t]|$))"
)
_UNIT = re.compile(rf"(?<![\w])(?:{SAFE_UNIT})", re.IGNORECASE)
BOX_AFTER = re.compile(rf"(?<![^\W_])(?:{PO_BOX})(?![0-9])", re.IGNORECASE)
_MILITARY = re.compile(
    r"(?:\b(?:usns|uss|usnv|uscgc|usnv)[ \t][^\W\d_][\w'’\-]{1,30}(?:[ \t][A-Z][\w'’\-]{1,30})?,?\s{1,2})?\b(?:apo"
    r"|fpo|dpo),?[ \t](?:aa|ae|ap)[ \t]{1,2}[0-9]{5}(?:-[0-9]{4})?\b",
    re.IGNORECASE,
)
_CORNER = re.compile(
    r"\b((?:the[ \t])?corner of[ \t][^\n;]{3,60}?)[ \t](?:and"
    r"|&)[ \t]([^\W\d_][\w'’\-]{1,30}(?:[ \t](?-i:[^\W\da-z_])[\w'’\-]{0,30}){0,3})",
    re.IGNORECASE,
)


_LATIN_GRID = re.compile(
    r"\b(?:calle|carrera|cra|kra|cl|cll|avenida|av|diagonal|dg|transversal|tv)\.?[ \t][0-9]{1,3}[a-z]?"
    r"(?:[ \t](?:sur|norte|bis))?"
    r"(?:[ \t]?(?:#|no?\.?|n[°º])[ \t]?[0-9]{1,3}[a-z]?[ \t]?-[ \t]?[0-9]{1,3})",
    re.IGNORECASE,
)
_LOT = re.compile(
    r"\b(?:house|plot|blk|block|lot|flat|villa|shop|door|h\.?[ \t]?no|hs\.?[ \t]?nr)\.?[ \t]"
    r"(?:no\.?[ \t]?)?[0-9]{1,5}[a-z]?(?:[/-][0-9]{1,4})?,[ \t](?=[A-Z])",
    re.IGNORECASE,
)
_JAPANESE = re.compile(
    r"\b[0-9]{1,2}-[0-9]{1,2}(?:-[0-9]{1,3})?,?[ \t][A-Z][\w'’]+,[ \t][A-Z][\w'’]+-(?:ku|shi|cho|machi|gun)\b"
)


def fixed_forms(passage: Passage) -> Iterator[Street]:
    """Forms that need no judging: units, boxes, military post, numbered roads, corners, lots, grids."""
    text, low, words = passage.text, passage.low, passage.words
    for signs, beginnings, pattern, score, form in _FIXED:
        if not words.isdisjoint(signs):
            for start in _spots(low, beginnings):
                match = pattern.match(text, start)
                if match is not None:
                    yield Street(match.start(), match.end(), score, form)
    if "corner" in words:
        for start in _spots(low, ("corner of",)):
            match = _CORNER.search(text, max(0, start - 4), min(len(text), start + 200))
            if match is not None:
                yield Street(match.start(1), match.end(2), 0.8, "corner")
    if not words.isdisjoint(_ROAD_SIGNS):
        for start in _spots(low, _ROAD_WORDS):
            for match in _HIGHWAY.finditer(text, max(0, start - 30), min(len(text), start + 40)):
                yield Street(match.start(), match.end(), 0.8, "numbered road")
    for signs, pattern, form in _OTHERS:
        for sign in signs & words:
            for start in _spots(low, (sign,)):
                match = pattern.match(text, start)
                if match is not None:
                    yield Street(match.start(), match.start() + len(match[0].rstrip(" ,")), 0.8, form)
    if not words.isdisjoint(_NUMBERS):
        for match in _NUMBERED_HOUSE.finditer(text):
            yield Street(match.start(1), match.end(1), 0.7, "number of a house")
    if not words.isdisjoint(_SHORT_TYPES):
        for match in _ON_A_STREET.finditer(text):
            yield Street(match.start(1), match.end(1), 0.6, "on a street")
    if not words.isdisjoint(_WARDS):
        for match in _JAPANESE.finditer(text):
            yield Street(match.start(), match.end(), 0.8, "blocks")


_OTHERS = (
    (words_of("calle carrera cra kra cl cll avenida av diagonal dg transversal tv"), _LATIN_GRID, "grid"),
    (words_of("house plot blk block lot flat villa shop door h hs"), _LOT, "lot"),
    (words_of("farm ranch"), _FARM, "numbered road"),
    (
        words_of(
            "flat room rm house plot villa shop door apartment apt h d block tower wing bldg building unit quarter"
        ),
        _UNIT_FIRST,
        "unit first",
    ),
)
_WARDS = words_of("ku shi cho machi gun")
_NUMBERS = words_of("no number nr")
_SHORT_TYPES = words_of("ct pl ln cir ter trl blvd ave rd pkwy cres cl sq hwy")
_FIXED = (
    (words_of("apt apartment suite ste"), ("apt", "apartment", "suite", "ste"), _UNIT, 0.8, "unit"),
    (
        words_of("box pobox postfach apartado boite boîte postale postbus casella bag caixa pmb"),
        (
            "p.o",
            "po box",
            "p o box",
            "pobox",
            "p. o",
            "postal",
            "post ",
            "postfach",
            "apartado",
            "bo",
            "casella",
            "gpo",
            "locked",
            "private",
            "caixa",
            "pmb",
            "psc",
            "unit ",
            "cmr",
            "rr",
            "hc",
            "p.box",
        ),
        BOX_AFTER,
        0.95,
        "box",
    ),
    (words_of("bp b"), ("bp", "b.p"), BOX_AFTER, 0.95, "box"),
    (
        words_of("usns uss usnv uscgc apo fpo dpo"),
        ("usns", "uss ", "usnv", "uscgc", "apo", "fpo", "dpo"),
        _MILITARY,
        0.95,
        "military",
    ),
)
_ROAD_SIGNS = words_of("highway hwy route rte interstate road rd cr sr fm")
_ROAD_WORDS = (
    "highway",
    "hwy",
    "route ",
    "rte",
    "interstate",
    "county road",
    "co rd",
    "county rd",
    "cr ",
    "sr ",
    "fm ",
)


def _spots(low: str, words: tuple[str, ...]) -> Iterator[int]:
    """Where any of the words begins a word in the lower-case text."""
    for word in words:
        at = low.find(word)
        while at >= 0:
            if not at or not low[at - 1].isalnum():
                yield at
            at = low.find(word, at + 1)


FIXED_SIGNS = frozenset().union(*(each[0] for each in (*_FIXED, *_OTHERS)), _ROAD_SIGNS, _WARDS, {"corner"})
"""Without one of these words there is none of the forms."""

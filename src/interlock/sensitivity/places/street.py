"""Streets: where an address shows itself. Each form is found by itself; `block` then takes what stands around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from interlock.sensitivity.places.words import (
    CONNECTORS,
    CUE,
    NOT_STREET,
    PO_BOX,
    PREFIX_TYPES,
    SAFE_UNIT,
    STREET_TYPES,
    STRONG_TYPES,
    SUFFIXES,
    UNIT,
    WEAK_PREFIXES,
)


@dataclass(frozen=True, slots=True)
class Street:
    """A stretch that is part of a street's address."""

    start: int
    end: int
    score: float
    form: str


_NUMBER = r"[0-9]{1,6}(?:[A-Za-z]|-[0-9]{1,5}|[ \t]1/2|/[0-9]{1,3})?"
_WORD = r"(?:[^\W\d_][\w'’\-]{0,30}\.?|[0-9]{1,3}(?:st|nd|rd|th))"
_DIRECTION = r"(?:[NSEW]\.?|[NS][EW]|[NS]\.[EW]\.|north|south|east|west|north(?:east|west)|south(?:east|west))"
_IS_DIRECTION = re.compile(_DIRECTION, re.IGNORECASE)

_NUMBER_FIRST = re.compile(
    rf"[0-9](?<![\w$€£.,/:%+\-][0-9])(?:[0-9]{{0,5}})(?:[A-Za-z]|-[0-9]{{1,5}}|[ \t]1/2|/[0-9]{{1,3}})?(?![\w%.:/]),?[ \t]{{1,2}}"
    rf"((?:{_WORD}[ \t]{{1,2}}){{0,4}}?)({STREET_TYPES})(?![\w'’\-])\.?"
    rf"((?:[ \t]{{1,2}}{_DIRECTION}(?![\w'’\-]))?)",
    re.IGNORECASE,
)
_HIGHWAY = re.compile(
    r"(?:\b[0-9]{1,6}[ \t]{1,2})?(?:\b(?:[A-Z][a-z]+[ \t]|U\.?S\.?[ \t]|[NSEW]\.?[ \t]){0,2})\b(?:(?:state |county |us |interstate |farm to market |old )?(?:highway|hwy|route|rte|rd|road|interstate)|county road|co rd|cr|sr|fm)[. \t]{1,2}#?[0-9]{1,4}[A-Z]?\b(?:[ \t](?:north|south|east|west|[NSEW])\b)?",
    re.IGNORECASE,
)
_NO_NUMBER = re.compile(
    r"(?<![\w'’\-])((?:[^\W\d_a-z][\w'’\-]{1,30}\.?[ \t]|[0-9]{1,3}(?:st|nd|rd|th)[ \t]){1,3})(Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Parkway|Pkwy"
    r"|Highway|Hwy|STREET|AVENUE|AVE|ROAD|RD|BOULEVARD|BLVD|LANE|LN)(?![\w'’\-])(?![ \t][A-Z][a-z])"
)
_PREFIX = re.compile(
    rf"(?<![^\W_])({PREFIX_TYPES})(?![^\W\d_])[ \t]{{0,2}}"
    r"((?:(?:[dDlL]['’]|[^\W\d_]\.[ \t]?|[^\W\d_][\w'’\-]{1,30}\.?|[0-9]{1,2}\.)[ \t]{1,2}){0,6}?"
    r"(?:[dDlL]['’])?[^\W\d_][\w'’\-]{1,30})"
    r"(?:\.?,?[ \t]{1,2}(?:n\.?[ºo°]?[ \t]?|nr\.?[ \t]?|č\.[ \t]?p\.[ \t]?)?([0-9]{1,5}(?:[ \t]?[A-Za-z](?![\w'’]))?)(?![\w%]|[.:/][0-9]))?",
    re.IGNORECASE,
)
_BEFORE_NUMBER = re.compile(r"(?<=[^\W\d_])[.,]?[ \t]([0-9]{1,4}(?:[ \t]?[a-zA-Z](?![\w'’])|[/\-][0-9]{1,4}[a-z]?)?)(?![\w%]|[.,:/][0-9])\.?")
_LAST_WORDS = re.compile(r"(?:(?:[^\W\d_]\.|[^\W\d_][\w'’\-]{0,30}\.?)[ \t]{1,2}){0,4}(?:[^\W\d_]\.|[^\W\d_][\w'’\-]{0,30})[.,]?$")
_HOUSE_BEFORE = re.compile(r"(?<![\w$€£.,/:%+\-])[0-9]{1,5}[A-Za-z]?,?(?:[ \t]{1,2}|[ \t]*\n[ \t]*)$")
_UNIT = re.compile(rf"(?<![\w])(?:{SAFE_UNIT})", re.IGNORECASE)
_BOX = re.compile(rf"(?<![^\W_])(?:{PO_BOX})(?![0-9])", re.IGNORECASE)
_MILITARY = re.compile(
    r"(?:\b(?:usns|uss|usnv|uscgc|usnv)[ \t][^\W\d_][\w'’\-]{1,30}(?:[ \t][A-Z][\w'’\-]{1,30})?,?\s{1,2})?\b(?:apo|fpo|dpo),?[ \t](?:aa|ae|ap)[ \t]{1,2}[0-9]{5}(?:-[0-9]{4})?\b",
    re.IGNORECASE,
)
_CORNER = re.compile(r"\bcorner of[ \t]([^\n.;]{3,60}?)[ \t](?:and|&)[ \t]([^\W\d_][\w'’\-]{1,30}(?:[ \t][^\W\da-z_][\w'’\-]{0,30}){0,3})", re.IGNORECASE)
_AND_BEFORE = re.compile(r"(?<![\w'’\-])((?:(?:van|de|von|der|del|la)[ \t])?[^\W\d_][\w'’\-]{1,30}(?:[ \t][^\W\da-z_][\w'’\-]{1,30})?)[ \t](?:and|&)[ \t]$", re.IGNORECASE)
_FUNCTION = frozenset(
    "a an the of and or in on at to for with from by was were is are be had has have no not per every once old year years"
    " month months week weeks day days hour hours mg ml mcg g kg cm mm tablet tablets x times more other his her their my our"
    " your this that these those as if then so but patient patients pt male female man woman people family steps miles blocks"
    " minutes min units unit prior only over under after before via than wanted very lb lbs pounds puffs mmhg pm am new"
    " major minor key main different distinct long short low high degree degrees point points out up down all another".split()
)
_LOOK = 90


def streets(text: str, lower: bool) -> Iterator[Street]:
    """Every street in `text`, in no order, some of them overlapping. `lower`: the text knows no capitals."""
    for match in _NUMBER_FIRST.finditer(text):
        found = _number_first(match, lower)
        if found is not None:
            yield found
    for match in _NO_NUMBER.finditer(text):
        yield from _no_number(match)
    for match in _PREFIX.finditer(text):
        found = _prefix(text, match, lower)
        if found is not None:
            yield found
    for match in _BEFORE_NUMBER.finditer(text):
        found = _number_last(text, match, lower)
        if found is not None:
            yield found
    yield from _fixed(text)


def _fixed(text: str) -> Iterator[Street]:
    """Forms that need no judging: units, boxes, military post, numbered roads, corners."""
    for pattern, score, form in (
        (_UNIT, 0.8, "unit"),
        (_BOX, 0.95, "box"),
        (_MILITARY, 0.95, "military"),
        (_HIGHWAY, 0.8, "numbered road"),
    ):
        for match in pattern.finditer(text):
            yield Street(match.start(), match.end(), score, form)
    for match in _CORNER.finditer(text):
        yield Street(match.start(1), match.end(2), 0.8, "corner")


def _number_first(match: re.Match[str], lower: bool) -> Street | None:
    """`4417 Old Kettle Rd`: words between the number and the type must look like a name."""
    words = [word.strip(".") for word in match[1].split()]
    kind = match[2]
    strong = kind.lower() in STRONG_TYPES or kind.lower() in ("st", "str")
    if not words:
        # `5 Broadway`, `12 The Green`
        return Street(match.start(), match.end(), 0.8, "number first") if kind.lower() == "broadway" else None
    capitals = sum(not word[0].islower() for word in words)
    if any(word.lower() in _FUNCTION and (word[0].islower() or word.lower() in NOT_STREET) for word in words) and not (
        words[0].lower() in ("the", "old", "new", "long", "high", "main", "short", "low", "major") and capitals == len(words)
    ):
        small = {"of", "the", "de", "la", "and", "old", "new", "main", "high", "long", "point", "points"}
        if not all(word.lower() not in _FUNCTION or word.lower() in small for word in words) or (not strong and not capitals):
            return None
    if capitals == 0 and not strong:
        return None
    if capitals == 0 and not lower and len(words) > 2:
        return None
    if not strong and kind.islower() and not lower:
        return None
    return Street(match.start(), match.end(), 0.9 if strong and capitals else 0.75, "number first")


def _no_number(match: re.Match[str]) -> Iterator[Street]:
    words = match[1].split()
    while words and words[0].lower().strip(".") in (NOT_STREET | _SENTENCE_STARTERS):
        words = words[1:]
    if not words or match[2] in ("St", "Drive") and words[-1].lower().strip(".") in NOT_STREET:
        return
    start = match.end(1) - len(match[1]) + match[1].rfind(words[0]) if len(words) == 1 else match.start(1) + match[1].find(words[0])
    yield Street(start, match.end(2), 0.6, "street without number")


_SENTENCE_STARTERS = frozenset(
    "near behind beside along across between down up off at meet visit take turn lives living found seen through toward towards".split()
)


def _prefix(text: str, match: re.Match[str], lower: bool) -> Street | None:
    """`40 rue Victor Hugo`, `Via Nizza 60`, `ul. Asnyka 82`."""
    kind, name, number = match[1].lower(), match[2], match[3]
    words = [word for word in re.split(r"[ \t'’]+", name) if word]
    start = match.start(1)
    house = _HOUSE_BEFORE.search(text, max(0, start - 12), start)
    weak = kind in WEAK_PREFIXES or kind in ("strada", "avenue", "boulevard", "av.", "esplanade")
    named = [word for word in words if word.lower() not in CONNECTORS]
    if not named or any(word.lower() in _STOPS for word in words[:1]):
        return None
    capital = named[0][0].isupper()
    if weak and not (capital or lower) or weak and number is None and house is None:
        return None
    if kind in ("am", "im", "via", "place", "po", "r", "c.", "route", "passage", "in der", "cours") and (
        not capital or number is None or not match[1][0].isupper() and house is None
    ) and not (kind == "rue"):
        return None
    if not capital and not (lower or number or house):
        return None
    if number is None:
        end = _cut(text, match.start(2), match.end(2), lower)
        if end is None:
            return None
        return Street(house.start() if house else start, end, 0.75, "type first")
    if any(not word[0].isupper() and word.lower() not in CONNECTORS for word in words) and not lower:
        return None
    return Street(house.start() if house else start, match.end(3), 0.9, "type first")


_STOPS = frozenset("is was are were the and of to for with or has had that this it".split())
_MORE_NAME = re.compile(r"(?:[ \t]{1,2}|-)((?:[dl]['’])?[^\W\d_][\w'’\-]{0,30})", re.IGNORECASE)


def _cut(text: str, start: int, end: int, lower: bool) -> int | None:
    """The end of a name without a number: as many capitalised words and connectors as follow."""
    first = re.compile(r"(?:(?:de|la|du|des|del|della|di|dei|da|do|dos|das|le|les|el|al|los|las|saint|sainte)[ \t]|[dl]['’])*[^\W\d_][\w'’\-]{1,30}", re.IGNORECASE).match(text, start)
    if first is None:
        return None
    at, kept = first.end(), first.end()
    for _ in range(5):
        more = _MORE_NAME.match(text, at)
        if more is None:
            break
        at = more.end()
        word = more[1]
        if word[0].isupper() or lower and word not in _FUNCTION and word not in ("suite", "apt"):
            if word.lower() in ("suite", "apt", "unit"):
                break
            kept = at
        elif word.lower() not in CONNECTORS:
            break
    return kept


def _number_last(text: str, match: re.Match[str], lower: bool) -> Street | None:
    """`Kungsgatan 5`, `Gamla Svedalavägen 75`, `Árpád fejedelem útja 3.`; and any name after a word for address."""
    at = match.start()
    last = _LAST_WORDS.search(text, max(0, at - 70), at + (text[at] in ".,"))
    if last is None:
        return None
    words = re.split(r"[ \t]+", last[0].rstrip("., "))
    word = words[-1].strip(".")
    if not word or word.lower() in NOT_STREET:
        return None
    start = _first_capital(last, words, lower)
    low = word.lower()
    number_end = match.end(1)
    if low.endswith(SUFFIXES) and (low not in _ENGLISH_ENDINGS or len(words) > 1) and (word[0].isupper() or lower or low in SUFFIXES):
        strong = len(low) > 5 and low.endswith(_LONG_SUFFIXES) or low in SUFFIXES and start < last.end() - len(word) - 1
        if strong or _HOUSE_BEFORE.search(text, max(0, start - 12), start) or CUE.search(text, max(0, start - _LOOK), start):
            return Street(start, number_end, 0.85, "number last")
    house = _HOUSE_BEFORE.search(text, max(0, start - 12), start)
    capital = text[start].isupper() or lower
    if house is not None and capital and not _all_common(words):
        return Street(house.start(), number_end, 0.65, "between numbers")
    if capital and CUE.search(text, max(0, start - _LOOK), start):
        return Street(start, number_end, 0.65, "after a word for address")
    return None


_ENGLISH_ENDINGS = frozenset(
    "ring park markt str berg lia committee coffee tee tie sor during spring string bring hearing bearing monitoring thing wing going gate"
    " trustee employee knee degree see fee free tree three agree guarantee referee coffee necktie cutie frigate investigate delegate"
    " mitigate propagate irrigate aggregate offspring caring scoring measuring".split()
)
_LONG_SUFFIXES = tuple(
    suffix
    for suffix in SUFFIXES
    if len(suffix) >= 4 and suffix not in ("park", "berg", "hove", "lia", "ring", "gate", "ová") or suffix in ("weg", "vej", "väg", "vei")
)


def _first_capital(last: re.Match[str], words: list[str], lower: bool) -> int:
    """Where the run of capitalised words (with connectors inside) that ends in the last word begins."""
    ends = last.end()
    starts = [last.start() + found.start() for found in re.finditer(r"[^ \t]+", last[0])]
    kept = starts[-1]
    for word, start in zip(reversed(words[:-1]), reversed(starts[:-1]), strict=False):
        plain = word.strip(".").lower()
        if plain in NOT_STREET or word.endswith(".") and len(word) > 4 and ends - start > 0 and not word[0].isupper():
            break
        if word[0].isupper() or lower and plain not in _FUNCTION:
            kept = start
        elif plain not in CONNECTORS and len(plain) > 12:
            break
    return kept


def _all_common(words: list[str]) -> bool:
    return all(word.strip(".").lower() in NOT_STREET or word.strip(".").lower() in _FUNCTION for word in words)


def joined_by_and(text: str, start: int) -> int:
    """Where `Merle and` begins when it stands before a street at `start`, else `start`: two streets that cross."""
    before = _AND_BEFORE.search(text, max(0, start - 70), start)
    if before is None or before[1].lower() in _FUNCTION or before[1].split()[0].lower() in NOT_STREET:
        return start
    if not before[1][0].isupper() and not text.islower():
        return start
    return before.start(1) if CUE.search(text, max(0, before.start(1) - _LOOK), before.start(1)) or before[1][0].isupper() else start


UNIT_AFTER = re.compile(UNIT, re.IGNORECASE)
BOX_AFTER = _BOX
HOUSE_BEFORE = _HOUSE_BEFORE

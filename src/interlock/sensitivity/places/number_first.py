"""Streets with the house number first: `4417 Old Kettle Rd`, `829 Adams Divide`, `218 west maple ave`; and a street's
name without a number: `Harlan Street`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from interlock.sensitivity.dates.span import spots
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Passage
from interlock.sensitivity.places.after_cue import after_cue
from interlock.sensitivity.places.fixed import Street
from interlock.sensitivity.places.lookup import is_everyday
from interlock.sensitivity.places.street_types import DIRECTIONS, STRONG, TYPES
from interlock.sensitivity.places.words import FUNCTION, NOT_STREET

_NUMBER = (
    r"[0-9](?<![\w$€£./:%+\-][0-9])[0-9]{0,5}(?:[A-RT-Za-rt-z]|-[0-9]{1,5}|-[A-Z]|[ \t]1/2|/[0-9]{1,3})?"
    r"(?![\w%.:/]),?[ \t]{1,2}"
)
_BEFORE_CAPITAL = re.compile(_NUMBER + r"(?=[^\W\da-z_]|[0-9]{1,3}(?:st|nd|rd|th|ST|ND|RD|TH)[ \t])")
_BEFORE_SMALL = re.compile(_NUMBER + r"(?=[^\W\d_]|[0-9]{1,3}(?:st|nd|rd|th)[ \t])")
_WORD = re.compile(r"(?:[^\W\d_][\w'’\-]{0,30}|[0-9]{1,3}(?:st|nd|rd|th|ST|ND|RD|TH))\.?")
_GAP = re.compile(r"[ \t]{1,2}")
_MOST_WORDS, _FAR = 6, 64
_INSIDE = words_of("of the de la del and old new main high long point points & du des le")
_NO_HOUSE = words_of(
    "stage phase grade type level class step table figure fig chapter section part version article volume vol page"
    " day week month year episode season line item question score dose room bed ward bay cycle visit arm cohort group"
    " model series no number week protocol study trial case patient gleason"
)
_SIDES = words_of(
    "left right bilateral mg ml mcg cm mm french fr new old acute chronic mild moderate severe normal abnormal patients"
    " adult adults day days week weeks month months year years hour hours times tablets units"
)
_ENDED = re.compile(
    r"[ \t]*(?:[,;)\]\"'|\r\n]|\.(?:[ \t\r\n]|$)|$)|[ \t]+(?:#|apt|unit|ste|suite|in [A-Z])", re.IGNORECASE
)
_ITS_NUMBER = re.compile(r"[ \t]([0-9]{1,3}[A-Za-z]?)(?=[ \t]*(?:[,;#\n\r]|$))")
_PREVIOUS = re.compile(r"([^\W\d_]+)\.?[ \t]{1,2}$")


def numbers_first(passage: Passage, lower: bool, tables: Tables) -> Iterator[Street]:
    """Every street behind a house number."""
    text, words = passage.text, passage.words
    if words.isdisjoint(TYPES):
        return
    small = (
        []
        if lower
        else sorted(at for word in words & STRONG for at, _ in spots(passage.low, word) if text[at].islower())
    )
    for number in (_BEFORE_SMALL if lower or small else _BEFORE_CAPITAL).finditer(text):
        at = number.end()
        if not lower and text[at].islower():  # a small word: only before a small type, and not far from it
            near = bisect_left(small, at)
            if near == len(small) or small[near] > at + _FAR:
                continue
        found = _street(passage, number, lower, tables)
        if found is not None:
            yield found


def _street(passage: Passage, number: re.Match[str], lower: bool, tables: Tables) -> Street | None:
    text, at = passage.text, number.end()
    run: list[tuple[str, int]] = []
    while len(run) < _MOST_WORDS and (match := _WORD.match(text, at)) is not None:
        run.append((match[0], match.end()))
        gap = _GAP.match(text, match.end())
        if gap is None or (match[0].endswith(".") and len(match[0]) > 5):
            break
        at = gap.end()
    types = [n for n, (word, _) in enumerate(run) if n and _is_type(word, lower)]
    cut = _cut(run, types, lower)
    if cut is None:
        return _after_at(passage, number.start(), run, tables)
    strong = run[cut][0].strip(".").lower() in STRONG
    names = [word.strip(".") for word, _ in run[:cut]]
    end = run[cut][1]
    score = _weigh(passage, number.start(), end, names, run[cut][0], strong, lower, tables)
    if not score:
        return None
    if (
        cut + 1 < len(run)
        and run[cut + 1][0].strip(".").lower() in DIRECTIONS
        and (lower or run[cut + 1][0][0].isupper())
    ):
        end = run[cut + 1][1]
    numbered = _ITS_NUMBER.match(text, end) if run[cut][0].strip(".").lower() in STRONG else None
    end = numbered.end(1) if numbered else end
    return Street(number.start(), end - (text[end - 1] == "."), score, "number first")


_AT = (" at ", " at: ", " to ", "address ", "address: ", "\nat ")


def _after_at(passage: Passage, start: int, run: list[tuple[str, int]], tables: Tables) -> Street | None:
    """`lives across the street at 18 Pell`: any name, after a word for address and before the end of what is said."""
    text, low = passage.text, passage.low
    if not run or not low.endswith(_AT, max(0, start - 10), start) or not after_cue(low, start):
        return None
    names = [word for word, _ in run]
    while names and names[-1][0].islower():
        names.pop()
    end = run[len(names) - 1][1] if names else start
    plain = [name.strip(".").lower() for name in names]
    if not names or len(names) > 4 or any(name[0].islower() for name in names) or not _ENDED.match(text, end):
        return None
    if any(name in NOT_STREET or name in FUNCTION or name in _SIDES for name in plain):
        return None
    return Street(start, end - (text[end - 1] == "."), 0.65, "after a word for address")


def _is_type(word: str, lower: bool) -> bool:
    plain = word.strip(".").lower()
    return plain in TYPES and (lower or not word[0].islower() or plain in STRONG)


def _cut(run: list[tuple[str, int]], types: list[int], lower: bool) -> int | None:
    """Which of the types ends the street: the first, or a further one right behind it (`Park Hill Road`)."""
    if not types:
        return None
    cut = types[0]
    for further in types[1:]:
        between = [word for word, _ in run[cut + 1 : further]]
        if run[further][0].islower() != run[cut][0].islower():
            break
        if between and (lower or len(between) > 1 or run[cut][0].strip(".").lower() in STRONG):
            break
        cut = further
    return cut


def _weigh(
    passage: Passage, start: int, end: int, names: list[str], kind: str, strong: bool, lower: bool, tables: Tables
) -> float:
    capitals = sum(not name[0].islower() for name in names)
    low = [name.lower() for name in names]
    if strong and len(names) == 1 and len(low[0]) == 2 and names[0].isupper() and not kind.isupper():
        return 0.8  # MG Road
    if any(
        n in FUNCTION and (name[0].islower() or n in NOT_STREET) for n, name in zip(low, names, strict=True)
    ) and not (all(n not in FUNCTION or n in _INSIDE for n in low) and (strong or capitals)):
        return 0.0
    if strong and kind[0].isupper() and capitals == len(names):
        return 0.9
    if not strong and "," in passage.text[start : start + 10].partition(" ")[0] and not after_cue(passage.low, start):
        return 0.0  # CrCl 40, Luke Hill
    if _is_counted(passage, start, low):
        return 0.0
    if strong:
        return 0.75 if capitals or lower or len(names) < 3 else 0.0
    if kind.isupper() and len(kind) < 4 and not all(name.isupper() for name in names):
        return 0.0  # a chest CT
    if (
        lower
        and not any(name in tables.given or name in tables.surnames for name in low)
        and not after_cue(passage.low, start)
    ):
        return 0.0
    if not lower and (capitals < len(names) - sum(n in _INSIDE for n in low) or kind.islower()):
        return 0.0
    if not _ENDED.match(passage.text, end) and not after_cue(passage.low, start) and (lower or end - start < 12):
        return 0.0
    if lower and all(is_everyday(n, tables) or n in FUNCTION for n in low) and not after_cue(passage.low, start):
        return 0.0
    return 0.8 if not lower else 0.7


def _is_counted(passage: Passage, start: int, names: list[str]) -> bool:
    """`Stage 3 Left Neck`: what the number counts isn't a house."""
    before = _PREVIOUS.search(passage.low, max(0, start - 16), start)
    return (before is not None and before[1] in _NO_HOUSE) or any(name in _SIDES for name in names[:1])


_NO_NUMBER = re.compile(
    r"[ \t](Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Parkway|Pkwy|Highway|Hwy|STREET|AVENUE|AVE|ROAD"
    r"|RD|BOULEVARD|BLVD|LANE|LN)(?![\w'’\-])(?![ \t][A-Z][a-z])"
)
_WORDS_BEFORE = re.compile(
    r"(?<![\w'’\-])(?:(?:[^\W\d_a-z][\w'’\-]{1,30}\.?|[NSEW]\.?|[0-9]{1,3}(?:st|nd|rd|th|ST|ND|RD|TH))(?:[ \t]"
    r"|$)){1,3}$"
)
TELLING = words_of("street st avenue ave road rd boulevard blvd lane ln drive parkway pkwy highway hwy")
_NUMBERED = re.compile(r"[0-9](?<![\w.,][0-9])[0-9]{0,2}(?i:st|nd|rd|th)[ \t](?i:street|avenue|ave)(?![\w'’\-])")
_SENTENCE_STARTERS = words_of(
    "near behind beside along across between down up off at meet visit take turn lives living found seen through toward"
    " towards"
)


def without_number(passage: Passage) -> Iterator[Street]:
    """`Harlan Street`, `5th Avenue`: strong types after a name with a capital."""
    text = passage.text
    if passage.words.isdisjoint(TELLING):
        return
    for kind in _NO_NUMBER.finditer(text):
        before = _WORDS_BEFORE.search(text, max(0, kind.start() - 70), kind.start())
        if before is not None and (start := _start_of_name(before, kind[1])) is not None:
            yield Street(start, kind.end(), 0.6, "street without number")
    for match in _NUMBERED.finditer(text):
        yield Street(match.start(), match.end(), 0.7, "numbered street")


_NO_BEGINNING = NOT_STREET | _SENTENCE_STARTERS


def _is_first(words: list[str], kind: str) -> bool:
    """Whether a word that begins no street does so here: Old Quarry Rd, MG Road."""
    if len(words) > 1:
        return words[0] in _OLD
    return (
        words[0].isupper()
        and len(words[0]) == 2
        and kind in ("Road", "Rd")
        and words[0] not in ("AT", "ON", "IN", "TO")
    )


_OLD = frozenset({"Old", "First", "Second", "OLD"})
_WEAK = re.compile(
    r"\b(?i:on|near|off|from|to|along|down|at|of|in)[ ](?i:the[ ](?:corner|end|top)[ ]of[ ])?"
    r"((?:[NSEW]\.?[ ])?(?:[^\W\d_a-z][\w'’\-]{1,30}[ ]){1,3}"
    r"(?:Way|Terrace|Mews|Close|Crescent|Circle|Gardens|Grove|Walk|Loop|Trail|Rise|Dr|Drive|Pike|Turnpike|Hollow"
    r"|WAY|TERRACE|MEWS|CLOSE|CRESCENT|CIRCLE|GARDENS|GROVE|DRIVE))(?![\w'’\-])(?![ ][A-Z][a-z])"
)
_WEAK_TYPES = words_of(
    "way terrace mews close crescent circle gardens grove walk loop trail rise dr drive pike turnpike hollow"
)
_SMALL = re.compile(
    r"\b(?:on|near|off|along|down)[ ]((?:(?:[nsew]|old|north|south|east|west|upper|lower)\.?[ ])?"
    r"(?:[0-9]{1,3}(?:st|nd|rd|th)|[a-z][a-z'’\-]{2,20}(?:[ ][a-z]{3,20})?)[ ]"
    r"(?:street|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|way|terrace|mews|crescent|parkway|pkwy|st))"
    r"(?=[ ]?(?:[.,;:!?)\n\"]|$)|[ ](?:in|and|near|with|w/|had|has|is|was|since|for|by|at|on|until|next|[^\w ]))"
)
_SMALL_STARTS = words_of("the his her my your our their this that a an any each same wrong right other main long whole")


def weakly_named(passage: Passage, lower: bool, tables: Tables) -> Iterator[Street]:
    """`on Cobbler's Way`, `near w 47th st`: behind a preposition alone, where no house has a number."""
    if not passage.words.isdisjoint(_WEAK_TYPES):
        for match in _WEAK.finditer(passage.text):
            names = match[1].split()[:-1]
            if names[0].lower() not in _NO_BEGINNING and names[0].lower() not in FUNCTION:
                yield Street(match.start(1), match.end(1), 0.6, "street after a preposition")
    if not lower:
        return
    for match in _SMALL.finditer(passage.text):
        names = match[1].split()[:-1]
        if (
            names[0] in _SMALL_STARTS
            or names[0] in NOT_STREET
            or any(n in FUNCTION and n not in _SIDES_OF for n in names)
        ):
            continue
        if len(names) > 1 or names[0][0].isdigit() or not is_everyday(names[0], tables):
            yield Street(match.start(1), match.end(1), 0.6, "street after a preposition")


_SIDES_OF = words_of("n s e w old north south east west upper lower")


def _start_of_name(before: re.Match[str], kind: str) -> int | None:
    start = before.start()
    words = before[0].split()
    while words and words[0].lower().strip(".") in _NO_BEGINNING and not _is_first(words, kind):
        start += len(words.pop(0)) + 1
    if not words or (kind in ("St", "Drive") and words[-1].lower().strip(".") in NOT_STREET):
        return None
    return start

"""Dates in figures: 3/14/2024, 14.03.24, 2024-03-14, 02/14, 10-2023, 20240314103000."""

from __future__ import annotations

import re
from collections.abc import Iterator

from interlock.sensitivity.dates.calendar import is_compact, is_day_and_month, is_month_and_day, is_year
from interlock.sensitivity.dates.span import DateSpan

# A run of figures with one sort of separator or another between them, or eight and more figures; what it is, is judged
# afterwards.
_CHAIN = re.compile(
    r"[0-9](?<![0-9].)(?:[0-9]{0,13}(?:(?:[/.\-\u2010-\u2015\u2212]| ?/ ?)['’]?[0-9]{1,6})+|[0-9]{7,13})"
)
_SEPARATOR = re.compile(r" ?/ ?|[.\-\u2010-\u2015\u2212]")
_MOST_PARTS = 6  # two dates with a hyphen between them

_CUE = re.compile(
    r"(?:\b(?:on|since|from|until|till?|til|by|before|after|through|thru|to|and|between|of|as|date[ds]?|due|dob"
    r"|d\.o\.b|dos|doa|dod"
    r"|born|birth|admi[a-z]{0,8}|disch[a-z]{0,6}|d/c|seen|visit(?:ed)?|appt|appointment|surgery|exam|started|ended"
    r"|last|next|f/u|follow-?up|lmp|edd|expir[a-z]{0,6}|issued|collected|received|reported|updated|created|signed"
    r"|performed|diagnosed|dx|drawn|sent|done|placed|removed|inserted|obtained|resulted|extubated|intubated|transfused|labs?|week|when|time|starting|beginning|effective|scheduled|dated"
    r"|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun|[a-z]{3,6}day)\b[\s.:,(=#'\"]{0,4}(?:the |date[: ]{0,2}|for |on )?)$",
    re.IGNORECASE,
)
_CLOCK_AFTER = re.compile(r",? (?:at |@ ?)[0-2]?[0-9]:[0-5][0-9]")
# What was measured on days: `2.2 vs 5/8 1.4 and 12/20 1.1`.
_VALUE_AFTER = re.compile(r":? [0-9]{1,4}\.[0-9]{1,3}(?![0-9%/])")
_SERIES = re.compile(r"(?:\b(?:vs\.?|and|then|n?ad|,|;|→|>) ?|[,;>] )$", re.IGNORECASE)
_VERSION = re.compile(
    r"\b(?:upgrad(?:e[sd]?|ing)|bump(?:ed|s)?|releas(?:e[sd]?|ing)|builds?|versions?|ver|v|patch(?:ed)?|downgrad(?:e[sd]?|ing)"
    r"|install(?:ed|s)?|firmware|software|drivers?|python|node|java|ios|android|kernel|tag(?:ged)?|epic|cerner|app|chrome|firefox"
    r"|rollback|rolled back|deploy(?:ed|s)?|migrat(?:e[sd]?|ing)|pin(?:ned)?|requires?|hotfix|sdk|api|lib"
    r"|library|package)\b"
    r"[\w ()-]{0,14}?[\s=:]{1,2}(?:to |from |is |was |at |on |v\.?)?$",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\s?(?:%|mg\b|ml\b|mcg\b|g\b|kg\b|cm\b|mm\b|lbs?\b|units?\b|tabs?\b|points?\b|x\b|°|hours?\b|hrs?\b|min\b|weeks?\b"
    r"|days?\b|months?\b|years?\b|of\b|pain\b|strength\b|systolic\b|diastolic\b|murmur\b|out of\b|mmhg\b|bpm\b|nodes?\b"
    r"|positive\b|negative\b|criteria\b|scale\b|inch|\"|lymph|power\b|reflex|pulses?\b|in (?:severity|intensity)"
    r"|sets?\b"
    r"|throughout\b|bilateral|grade\b|l/min|severity\b|patients?\b|cases?\b|stars?\b|cups?\b)",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"(?:\b(?:pain|strength|score[ds]?|bp|apgars?|motor|gcs|reflexes|power|murmur|rate[ds]?|rating|severity|grade"
    r"|ratio|version|scale"
    r"|v|ver|section|chapter|vision|acuity|os|od|phq|gad|moca|mmse|mrs|pulses?|dtrs?|icd|code|ecog|kps|isbn|ip|fig"
    r"|figure|table|step|stage|type|level|ph|sats?|spo2)\b[\s.:=(]{0,3}(?:is |of |was |at |score |level |index )?)$",
    re.IGNORECASE,
)
_COMPACT_CUE = re.compile(
    r"(?:\b(?:date|dob|born|birth[a-z]{0,4}|dos|dod|doa|admi[a-z]{0,8}|discharged?|collected|on|since|from|until|to"
    r"|dated|time"
    r"|timestamp|seen|visit|study|series|service|when|at|day)[\s\"'.:,(=_>]{1,5}|[|^~][|^~]{0,3})$",
    re.IGNORECASE,
)
_LOOK = 28


def dates_in_figures(text: str, telling_date: bool) -> Iterator[DateSpan]:
    """Every date in figures in `text`, in order. `telling_date`: the field's own name says that it holds a date."""
    for match in _CHAIN.finditer(text):
        start, end = match.span()
        if end - start < 3:
            continue
        chain = match[0]
        if chain.isdigit():
            if 8 <= len(chain) <= 14 and _free(text, start, end) and is_compact(chain):
                yield from _compact(text, start, end, telling_date)
            continue
        yield from _chain(text, start, end, chain, telling_date)


def _free(text: str, start: int, end: int) -> bool:
    """Whether neither letters nor figures are glued to it, nor a decimal point."""
    if start and (text[start - 1].isalnum() or (text[start - 1] in ".#$€£" and text[start - 2 : start - 1].isdigit())):
        return False
    return not (end < len(text) and text[end].isalpha() and text[end] not in "TtZ")


def _compact(text: str, start: int, end: int, telling_date: bool) -> Iterator[DateSpan]:
    told = telling_date or _COMPACT_CUE.search(text, max(0, start - _LOOK), start)
    if end - start in (12, 14) or told or text[end : end + 1] in ("T", "|", "^"):
        yield DateSpan(start, end, 0.9 if told else 0.7, "compact")


def _chain(text: str, start: int, end: int, chain: str, telling_date: bool) -> Iterator[DateSpan]:
    parts, separators = _split(chain)
    if not parts or len(parts) > _MOST_PARTS:
        return
    first = len(parts[0])
    if first >= 8 and len(parts) == 2 and _free(text, start, start + first) and is_compact(parts[0]):
        if len(parts[1]) == 4 or chain[first] == "." or (first == 8 and is_compact(parts[1])):
            yield DateSpan(start, end, 0.85, "compact")  # with an offset from UTC, a fraction, or up to another
        return
    if len(parts) == 3 and _is_full(parts, separators) and not _veto_full(text, start, end, parts, separators):
        yield DateSpan(start, end, 0.95, "full")
    elif len(parts) == 2:
        score = _two(text, start, end, parts, separators[0], telling_date)
        if score:
            yield DateSpan(start, end, score, "month_and_day")
    elif len(parts) > 3 or len(set(separators)) > 1:
        yield from _range(text, start, end, chain, parts, separators)


def _split(chain: str) -> tuple[list[str], list[str]]:
    parts = [part.lstrip("'’") for part in _SEPARATOR.split(chain)]
    separators = [mark.strip() for mark in _SEPARATOR.findall(chain)]
    return (parts, [mark if mark in "/." else "-" for mark in separators]) if all(parts) else ([], [])


def _is_full(parts: list[str], separators: list[str]) -> bool:
    one, two, three = parts
    if separators[0] != separators[1] or max(len(one), len(three)) > 4 or len(two) > 2:
        return False
    if len(one) == 4:
        return is_year(one) and len(three) <= 2 and is_day_and_month(int(two), int(three))
    if len(one) > 2 or len(three) not in (2, 4) or (len(three) == 4 and not is_year(three)):
        return False
    return is_day_and_month(int(one), int(two)) or (len(three) == 2 and is_month_and_day(int(two), int(three)))


def _veto_full(text: str, start: int, end: int, parts: list[str], separators: list[str]) -> bool:
    glued = start and (
        (text[start - 1] in ".-/#_" and start > 1 and text[start - 2].isalnum()) or text[start - 1] == "#"
    )
    longer = end < len(text) and text[end] in "-/_" and end + 1 < len(text) and text[end + 1].isalnum()
    if glued or longer:
        return not (text[start - 1 : start] == "-" and text[start - 2 : start - 1].isdigit() and "/" in separators)
    if len(parts[0]) == 4 or len(parts[2]) == 4:
        return False
    if (start and text[start - 1].isalnum()) or (end < len(text) and text[end].isalnum()):
        return True
    if separators[0] == "/":
        return False
    # Two-digit years with dots or hyphens are version numbers, doses and telephone numbers too.
    if _UNIT.match(text, end) or _MEASURE.search(text, max(0, start - _LOOK), start):
        return True
    if separators[0] == "." and _VERSION.search(text, max(0, start - 40), start):
        return True
    padded = len(parts[0]) == len(parts[1]) == 2
    return separators[0] == "." and not padded and not _CUE.search(text, max(0, start - _LOOK), start)


def _two(text: str, start: int, end: int, parts: list[str], separator: str, telling_date: bool) -> float:
    one, two = parts
    if separator == "." or (start and text[start - 1] in "#$€£") or not _free(text, start, end):
        return 0.0
    if start and text[start - 1] in "-/." and start > 1 and text[start - 2].isalnum():
        return 0.0
    after = text[end : end + 2]
    if after[:1] in ("-", "/", "_") and after[1:].isalnum():
        return 0.0
    if len(two) == 4 and len(one) <= 2:
        return 0.8 if is_year(two) and 1 <= int(one) <= 12 else 0.0
    if len(one) == 4 and len(two) == 2:
        # A year and a month; `2022-23` is two years, `1998-05` may be anything that is numbered.
        return 0.8 if is_year(one) and 1 <= int(two) <= 12 else 0.0
    if len(one) > 2 or len(two) > 2 or not is_day_and_month(int(one), int(two)):
        return 0.0
    return _month_and_day(text, start, end, one, two, separator, telling_date)


def _month_and_day(text: str, start: int, end: int, one: str, two: str, separator: str, telling_date: bool) -> float:
    quoted = start > 0 and text[start - 1] in "\"'" and text[end : end + 1] == text[start - 1]
    if _MEASURE.search(text, max(0, start - _LOOK), start) or (not quoted and _UNIT.match(text, end)):
        return 0.0
    told = telling_date or _CUE.search(text, max(0, start - _LOOK), start) is not None
    if separator == "-":
        return 0.6 if told and len(one) == len(two) == 2 else 0.0
    if one == two and one in ("5", "1", "24"):
        return 0.0  # full strength, one of one
    plain = len(one) == len(two) == 1 or int(two) == 10
    if told:
        return 0.8
    if _CLOCK_AFTER.match(text, end) or (
        _VALUE_AFTER.match(text, end) and _SERIES.search(text, max(0, start - 6), start)
    ):
        return 0.7
    if one[0] == "0" or (two[0] == "0" and len(two) == 2):
        return 0.75
    return 0.0 if plain else 0.6 if int(two) > 12 else 0.0


def _range(text: str, start: int, end: int, chain: str, parts: list[str], separators: list[str]) -> Iterator[DateSpan]:
    """`3/1-3/5`, `3/1/21-3/5/21`, `3/1-5/2024`, `2024-03-03/2024-03-05`: two dates with a mark between them."""
    for mark, inner in (("-", "/"), ("-", "."), ("/", "-")):
        if separators.count(mark) != 1 or separators.count(inner) != len(separators) - 1:
            continue
        cut = separators.index(mark) + 1
        halves = (parts[:cut], parts[cut:])
        marks = (separators[: cut - 1], separators[cut:])
        if all(_is_half(half, own) for half, own in zip(halves, marks, strict=True)):
            yield DateSpan(start, end, 0.85, "range")
            return


def _is_half(parts: list[str], separators: list[str]) -> bool:
    match len(parts):
        case 3:
            return _is_full(parts, separators)
        case 2 if separators[0] == "/":
            one, two = parts
            if len(two) == 4:
                return is_year(two) and 1 <= int(one) <= 31
            return len(one) <= 2 and len(two) <= 2 and is_day_and_month(int(one), int(two))
        case _:
            return False

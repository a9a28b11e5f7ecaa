"""Dates with a month's name, a weekday beside a cue, or a holiday: March 3-5, 2024; the third of July; Feb 14th '23."""

from __future__ import annotations

import re
from collections.abc import Iterator

from interlock.sensitivity.dates.span import DateSpan, spots
from interlock.sensitivity.dates.words import (
    DAY,
    DOUBTFUL_MONTHS,
    ENGLISH_WORDS,
    FOREIGN_DOUBTFUL_MONTHS,
    FOREIGN_WEEKDAY,
    FULL_MONTHS,
    FULL_WEEKDAYS,
    HOLIDAY,
    MONTHS,
    ORDINAL_WORD,
    VERBS,
    WEEKDAY,
    YEAR,
    YEAR_IN_WORDS,
)
from interlock.sensitivity.names.wording import words_of

_YEAR = rf"(?:{YEAR}|{YEAR_IN_WORDS})"
_MARK = r"\s?(?:-|–|—|to|and|&|or|through|thru|/)\s?(?:the )?"
_LEFT = re.compile(
    rf"(?:\b(?:{WEEKDAY}|{FOREIGN_WEEKDAY}),?\s+(?:the\s+|den\s+|le\s+)?)?(?<![\w.])(?:the\s+)?"
    rf"(?:(?:{DAY})(?:{_MARK}(?:{DAY}))?|(?:{ORDINAL_WORD})(?:\s+day)?)"
    r"\s{0,3}(?:of\s+(?:the month of\s+)?|de\s+|d[’']|[-–/.,]|\.\s)?\s?$",
    re.IGNORECASE,
)
_BEFORE_MONTH = re.compile(r"(?:[0-9]|(?:[0-9]|[a-z ])(?:st|nd|rd|th|of|ay|de)|\bd)[\s\-–/.,'’]{0,3}$", re.IGNORECASE)
_LEFT_YEAR = re.compile(r"(?<![\w.])(?:18|19|20)[0-9]{2}[\s\-/,]{1,2}$")
_DAY_RIGHT = rf"(?:the\s+)?(?:{DAY}|(?:{ORDINAL_WORD})\b)"
_RIGHT = re.compile(
    rf"[\s.,\-/–]{{0,3}}{_DAY_RIGHT}"
    rf"(?:(?:{_MARK}|\s?,\s?(?:and )?)(?:{_DAY_RIGHT})(?![:/]|\s?(?:mg|ml|am|pm)\b))?"
    rf"(?:[\s,.\-/–]{{1,3}}(?:in\s+|of\s+)?{_YEAR}|\s?,\s?(?:18|19|20)[0-9]{{2}}(?![0-9])"
    rf"|[\-/ ][0-9]{{2}}(?![\w:/.]))?",
    re.IGNORECASE,
)
_RIGHT_YEAR = re.compile(
    rf"[\s,.\-/–]{{0,3}}(?:(?:in|of|del?|the year)\s+)?(?:the year\s+)?(?:{_YEAR}|(?:last|this|next) year\b)",
    re.IGNORECASE,
)
_SHORT_YEAR = re.compile(r"[\-/. ][0-9]{2}(?![\w:/])")
_ENDS_ORDINAL = re.compile(rf"(?:(?:st|nd|rd|th)|{ORDINAL_WORD})\s{{0,3}}(?:of\s+)?$", re.IGNORECASE)
_BEGINS_ORDINAL = re.compile(
    rf"[\s.,]{{0,3}}(?:the\s+)?(?:[0-9]{{1,2}}\s?(?:st|nd|rd|th)\b|(?:{ORDINAL_WORD})\b)", re.IGNORECASE
)
_QUANTITY = re.compile(
    r"\s?(?:%|mg\b|ml\b|mcg\b|g\b|kg\b|cm\b|mm\b|miles?\b|tabs?\b|tablets?\b|times?\b|x\b|/10\b|hours?\b|days?\b"
    r"|weeks?\b"
    r"|months?\b|years?\b|percent\b|patients\b|people\b|doses?\b|units?\b|[.][0-9])",
    re.IGNORECASE,
)
_WEEKDAY_BEFORE = re.compile(rf"\b{WEEKDAY},?\s+(?:the\s+)?$", re.IGNORECASE)
_ALONE_CUE = re.compile(
    r"(?:\b(?:in|since|until|till|by|during|of|early|late|mid|last|next|this past|this|before|after|around|from"
    r"|end of|beginning of"
    r"|middle of|through|thru|between|to)[\s\-]{1,2})$",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"\b(?:last|next|this|this past|this coming)\s+$", re.IGNORECASE)
_NAME_AFTER = re.compile(r"\s+[A-Z][a-z]")
_LOOK = 40


def dates_in_words(text: str, low: str, words: frozenset[str]) -> Iterator[DateSpan]:
    """Every date with a month's name in `text`, in order, none overlapping the one before. `low` is the text in lower
    case, `words` its words."""
    done = 0
    for start, end in sorted(spot for month in MONTHS & words for spot in spots(low, month)):
        if start >= done:
            found = _around(text, start, end, done)
            if found is not None:
                done = found.end
                yield found


def _around(text: str, start: int, bare_end: int, done: int) -> DateSpan | None:
    word = text[start:bare_end]
    low = word.lower()
    left = None
    if _BEFORE_MONTH.search(text, max(done, start - 5), start):  # quicker than the long look
        left = _LEFT.search(text, max(done, start - _LOOK), start)
    foreign = low not in ENGLISH_WORDS
    if left is not None:
        if (
            low in DOUBTFUL_MONTHS - FOREIGN_DOUBTFUL_MONTHS
            and word[0].islower()
            and not _sure_left(text, left.start(), start, bare_end)
        ):
            return None
        year = _RIGHT_YEAR.match(text, bare_end) or _SHORT_YEAR.match(text, bare_end)
        return DateSpan(left.start(), year.end() if year else bare_end, 0.95 if year else 0.85, "day_and_month")
    if foreign:
        year = _RIGHT_YEAR.match(text, bare_end)
        return DateSpan(start, year.end(), 0.7, "month_and_year") if year and low not in DOUBTFUL_MONTHS else None
    year = _RIGHT_YEAR.match(text, bare_end)
    if year is not None:
        return DateSpan(_with_weekday(text, start, done), year.end(), 0.9, "month_and_year")
    right = _RIGHT.match(text, bare_end)
    if right is not None:
        return _month_then_day(text, start, bare_end, right.end(), word, done)
    year_left = _LEFT_YEAR.search(text, max(done, start - 8), start)
    if year_left is not None:
        return DateSpan(year_left.start(), bare_end, 0.7, "year_and_month")
    return _alone(text, start, bare_end, word, done)


def _sure_left(text: str, from_: int, start: int, end: int) -> bool:
    """Whether a small-written `may` has an ordinal before it or a year after it."""
    return bool(_ENDS_ORDINAL.search(text, from_, start) or _RIGHT_YEAR.match(text, end))


def _month_then_day(text: str, start: int, bare_end: int, end: int, word: str, done: int) -> DateSpan | None:
    has_year = end - bare_end > 5 and text[end - 2 : end].isdigit()
    if word.lower() in VERBS and word[0].islower():
        if not has_year and not _BEGINS_ORDINAL.match(text, bare_end):
            return None
    elif not has_year and _QUANTITY.match(text, end):
        return None
    if end == bare_end + 1 and word.lower() in DOUBTFUL_MONTHS:
        return None
    return DateSpan(_with_weekday(text, start, done), end, 0.95 if has_year else 0.85, "month_and_day")


def _with_weekday(text: str, start: int, done: int) -> int:
    before = _WEEKDAY_BEFORE.search(text, max(done, start - _LOOK), start)
    return before.start() if before else start


def _alone(text: str, start: int, end: int, word: str, done: int) -> DateSpan | None:
    """`in March`, `last July`: a month is closer than a year, so it counts when a cue says that it is one."""
    relative = _RELATIVE.search(text, max(done, start - 20), start)
    if relative is not None and (word[0].isupper() or word.lower() not in DOUBTFUL_MONTHS):
        return DateSpan(relative.start(), end, 0.7, "relative_month")
    if word not in FULL_MONTHS or _NAME_AFTER.match(text, end) or text[end : end + 2] in ("'s", "’s"):
        return None
    return DateSpan(start, end, 0.55, "month") if _ALONE_CUE.search(text, max(done, start - 20), start) else None


_HOLIDAY = re.compile(rf"(?<![^\W_])(?:{HOLIDAY})(?![^\W_])", re.IGNORECASE)
_HOLIDAY_WORDS = words_of(
    "christmas xmas thanksgiving easter halloween juneteenth hanukkah passover kippur diwali ramadan eid"
)
_HOLIDAY_STARTS = words_of(
    "christmas xmas new thanksgiving easter halloween labor labour memorial independence fourth valentine valentines st"
    " mother mothers father fathers veterans columbus president presidents mlk juneteenth boxing good ash palm hanukkah"
    " passover yom diwali ramadan eid guy bank"
)
_HALF_HOLIDAYS = words_of(
    "labor labour memorial independence valentine valentines patrick patricks mother mothers father fathers veterans"
    " columbus president presidents mlk boxing good ash palm guy bank new"
)
_OTHER_HALVES = words_of("day friday wednesday sunday night holiday year years")
HOLIDAYS = _HOLIDAY_WORDS | _HALF_HOLIDAYS
"""Without one of these words there is no holiday."""
_HOLIDAY_YEAR = re.compile(rf"(?:,?\s+(?:of\s+|in\s+)?{YEAR}|\s+(?:of\s+)?(?:last|this|next) year\b)")
_ON = re.compile(
    r"\b(?:on|since|until|till|before|after|by|around|over|last|this|next|past)\s+(?:the\s+)?$", re.IGNORECASE
)


def holidays(text: str, low: str, words: frozenset[str]) -> Iterator[DateSpan]:
    """Holidays that have a year beside them, or a word that sets a time before them."""
    if words.isdisjoint(_HOLIDAY_WORDS) and (words.isdisjoint(_HALF_HOLIDAYS) or words.isdisjoint(_OTHER_HALVES)):
        return
    for match in _matches(low, words & _HOLIDAY_STARTS, _HOLIDAY, text):
        year = _HOLIDAY_YEAR.match(text, match.end())
        if year is not None:
            yield DateSpan(match.start(), year.end(), 0.85, "holiday_and_year")
        elif _ON.search(text, max(0, match.start() - 16), match.start()):
            yield DateSpan(match.start(), match.end(), 0.6, "holiday")


_DAY_NAME = re.compile(
    r"[mMtTwWfFsS](?<![^\W_].)(?i:(?<=m)on|(?<=t)ues|(?<=w)ednes|(?<=t)hurs|(?<=f)ri|(?<=s)atur"
    r"|(?<=s)un)(?i:day)(?![^\W_]|['’]s|-)"
)
_MEETING = re.compile(
    r"(?:\b(?:on|this|next|last|until|till|by|since|before|after|meet|meeting|see you|for|coming|past|last|this"
    r"|tomorrow|today|appointment"
    r"|appt|visit|surgery|discharged?|admitted|seen|due|scheduled|day|date|when)[\s,:]{1,2}(?:a\s|on\s)?)$",
    re.IGNORECASE,
)
_HABIT = re.compile(
    r"\s?(?:s\b|-|–|through|thru|to\b|(?:and |, ?(?:and )?|& |/)(?:mon|tue|wed|thu|fri|sat|sun)|night fever"
    r"|school|mornings|afternoons"
    r"|evenings|nights)",
    re.IGNORECASE,
)
_EVERY = re.compile(
    r"\b(?:every|each|mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?)[\s,]+(?:and |or |to "
    r"|through )?(?:on )?$",
    re.IGNORECASE,
)
_DAY_OF_MONTH = re.compile(r",?\s+(?:the\s+)(?:[0-9]{1,2}(?:st|nd|rd|th)|" + ORDINAL_WORD + r")\b", re.IGNORECASE)


def _matches(low: str, words: frozenset[str], pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Where the pattern matches at one of the words."""
    for word in words:
        for start, _ in spots(low, word):
            match = pattern.match(text, start)
            if match is not None:
                yield match


_DAY_ALONE = re.compile(
    r"\b(?:on|by|until|till|since|before|after|from)\s(the\s(?:[12]?1st|2?2nd|2?3rd|(?:[4-9]|1[0-9]|2[04-9]|30)th))"
    r"(?=\s?[.,;:?!)\n]|\s?$|\s(?:and|at|with|for|to|he|she|i|we|they|because|if|but|or|when)\b)",
    re.IGNORECASE,
)


def days_alone(text: str, words: frozenset[str]) -> Iterator[DateSpan]:
    """`on the 22nd`: a day of the month that is running, where nothing is counted by it."""
    if not words.isdisjoint(("st", "nd", "rd", "th")):
        for match in _DAY_ALONE.finditer(text):
            yield DateSpan(match.start(1), match.end(1), 0.55, "day_alone")


def weekdays(text: str, low: str, words: frozenset[str]) -> Iterator[DateSpan]:
    """Weekdays that say when something happened or will: a day is closer than the year (HHS guidance on
    164.514(b)(2)(i)(C)). What happens every week stays."""
    if words.isdisjoint(FULL_WEEKDAYS):
        return
    for match in _matches(low, words & FULL_WEEKDAYS, _DAY_NAME, text):
        start, end = match.span()
        numbered = _DAY_OF_MONTH.match(text, end)
        if numbered:
            yield DateSpan(start, numbered.end(), 0.85, "weekday_and_day")
        elif _EVERY.search(text, max(0, start - 24), start) or _HABIT.match(text, end):
            continue
        elif _MEETING.search(text, max(0, start - 24), start):
            yield DateSpan(start, end, 0.55, "weekday")

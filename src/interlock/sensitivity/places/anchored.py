"""Addresses told by their last line: a postcode and town, or a state and ZIP, after what has a house number.

Kastanjelunden 4          36480 Small Center, Pattonmouth, SC 50194
7430 Ikast
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from interlock.sensitivity.passage import Passage
from interlock.sensitivity.places.fixed import Street
from interlock.sensitivity.places.number_last import HOUSE, first_capital, words_before
from interlock.sensitivity.places.postcode import BRITISH, BRITISH_OUTER, US_ZIP, state_before
from interlock.sensitivity.places.words import CONNECTORS, FUNCTION, NOT_STREET

_BEFORE_LINE = r"(?:\n[ \t]{0,4}[>|*]?[ \t]{0,2}|[,;|][ \t]{1,2}|[,|]|[ \t][-–][ \t])"
# A postcode before a town. Begins with a digit, which makes the search quick; what stands before is looked at then.
_POSTCODE = re.compile(
    r"[0-9](?:(?<=[\n,;|–\-][ \t].)|(?<=[\n,;|>].)|(?<=[\n,;|–\-][ \t]{2}.)|(?<=[A-Z][-–].)|(?<=[A-Z]-[ \t].))"
    r"(?:[0-9]{3,5}|[0-9]{7}|[0-9]-[0-9]{3}|[0-9]{2}[ \t][0-9]{2}|[0-9]{4}-[0-9]{3}|[0-9]{3}-[0-9]{3})"
    r"(?:[ \t]?[A-Z]{2})?[ \t]{1,2}(?=([^\W\d_]))"
)
_COUNTRY = re.compile(r"(?:[A-Z]{1,2}[-–][ \t]?)$")
_GAP = re.compile(_BEFORE_LINE + "$")
_FIELD_ENDS = re.compile(r"[\n,;:|>(\"]|[ \t][-–](?=[ \t])")
_LONGEST_FIELD = 72
_FIRST = re.compile(
    r"(?<![\w$€£./:%+\-])[0-9]{1,6}[A-Za-z]?(?:[-/][0-9A-Z]{1,4})?[ \t]{1,2}"
    r"(?:[^\W_][\w'’.\-]*[ \t]{1,2}){0,4}[^\W\d_][\w'’.\-]*$"
)
_LAST = re.compile(rf"[^\W\d_][.,]?[ \t](?:n(?:o|um)?\.?[ºo°:]?[ \t]?|nr\.?[ \t]?)?{HOUSE}\.?$", re.IGNORECASE)
_BARE = re.compile(r"(?:n[ro]?[.º°]?[ \t]?)?[0-9]{1,4}[A-Za-z]?$", re.IGNORECASE)
_UNIT = re.compile(
    r"(?:flat|studio|unit|apt|apartment|suite|floor|room|level|c/o|po box|piso|étage|bât)\b"
    r"|[0-9]{1,2}(?:st|nd|rd|th) floor",
    re.IGNORECASE,
)
_MOST_FIELDS = 4


def anchored(passage: Passage, lower: bool, forms: Sequence[re.Match[str]]) -> Iterator[Street]:
    """Streets that stand before a postcode and town, a state and ZIP, or a British postcode."""
    text = passage.text
    for match in _POSTCODE.finditer(text):
        if match[1].isupper() or lower:
            start = match.start()
            country = _COUNTRY.search(text, max(0, start - 4), start)
            yield from _before(text, country.start() if country else start, lower, 2)
    for form in forms:
        if form.lastindex == US_ZIP:
            start = state_before(text, form.start())
        elif form.lastindex == BRITISH:
            outer = BRITISH_OUTER.search(text, max(0, form.start() - 6), form.start())
            start = outer.start() if outer is not None else -1
            if start >= 0:
                yield from _before(text, start, lower, _MOST_FIELDS)
        else:
            continue
        town = _town_before(text, start, lower) if start >= 0 else None
        if town is not None:
            yield from _before(text, town, lower, _MOST_FIELDS)


def _field(text: str, end: int) -> tuple[int, str]:
    """Where the field that ends at `end` begins, and what is written in it: what stands behind the last comma or line
    end, as far as it is looked back."""
    begin = max(0, end - _LONGEST_FIELD)
    for mark in _FIELD_ENDS.finditer(text, begin, end):
        begin = mark.end()
    written = text[begin:end]
    return begin + len(written) - len(written.lstrip()), written.strip()


def _back(text: str, at: int, over: str) -> int:
    """`at` without those of the characters `over`, at most eight, that stand before it."""
    least = max(0, at - 8)
    return least + len(text[least:at].rstrip(over))


def _town_before(text: str, at: int, lower: bool) -> int | None:
    """Where the field before `at` begins, when it may be a town: one to four words and no figure."""
    start, field = _field(text, _back(text, at, " ,\t\n"))
    if any(c.isdigit() for c in field):
        return None
    words = field.split()
    ok = len(words) < 6 and all(lower or not w[0].islower() or w.lower() in CONNECTORS for w in words)
    return start if ok and words else None


def _before(text: str, at: int, lower: bool, most: int) -> Iterator[Street]:
    """The street in one of the fields before `at`, where the fields between look like parts of an address."""
    end = at
    for _ in range(most):
        gap = _GAP.search(text, max(0, end - 9), end)
        if gap is None:
            return
        end = gap.start()
        begin, field = _field(text, end)
        start = _street(text, begin, end, lower)
        if start is not None:
            yield Street(_with_unit(text, start, lower), end, 0.75, "before a postcode")
            return
        words = field.split()
        if (
            not words
            or len(words) > 4
            or any(w[0].islower() and not lower and w.lower() not in CONNECTORS for w in words)
        ):
            return
        end = begin


def _street(text: str, start: int, end: int, lower: bool) -> int | None:
    """Where the street begins in a field that ends with one."""
    written = text[start:end]
    first = _FIRST.search(written)
    if first is not None and _is_named(first[0].split()[1:], lower):
        return start + first.start()
    last = _LAST.search(written)
    if last is not None:
        words = words_before(text, start + last.start() + 1)
        if words and _is_named([words[-1][1]], lower):
            return first_capital([word for word in words if word[0] >= start], lower)
    if _BARE.match(written):
        end = _back(text, start, ", \t")
        _, field = _field(text, end)
        if _is_named(field.split()[-3:], lower) and not any(c.isdigit() for c in field):
            words = words_before(text, end)
            return first_capital(words, lower) if words else None
    return None


def _is_named(words: list[str], lower: bool) -> bool:
    """Whether words beside a house number may be a street's name."""
    plain = [word.strip(".,").lower() for word in words]
    if not plain or plain[-1] in NOT_STREET or plain[0] in NOT_STREET:
        return False
    if lower:
        return not all(word in FUNCTION for word in plain)
    return any(not word[0].islower() for word in words) and all(
        not word[0].islower() or small in CONNECTORS or len(small) < 4 for word, small in zip(words, plain, strict=True)
    )


def _with_unit(text: str, start: int, lower: bool) -> int:
    """With the line before it, when that is a flat's or a suite's."""
    gap = _GAP.search(text, max(0, start - 9), start)
    if gap is None:
        return start
    begin, field = _field(text, gap.start())
    return begin if _UNIT.match(field) else start

"""Postcodes that show their form, and such as a word tells of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Passage
from interlock.sensitivity.places.words import STATE_CODES

ZIP = Label("phi.address.zip")

_ZIP_CUE = re.compile(
    r"\b(?:zip|postal|post|pin)[ -]?(?:code)?s?\b[^\d\n.;)]{0,30}?([0-9]{5,6}(?:-?[0-9]{4})?"
    r"|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|[0-9]{4} ?[A-Z]{2})(?![\w-])",
    re.IGNORECASE,
)
# Postcodes that show their form. All begin with a figure, which is rare in text, so that one quick search finds them;
# what must stand before it is looked at then. The last group that matched says which form it is.
FORMS = re.compile(
    r"[0-9](?:(?:(?<=[A-Za-z]{2}[ ,\t].)|(?<=[A-Za-z]{2}[ ,\t]{2}.))[0-9]{4}(?:-[0-9]{4})?(?![\w-])()"  # OH 44118
    r"|(?<= .)[ABD-HJLNP-UW-Z]{2}(?![\w-])()"  # SW1A 1AA
    r"|(?<=[A-Za-z].)[A-Za-z][ -][0-9][A-Za-z][0-9](?![\w-])()"  # K1A 0B1
    r"|(?<![\w-].)[0-9]{3} [A-Z]{2} {1,2}(?=[A-Z][a-z])()"  # 1016 GV Amsterdam
    r"|(?<![\w.\-].)[0-9]{4}-[0-9]{4}(?![\w\-])()"  # 02139-1234
    r"|(?<=[A-Za-z]{2}[ \t][A-Za-z].)[A-Za-z][0-9][A-Za-z][0-9](?!\w)()"  # NS B3H4R2
    r"|(?<=[a-z]-.)[0-9]{5}(?![\w-])())"  # Kolkata-700091
)
US_ZIP, BRITISH, _CANADIAN, _PLUS_FOUR, _GLUED, _PIN = 1, 2, 3, 5, 6, 7
_TOWN_BEFORE = re.compile(r"(?<![\w'’-])[A-Z][a-z]{3,20}-$")
_SMALL_WORDS = words_of("in or me hi ok oh de la al co pa ma id")
BRITISH_OUTER = re.compile(r"(?<![\w-])[A-PR-UWYZ][A-HK-Y]?[0-9][A-HJKMNPR-Y0-9]? $")
_PROVINCES = words_of("AB BC MB NB NL NS NT NU ON PE QC SK YT")
_CANADIAN_FIRST = re.compile(r"(?<![\w-])[ABCEGHJ-NPRSTVXY]$", re.IGNORECASE)
_ZIP_WORDS = words_of("zip zipcode post postal postcode pin pincode zips")


def postcodes(passage: Passage, forms: Sequence[re.Match[str]]) -> Iterator[Finding]:
    """Every postcode. `forms` are the matches of `FORMS`."""
    text = passage.text
    for match in _ZIP_CUE.finditer(text) if not passage.words.isdisjoint(_ZIP_WORDS) else ():
        yield Finding(match.start(1), match.end(1), ZIP, 0.9, "addresses: word for ZIP")
    for match in forms:
        found = _of_form(text, match)
        if found is not None:
            yield found


def _of_form(text: str, match: re.Match[str]) -> Finding | None:
    start, end, score = match.start(), match.end(), 0.75
    if match.lastindex == US_ZIP:
        return _after_a_state(text, start, end)
    if match.lastindex == _GLUED:
        known = text[start - 4 : start - 2].upper() in _PROVINCES and not text[start - 5 : start - 4].isalnum()
        return Finding(start - 4, end, ZIP, 0.85, "addresses: province and postcode") if known else None
    if match.lastindex == _PIN:
        town = _TOWN_BEFORE.search(text, max(0, start - 24), start)
        return Finding(town.start(), end, ZIP, 0.7, "addresses: town and PIN") if town is not None else None
    if match.lastindex in (BRITISH, _CANADIAN):
        outer = BRITISH_OUTER if match.lastindex == BRITISH else _CANADIAN_FIRST
        before = outer.search(text, max(0, start - 6), start)
        if before is None:
            return None
        start, score = before.start(), 0.8
    return Finding(start, end, ZIP, 0.55 if match.lastindex == _PLUS_FOUR else score, "addresses: postcode form")


def state_before(text: str, start: int) -> int:
    """Where a state's two letters begin that stand before a ZIP at `start`; -1 when none do."""
    before = text[max(0, start - 5) : start].rstrip(" ,\t")
    known = before[-2:].upper() in STATE_CODES and not before[-3:-2].isalnum()
    return text.rindex(before[-2:], 0, start) if known else -1


def _after_a_state(text: str, start: int, end: int) -> Finding | None:
    before = text[max(0, start - 5) : start].rstrip(" ,\t")
    state = before[-2:]
    if before[-3:-2].isalnum() or state.upper() not in STATE_CODES:
        return Finding(start, end, ZIP, 0.55, "addresses: ZIP and four") if end - start == 10 else None
    if state.isupper():
        return Finding(start, end, ZIP, 0.9, "addresses: state and ZIP")
    if state.islower() and state not in _SMALL_WORDS:
        return Finding(text.rindex(state, 0, start), end, ZIP, 0.75, "addresses: state and ZIP, small")
    return None

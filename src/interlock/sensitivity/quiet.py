"""Quiet texts: those in which the layers after the patterns are sure to find nothing, told in a few microseconds.

A text is quiet when it is made of ordinary words alone, none of them capital but perhaps the first, none a given name
or a word that leads to a name, place or date, and its digits don't look like a date or an age.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from interlock.sensitivity.gazetteer import Tables

LONGEST: Final = 512
"""Longer texts aren't quiet: they are looked at whatever they are made of."""

WORD_NOT_NAME: Final = 30
"""How much commoner a word must be than the given name that is written so (`in` is one, somewhere), on the scale of
`Tables`: a thousand times."""

COMMON: Final = 25
"""How common a word must be: one in three million words of text. Rarer ones may be anything."""

WORD_NOT_TOWN: Final = 45
"""How common a word must be that is also a town of so many thousand people (`reading` is one), but for large ones."""
TOWN: Final = 5
LARGE: Final = 500

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_PLAIN: Final = bytes(code if chr(code).isalpha() or code in b"'-" else 32 for code in range(128)) + bytes(128)
# Two numbers with a sign between, an ordinal, eight digits, an age over 89, a year. Each begins with a digit, which
# makes the search three times as quick.
_FIGURES = re.compile(
    r"[0-9](?:[-/.,: ']{1,2}[0-9]|st|nd|rd|th|[ -]?y|[0-9]{7}"
    r"|(?<=(?<![0-9])9)[0-9](?![0-9])|(?<=(?<![0-9])1)(?:[0-2][0-9](?![0-9])|[89][0-9][0-9](?![0-9]))"
    r"|(?<=(?<![0-9])2)0[0-9][0-9](?![0-9]))"
)
_LEADING: Final = """
    january february march april may june july august september october november december jan feb mar apr jun jul
    aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur
    thurs fri sat sun christmas easter thanksgiving halloween hanukkah ramadan diwali eve valentine valentines
    labor memorial independence birthday born birth died death dob age aged year years ninety nineties
    nonagenarian centenarian hundred mr mrs ms miss dr prof sir madam rev doctor nurse patient name named called
    wife husband son daughter mother father mom dad brother sister aunt uncle cousin niece nephew friend neighbor
    neighbour guardian street st avenue ave road rd drive lane ln boulevard blvd court ct place pl square terrace
    way highway hwy route parkway pkwy suite ste apt apartment unit floor box zip postal postcode county city
    town village state hospital clinic center centre medical health infirmary hospice pharmacy practice university
    college school church address lives live living from near resides located residence i'm am me my signed regards
    sincerely dear hi hello contact
    """
_SMALL: Final = frozenset(("the", "of", "and", "new"))  # of places' names, which tell nothing by themselves
_EVER: Final = frozenset(("a",))  # no list of words has those of one letter


def _is_word(word: str, tables: Tables) -> bool:
    known = tables.words.get(word, 0)
    people = tables.cities.get(word, 0)
    if people >= LARGE or (people >= TOWN and known < WORD_NOT_TOWN):
        return False
    return known >= COMMON and (word not in tables.given or known - tables.given[word] >= WORD_NOT_NAME)


def quiet_words(tables: Tables) -> Callable[[str, str], bool]:
    """A function of a text and the name of its field: whether the text is quiet. Without tables nothing is."""
    places = frozenset(word for place in (*tables.states, *tables.countries) for word in place.split()) - _SMALL
    leading = frozenset(_LEADING.split()) | places
    harmless = frozenset(word for word in tables.ordinary - leading if _is_word(word, tables)) | _EVER
    known = frozenset(word.encode() for word in harmless if word.isascii())

    @lru_cache(maxsize=1024)
    def tells_nothing(telling: str) -> bool:
        return harmless.issuperset(_WORD.findall(telling.lower()))

    def is_quiet(text: str, telling: str) -> bool:
        if len(text) > LONGEST or not text.isascii() or _FIGURES.search(text):
            return False
        if telling and not tells_nothing(telling):
            return False
        # Mostly words with spaces and dots between: these are told apart four times as quickly than any words are.
        start = text[:1].lower() if text[:1].isupper() else ""
        words = (start + text[len(start) :]).encode().translate(_PLAIN).split()
        if known.issuperset(words):
            return len(words) > 1 or not start
        return are_quiet(text)

    def are_quiet(text: str) -> bool:
        lower = text.lower()
        if lower[1:] != text[1:]:
            return False
        words = _WORD.findall(lower)
        return harmless.issuperset(words) and (len(words) > 1 or not text[:1].isupper())

    return is_quiet

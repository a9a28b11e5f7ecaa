"""Quiet texts: those in which the layers after the patterns are sure to find nothing, told in a few microseconds.

A text is quiet when it is made of ordinary words alone, none of them capital but perhaps the first, none a given name
or a word that leads to a name, place or date, and its digits don't look like a date or an age.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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
WORD_NOT_SURNAME: Final = 40
"""How common a word must be that is also a family name, where more than figures would be looked at for it."""
LARGE: Final = 500

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# A line end stays: it parts texts.
_PLAIN: Final = bytes(code if chr(code).isalpha() or code in b"'-\n" else 32 for code in range(128)) + bytes(128)
# Two numbers with a sign between, an ordinal, eight digits, an age over 89, a year. Each begins with a digit, which
# makes the search three times as quick.
_FIGURES = re.compile(
    r"[0-9](?:[-/.,: ']{1,2}[0-9]|st|nd|rd|th|[ -]?y|[0-9]{7}"
    r"|(?<=(?<![0-9])9)[0-9](?![0-9])|(?<=(?<![0-9])1)(?:[0-2][0-9](?![0-9])|[89][0-9][0-9](?![0-9]))"
    r"|(?<=(?<![0-9])2)0[0-9][0-9](?![0-9]))"
)
# What follows it may be a name whatever its words are: `last: fair`.
_HEAD: Final = re.compile(r"(?i:name|maiden|last|first|middle|given|family)s?[\"']?: ")
# Words that lead to a date or an age, and to nothing else.
_LEADING_TO_DATES: Final = """
    january february march april may june july august september october november december jan feb mar apr jun jul
    aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur
    thurs fri sat sun christmas easter thanksgiving halloween hanukkah ramadan diwali eve valentine valentines
    labor memorial independence birthday born birth died death dob age aged year years ninety nineties
    nonagenarian centenarian hundred
    """
_LEADING: Final = """
    mr mrs ms miss dr prof sir madam rev doctor nurse patient name named called
    wife husband son daughter mother father mom dad brother sister aunt uncle cousin niece nephew friend neighbor
    neighbour guardian street st avenue ave road rd drive lane ln boulevard blvd court ct place pl square terrace
    way highway hwy route parkway pkwy suite ste apt apartment unit floor box zip postal postcode county city
    town village state hospital clinic center centre medical health infirmary hospice pharmacy practice university
    college school church address lives live living from near resides located residence i'm am me my signed regards
    sincerely dear hi hello contact
    """
_NUMBERS: Final = frozenset(("ssn", "ext"))  # that numbers stand behind, and no names
_SMALL: Final = frozenset(("the", "of", "and", "new"))  # of places' names, which tell nothing by themselves
_EVER: Final = frozenset(("a",))  # no list of words has those of one letter


def _is_word(word: str, tables: Tables) -> bool:
    known = tables.words.get(word, 0)
    people = tables.cities.get(word, 0)
    if people >= LARGE or (people >= TOWN and known < WORD_NOT_TOWN):
        return False
    return known >= COMMON and (word not in tables.given or known - tables.given[word] >= WORD_NOT_NAME)


class Quiet:
    """Tells quiet texts, and of the others those whose figures alone are loud. For several threads."""

    __slots__ = ("_dated", "_harmless", "_known", "_tells_nothing")

    def __init__(self, harmless: frozenset[str], dated: frozenset[str]) -> None:
        """`harmless`: words that lead nowhere; `dated`: words that lead nowhere but to dates and numbers, if at all."""
        self._harmless, self._dated = harmless, dated
        self._known = frozenset(word.encode() for word in harmless if word.isascii())

        @lru_cache(maxsize=1024)
        def tells_nothing(telling: str) -> bool:
            return harmless.issuperset(_WORD.findall(telling.lower()))

        self._tells_nothing = tells_nothing

    def __call__(self, text: str, telling: str) -> bool:
        """Whether the text is quiet in a field of that name."""
        return not self.loud([text], telling)

    def loud(self, texts: Sequence[str], telling: str = "") -> dict[int, bool]:
        """The numbers of the texts that aren't quiet, in order; for each whether its words are, so that only its
        figures are to be looked at."""
        if telling and not self._tells_nothing(telling):
            return dict.fromkeys(range(len(texts)), False)
        lines = [n for n, text in enumerate(texts) if len(text) <= LONGEST and text.isascii() and "\n" not in text]
        loud: dict[int, bool] = {}
        if len(lines) < len(texts):
            others = set(range(len(texts))).difference(lines)
            loud = {n: quiet for n in sorted(others) if (quiet := self._one(texts[n])) is not None}
        if lines:
            whole = "\n".join(texts if len(lines) == len(texts) else [texts[n] for n in lines])
            loud.update(self._loud_lines(texts, lines, whole))
        return loud

    def _loud_lines(self, texts: Sequence[str], numbers: Sequence[int], whole: str) -> Iterator[tuple[int, bool]]:
        """What `loud` tells of those that are each a line, all at once, which takes a fraction of the time."""
        with_figures, known = self._with_figures(whole), self._known.issuperset
        lines = whole.encode().translate(_PLAIN).split(b"\n")
        for at, (number, line) in enumerate(zip(numbers, lines, strict=True)):
            if at in with_figures or not (known(line.split()) or self._words_are(texts[number], self._harmless)):
                yield number, self._by_figures(texts[number])

    def _one(self, text: str) -> bool | None:
        """What `loud` tells of one text, None where it is quiet."""
        if len(text) > LONGEST or not text.isascii():
            return False
        if _FIGURES.search(text) is None and self._words_are(text, self._harmless):
            return None
        return self._by_figures(text)

    def _by_figures(self, text: str) -> bool:
        """Whether figures and words for dates are all that makes a text loud."""
        return self._words_are(text, self._dated) and _HEAD.search(text) is None

    @staticmethod
    def _with_figures(whole: str) -> frozenset[int]:
        """The numbers of the lines that hold some that count. Nothing of what is searched crosses a line's end."""
        found: set[int] = set()
        line = at = 0
        while (figures := _FIGURES.search(whole, at)) is not None:
            line += whole.count("\n", at, figures.start())
            found.add(line)
            behind = whole.find("\n", figures.end())
            if behind < 0:
                break
            at, line = behind + 1, line + 1
        return frozenset(found)

    @staticmethod
    def _words_are(text: str, among: frozenset[str]) -> bool:
        lower = text.lower()
        if lower[1:] != text[1:]:
            return False
        words = _WORD.findall(lower)
        return among.issuperset(words) and (len(words) > 1 or not text[:1].isupper())


def quiet_words(tables: Tables) -> Quiet:
    """What tells quiet texts by these tables. Without tables none is."""
    places = frozenset(word for place in (*tables.states, *tables.countries) for word in place.split()) - _SMALL
    dates = frozenset(_LEADING_TO_DATES.split())
    words = frozenset(word for word in tables.ordinary if _is_word(word, tables)) - frozenset(_LEADING.split()) - places
    words -= frozenset(word for word in words if word.endswith("'s") and word[:-2] not in words)  # somebody's
    # Behind a telling word a rare one may be a family name all the same: `practitioner collett`.
    common = frozenset(w for w in words if w not in tables.surnames or tables.words[w] >= WORD_NOT_SURNAME)
    return Quiet((words - dates) | _EVER, common | _EVER | _NUMBERS)

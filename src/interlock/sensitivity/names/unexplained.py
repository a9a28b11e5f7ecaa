"""Words that may be a name or a place, and that nothing explains so far: what layer 5 is asked about.

A model takes a seventh of a millisecond for each of them, so what medicine, calendars, headings, software and everyday
English call so isn't asked about: nor would the answer be right. What is left over is mostly somebody or somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto

from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.eponyms import HEADS, RESULTS
from interlock.sensitivity.names.lexicon import (
    ALONE_VETO,
    COMMON_NAME,
    EPONYM,
    FAMILY,
    FOREIGN,
    GIVEN,
    INITIAL,
    LOWER,
    MAYBE_FAMILY,
    MAYBE_GIVEN,
    NAMED,
    NUMBER,
    ORDINARY,
    PLACE,
    STOP,
    SURE_GIVEN,
    UNKNOWN,
    UPPER,
    VETO,
    Lexicon,
)
from interlock.sensitivity.names.lists import a_thing
from interlock.sensitivity.names.named_after import named_after
from interlock.sensitivity.names.vetoes import CALENDAR
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Passage, Token
from interlock.sensitivity.places.facility_words import SCALES

# Small letters before a capital (CrCl, eGFR, JavaScript), or capitals before a small letter (HFrEF, PCOs).
_MIXED = re.compile(r"(?!(?:Mc|Mac|De|Di|Da|La|Le|Van|Von|Fitz|Ap|San)[A-Z])\w*[^\W\d_A-Z][A-Z]|[A-Z]{2,}[^\W\d_A-Z]")
_CAPITALS = re.compile(r"[A-Z]")
_LINE = 160  # characters on each side that tell whether a line has capitals at all
_TALKED_OF = 36  # ten times the Zipf frequency of words that people know: "beach", "herald"
_MOST_WORDS = 100_000
_LONGEST = 40


class Asked(Enum):
    """How a word comes to be asked about."""

    NOT = auto()
    WRITTEN = auto()
    """As it is written it may be a name."""
    COMMON = auto()
    """An everyday word that is a name too; not where a sentence's beginning explains its capital."""
    SMALL = auto()
    """In small letters, and on a list: a name only where its line has no capitals."""
    STRANGE = auto()
    """In small letters, and on no list: the model has to be sure too."""
    EPONYM = auto()
    """Also what medicine calls something after; not where medicine stands beside it."""


class Unexplained:
    """Tells which words of a passage are asked about. One instance serves all threads."""

    __slots__ = ("_asked", "_lexicon")

    def __init__(self, tables: Tables) -> None:
        self._lexicon = Lexicon(tables)
        self._asked: dict[str, Asked] = {}

    def among(self, passage: Passage) -> Sequence[tuple[int, Asked]]:
        """The numbers of the words in `passage.tokens` that may be a name or place and that no finding covers."""
        asked = self._asked
        of = [asked.get(token.text) or self._look(token.text) for token in passage.tokens]
        if _ONLY_NOT.issuperset(of):
            return ()
        covered = named_after(passage) or bytearray(len(passage.text))
        for finding in passage.findings:
            covered[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
        return [
            (at, how)
            for at, how in enumerate(of)
            if how is not Asked.NOT
            and not covered[passage.tokens[at].start]
            and self._counts(passage, at, how)
            and not a_thing(passage.text, passage.tokens, at, at + 1)
        ]

    def may_go_on(self, token: Token) -> bool:
        """Whether a word beside a name that was read may be part of it."""
        bits = self._lexicon.of(token.text)
        return not bits & (VETO | STOP | NUMBER) and not (bits & LOWER and bits & ORDINARY)

    def _counts(self, passage: Passage, at: int, how: Asked) -> bool:
        if how is Asked.SMALL or how is Asked.STRANGE:
            return _without_capitals(passage.text, passage.tokens[at])
        if _is_named_after(passage, at) or _is_a_wing(passage, at):
            return False
        if how is Asked.EPONYM and self._beside_eponym(passage, at):
            return False
        if how is Asked.COMMON:
            return not _begins_sentence(passage.text, passage.tokens[at])
        return how is not Asked.EPONYM or not _medicine_beside(passage, at)

    def _beside_eponym(self, passage: Passage, at: int) -> bool:
        """Whether another eponym stands beside it in a list: `Turner, Noonan, and Klinefelter`."""
        tokens, text = passage.tokens, passage.text
        for near in (at - 2, at - 1, at + 1, at + 2):
            if 0 <= near < len(tokens):
                one, other = min(at, near), max(at, near)
                gap = text[tokens[one].end : tokens[other].start]
                if gap in _LISTED and self._lexicon.of(tokens[near].text) & EPONYM:
                    return True
        return False

    def _look(self, word: str) -> Asked:
        how = self._how(word)
        if len(word) <= _LONGEST:  # a hostile text would fill the memory
            if len(self._asked) >= _MOST_WORDS:
                self._asked.clear()
            self._asked[word] = how
        return how

    def _how(self, word: str) -> Asked:
        bits = self._lexicon.of(word)
        if len(word) < 2 or bits & (VETO | STOP | INITIAL | NUMBER) or (len(word) < 3 and word.isascii()):
            return Asked.NOT
        if bits & EPONYM and bits & ALONE_VETO and not bits & GIVEN:
            return Asked.NOT
        if bits & LOWER:
            if bits & SURE_GIVEN and not bits & MAYBE_GIVEN:
                return Asked.EPONYM if bits & EPONYM else Asked.WRITTEN
            return self._small(word, bits)
        if bits & UPPER:
            return Asked.WRITTEN if bits & (GIVEN | FAMILY) and len(word) > 3 and not bits & EPONYM else Asked.NOT
        if _MIXED.match(word):
            return Asked.NOT
        if bits & ORDINARY and not bits & (MAYBE_GIVEN | MAYBE_FAMILY | COMMON_NAME | PLACE) and word.isascii():
            return Asked.NOT
        if bits & EPONYM:
            return Asked.EPONYM
        # What is in books and on no list of names is a thing, mostly: Diabetes, Creatinine.
        return Asked.WRITTEN if bits & (NAMED | UNKNOWN) and not bits & ORDINARY else Asked.COMMON

    def _small(self, word: str, bits: int) -> Asked:
        if bits & (ORDINARY | EPONYM | MAYBE_GIVEN) or len(word) < 4 or not word.islower():
            return Asked.NOT
        if not bits & GIVEN and self._lexicon.tables.words.get(word, 0) >= _TALKED_OF:
            return Asked.NOT
        return Asked.SMALL if bits & (NAMED | FOREIGN) else Asked.STRANGE


_LISTED = frozenset({", ", ", and ", " and ", " or ", ", or ", "/", " vs ", " vs. ", " & "})
_ONLY_NOT = frozenset({Asked.NOT})


def _without_capitals(text: str, token: Token) -> bool:
    first = max(text.rfind("\n", max(0, token.start - _LINE), token.start) + 1, token.start - _LINE, 0)
    last = text.find("\n", token.end, token.end + _LINE)
    return _CAPITALS.search(text, first, last if last >= 0 else token.end + _LINE) is None


def _begins_sentence(text: str, token: Token) -> bool:
    before = text[max(0, token.start - 4) : token.start].rstrip(" \t\"'([{*#>-•")
    return not before or before[-1] in ".!?:;\n"


_WINGS = words_of("north south east west")


def _is_a_wing(passage: Passage, at: int) -> bool:
    """Whether it is a ward by its floor and side: `4 West`, `on 6 North`."""
    tokens, text = passage.tokens, passage.text
    if tokens[at].text.lower() not in _WINGS or at == 0 or len(tokens[at - 1].text) > 2:
        return False
    goes_on = at + 1 < len(tokens) and tokens[at + 1].text[0].isupper() and text[tokens[at].end] == " "
    return tokens[at - 1].text.isdigit() and not goes_on


def _is_named_after(passage: Passage, at: int) -> bool:
    """Whether a possessive with an eponym's noun stands there: Occam's razor; or a month's: April's guideline."""
    tokens, word = passage.tokens, passage.tokens[at].text
    if at + 1 >= len(tokens):
        return False
    if word.lower() in _NUMBERED or word.lower() in SCALES:
        return tokens[at + 1].text.isdigit() and tokens[at + 1].start - tokens[at].end == 1
    if word[-2:] not in ("'s", "’s"):
        return False
    return word[:-2].lower() in CALENDAR or tokens[at + 1].text.lower() in _NOUNS


_NUMBERED = words_of("page room table figure chapter section bed line step stage version item level lot box")
_NOUNS = words_of(
    "law razor sign syndrome disease triad maneuver manoeuvre palsy criteria phenomenon test reflex contracture"
)


def _medicine_beside(passage: Passage, at: int) -> bool:
    """Whether a sign, test, class, result or number stands directly beside, or one word further on."""
    tokens = passage.tokens
    near = [tokens[i] for i in (at - 1, at + 1, at + 2) if 0 <= i < len(tokens)]
    return any(
        (each.text[0].isdigit() or (lower := each.text.lower()) in HEADS or lower in RESULTS)
        and abs(each.start - tokens[at].start) < 40
        for each in near
    )

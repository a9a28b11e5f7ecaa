"""The normalised view of a text (layer 0), and the way back to the characters that were given."""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from interlock.model.finding import Finding

MOST_MARKS: Final = 30
"""Combining marks that are taken together with their letter (UAX 15's stream-safe format); more are normalised apart,
or sorting a text of nothing but marks would take quadratic time."""

# Letters with their marks, which only together have a composed form; other characters beyond ASCII, one by one; ASCII.
_MARKS = (
    r"[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0903\u093a-\u094f"
)
_MARKS += r"\u0981-\u0983\u09bc-\u09d7\u0b3e-\u0b57\u0bbe-\u0bd7\u0cbc-\u0cd6\u0d3e-\u0d57\u0dca-\u0ddf\u1160-\u11ff"
_MARKS += r"\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\uff9e\uff9f\ufe20-\ufe2f]"
_PIECE = re.compile(rf"[\x00-\x7f]+(?!{_MARKS})|[^\x00-\x7f](?!{_MARKS})|(?s:.){_MARKS}{{0,{MOST_MARKS}}}")
_HYPHENS: Final = frozenset(
    "\u058a\u05be\u1806\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u301c\u3030\u30a0\u2212\u02d7\u2043\u00af\u30fc\u2500\u2501"
)
_DOTS: Final = frozenset("\u00b7\u2027\u2219\u22c5\u30fb\u3002")  # RFC 3490 section 3.1 takes the last for a dot
_APOSTROPHES: Final = frozenset("‘’‛ʼʹ′´＇ˈ")
_QUOTES: Final = frozenset("“”„‟″«»")
_FILLERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0\u2800")

# Letters of Cyrillic and Greek that look like Latin ones (Unicode's confusables), and where one stands in a word with
# letters or digits of ASCII.
_ALIKE: Final = str.maketrans(
    "АВЕЅІЈКМНОРСТУХҮԚԜавеѕіјкмнорстухԁһԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορυχ",
    "ABESIJKMHOPCTYXYQWabesijkmhopctyxdhqwABEZHIKMNOPTYXaikvopux",
)
_MIXED: Final = re.compile(r"[A-Za-z0-9_][\u0370-\u052f]|[\u0370-\u052f][A-Za-z0-9_]")
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Normal:
    """A text as detectors see it. Where `starts` is empty, character n of it is character n of the original."""

    text: str
    starts: Sequence[int] = ()
    """For each character, where in the original it begins; `ends`: where it ends."""
    ends: Sequence[int] = ()

    def after(self, earlier: Normal) -> Normal:
        """This view of a text that was itself a view, `earlier`: with offsets into what that was one of."""
        if not earlier.starts:
            return self
        if not self.starts:
            return Normal(self.text, earlier.starts, earlier.ends)
        starts = array("q", (earlier.starts[n] for n in self.starts))
        return Normal(self.text, starts, array("q", (earlier.ends[n - 1] for n in self.ends)))

    def back(self, finding: Finding) -> Finding:
        """The finding with offsets into the original."""
        if not self.starts:
            return finding
        return replace(finding, start=self.starts[finding.start], end=self.ends[finding.end - 1])


def normalise(text: str) -> Normal:
    """NFKC; nothing invisible; hyphens, dots, spaces, quotation marks and digits as ASCII has them, letters that only
    look Latin as Latin ones where they stand among such. ASCII stays the very object. A character that the original's
    characters made together covers all of them."""
    if text.isascii():
        return Normal(text)
    odd = [c for c in set(text) if c > "\x7f"]
    if all(len(_alone(c)) == 1 and not _is_mark(c) for c in odd):
        return Normal(_latin(text.translate({ord(c): _alone(c) for c in odd})))
    pieces: list[str] = []
    starts, ends = array("q"), array("q")
    for found in _PIECE.finditer(text):
        start, end = found.span()
        piece = _together(found[0])
        pieces.append(piece)
        if len(piece) == end - start:
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
        else:
            starts.extend([start] * len(piece))
            ends.extend([end] * len(piece))
    return Normal(_latin("".join(pieces)), starts, ends)


def _latin(text: str) -> str:
    if _MIXED.search(text) is None:
        return text
    return _WORD.sub(lambda word: word[0].translate(_ALIKE) if _MIXED.search(word[0]) else word[0], text)


def _together(piece: str) -> str:
    if piece.isascii():
        return piece
    if len(piece) == 1:
        return _alone(piece)
    composed = unicodedata.normalize("NFKC", piece)
    # Marks that make no letter with what they stand on hide digits and letters of ASCII.
    return "".join(_alone(c) for n, c in enumerate(composed) if not (n and composed[0] < "\x7f" and _is_mark(c)))


@lru_cache(maxsize=8192)
def _alone(char: str) -> str:
    """What stands for one character; nothing for what can't be seen."""
    return "".join(_sign(c) for c in unicodedata.normalize("NFKC", char))


def _sign(char: str) -> str:
    if char < "\x7f":
        return char
    kind = unicodedata.category(char)
    hidden = kind in ("Cf", "Me") or (kind == "Cc" and char != "\x85") or char in _FILLERS
    if hidden or "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef":
        return ""
    if kind == "Pd" or char in _HYPHENS:
        return "-"
    if char in _DOTS:
        return "."
    if kind == "Zs":
        return " "
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    if char in "\u0085\u2028\u2029":
        return "\n"
    return "'" if char in _APOSTROPHES else '"' if char in _QUOTES else char


@lru_cache(maxsize=8192)
def _is_mark(char: str) -> bool:
    return re.match(_MARKS, char) is not None

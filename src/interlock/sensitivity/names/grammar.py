"""The grammar of names: finds runs of words that could be names, cuts them into pieces, and weighs each piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from interlock.sensitivity.names import cues
from interlock.sensitivity.names.lexicon import (
    ANY_NAME,
    CAPITAL,
    COMMON_NAME,
    CREDENTIAL,
    FAMILY,
    FOREIGN,
    GIVEN,
    INITIAL,
    INSTITUTION,
    LOWER,
    MAYBE_FAMILY,
    MAYBE_GIVEN,
    NAMED,
    NUMBER,
    ORDINARY,
    PARTICLE,
    PLAIN_TITLE,
    POSSESSIVE,
    STOP,
    SUFFIX,
    TITLE,
    UNKNOWN,
    UPPER,
    VETO,
    base_of,
)
from interlock.sensitivity.passage import Token

LONGEST = 6
"""Words of one name at most, titles apart."""
_SHORT = 4
_GLUED = "&/+-"
_ROOMS = frozenset({"ward", "wards", "bay", "wing", "suite", "hall", "lane", "park", "rose", "grant"})
"""Names that in small letters behind a capital are none."""

_WITHIN = frozenset({" ", ". ", ".", "  ", " '", ' "', "' ", '" ', "\u00a0"})


@dataclass(frozen=True, slots=True)
class Piece:
    """Words `first` to `last` (not included) of a text that may be one name; `titled` when a title stands before."""

    first: int
    last: int
    titled: bool
    credentialed: bool


@dataclass(frozen=True, slots=True)
class Words:
    """A text's words with their bits; `caseless[i]` where capitals tell nothing."""

    text: str
    tokens: Sequence[Token]
    bits: Sequence[int]
    caseless: Sequence[bool]

    def gap(self, before: int) -> str:
        """What stands between word `before` - 1 and word `before`; the text's edges count as line ends."""
        if before <= 0 or before >= len(self.tokens):
            return "\n"
        return self.text[self.tokens[before - 1].end : self.tokens[before].start]

    def after(self, index: int) -> str:
        """The character directly after a word."""
        end = self.tokens[index].end
        return self.text[end : end + 1]

    def lower(self, index: int) -> str:
        """The word without its possessive, lower case; nothing beyond the edges."""
        return base_of(self.tokens[index].text) if 0 <= index < len(self.tokens) else ""


def pieces(words: Words) -> Iterator[Piece]:
    """Everything that could be a name by the shape of its words, left to right, none overlapping."""
    index, count = 0, len(words.tokens)
    while index < count:
        if not _begins(words, index):
            index += 1
            continue
        piece = _piece(words, index)
        if piece is None:
            index += 1
            continue
        yield piece
        index = piece.last


def _begins(words: Words, index: int) -> bool:
    bits = words.bits[index]
    if bits & LOWER and _glued(words, index):
        return False  # `e2ed`, `50.77ms`: of a number or a code
    if bits & STOP:
        return bool(bits & TITLE)
    if words.caseless[index] and len(words.tokens[index].text) == 1:
        return words.after(index) == "." and words.gap(index + 1) == ". " and bool(words.bits[index + 1] & NAMED)
    if words.caseless[index]:
        if words.lower(index) in cues.KIN:
            return False
        if bits & (NAMED | PLAIN_TITLE | UNKNOWN) or (bits & (MAYBE_GIVEN | PARTICLE) and not bits & VETO):
            return True
        return not bits & (ORDINARY | VETO | FOREIGN | NUMBER | TITLE) and words.lower(index - 1) in cues.KIN
    if bits & CAPITAL and words.lower(index) in cues.KIN and _named_capital(words, index + 1):
        return False  # Son Peter Moe
    if bits & (LOWER | NUMBER):
        return bool(bits & (PLAIN_TITLE | COMMON_NAME) or (bits & PARTICLE and _capital(words, index + 1)))
    return not bits & VETO or bool(bits & TITLE)


def _glued(words: Words, index: int) -> bool:
    start = words.tokens[index].start
    return start > 0 and words.text[start - 1].isdigit()


def _named_capital(words: Words, index: int) -> bool:
    return index < len(words.bits) and words.gap(index) == " " and words.bits[index] & (CAPITAL | NAMED) > CAPITAL


def _capital(words: Words, index: int) -> bool:
    return index < len(words.bits) and bool(words.bits[index] & (CAPITAL | PARTICLE)) and words.gap(index) == " "


def _piece(words: Words, index: int) -> Piece | None:
    """The piece that begins at this word: titles first, then name words, a suffix and credentials."""
    first, titled, count = index, False, len(words.tokens)
    while index < count and words.bits[index] & TITLE and _title(words, index):
        titled, index = True, index + 1
    start, last = index, index
    while last < count and last - start < LONGEST and (last == start or _goes_on(words, last)):
        if not _part(words, last, last == start, titled):
            break
        if last > start and words.bits[last - 1] & POSSESSIVE:
            break
        last += 1
    while last > start and words.bits[last - 1] & PARTICLE and _no_name_at_the_end(words, last - 1):
        last -= 1
    if last == start:
        return None
    last = _last_first(words, start, last)
    last, credentialed = _ending(words, last)
    return Piece(first if titled else start, last, titled, credentialed)


def _no_name_at_the_end(words: Words, index: int) -> bool:
    bits = words.bits[index]
    return not bits & ANY_NAME or bool(bits & LOWER and not words.caseless[index])


def _last_first(words: Words, start: int, last: int) -> int:
    """Past the initials of `Alvarez, R.` and `Alvarez, R. M.`"""
    if last - start > 2 or last >= len(words.tokens) or words.gap(last) != ", " or words.bits[last] & INITIAL == 0:
        return last
    if words.tokens[last].text == "I" and words.after(last) != ".":
        return last
    if not words.bits[last - 1] & (FAMILY | MAYBE_FAMILY | UNKNOWN) or words.after(last) not in (
        ".",
        " ",
        "\n",
        ";",
        "",
    ):
        return last
    last += 1
    while last < len(words.tokens) and words.bits[last] & INITIAL and words.gap(last) in (". ", ".", " "):
        last += 1
    return last


def _goes_on(words: Words, index: int) -> bool:
    """Whether a name may go on over the gap before this word: a full stop is a sentence's end but after an initial."""
    gap = words.gap(index)
    if gap not in _WITHIN:
        return False
    before = words.tokens[index - 1].text
    return "." not in gap or len(before) == 1 or (len(before) < 4 and bool(words.bits[index - 1] & (TITLE | SUFFIX)))


def _title(words: Words, index: int) -> bool:
    """Whether a title is one here: a name must follow. `Doctor` and the like count with a capital name word only."""
    follows = index + 1
    if follows >= len(words.tokens) or words.gap(follows) not in (" ", ". ", ".", "  ", ".  "):
        return False
    bits = words.bits[follows]
    if len(words.tokens[follows].text) == 1 and words.after(follows) == ".":
        return bool(words.bits[index] & PLAIN_TITLE)
    if bits & TITLE:
        return follows + 1 < len(words.tokens) and words.gap(follows + 1) in (" ", ". ")
    if words.caseless[index] or bits & LOWER:
        plain = words.bits[index] & PLAIN_TITLE
        return bool(plain and not bits & (VETO | NUMBER) and (bits & (ANY_NAME | PARTICLE) or not bits & ORDINARY))
    if words.bits[index] & PLAIN_TITLE:
        return not bits & (LOWER | NUMBER)
    return bool(bits & (ANY_NAME | INITIAL)) and not bits & VETO and bool(bits & (CAPITAL | INITIAL))


def _part(words: Words, index: int, beginning: bool, titled: bool) -> bool:
    """Whether a word may be part of a name that began before it."""
    bits = words.bits[index]
    if bits & NUMBER:
        return False
    if words.caseless[index] or bits & LOWER:
        return _lower_part(words, index, beginning, titled)
    if bits & INITIAL:
        dotted = words.after(index) == "."
        if words.after(index) in _GLUED and words.after(index):
            return False  # A&O
        return dotted or (words.tokens[index].text != "I" and (titled or not beginning))
    if bits & VETO:
        return titled and beginning and words.lower(index) not in cues.CREDENTIALS
    if bits & (SUFFIX | CREDENTIAL) and not bits & NAMED:
        return False
    if bits & UPPER and bits & ORDINARY and not beginning and words.bits[index - 1] & CAPITAL:
        return False  # `DAUGHTER Ann Moe HAS POA`
    after_initial = bool(words.bits[index - 1] & INITIAL) and words.after(index - 1) == "."
    if bits & INSTITUTION and not beginning and not ((titled or after_initial) and bits & (FAMILY | MAYBE_FAMILY)):
        return False
    if beginning and titled:
        return True
    if bits & (ANY_NAME | PARTICLE) or not bits & ORDINARY:
        return True
    return not beginning and words.bits[index - 1] & PARTICLE > 0 and not words.bits[index - 1] & ORDINARY


def _lower_part(words: Words, index: int, beginning: bool, titled: bool) -> bool:
    bits = words.bits[index]
    if bits & PARTICLE and not beginning:
        return True
    if bits & VETO:
        return False
    if bits & INITIAL or len(words.tokens[index].text) == 1:
        return (titled or not beginning or words.gap(index + 1) == ". ") and words.after(index) == "."
    if not words.caseless[index]:
        if bits & PARTICLE and beginning:
            return _capital(words, index + 1)
        if words.lower(index) in _ROOMS and not titled:
            return False
        strong = bits & (COMMON_NAME | FAMILY | GIVEN) if beginning or not bits & FOREIGN else bits & COMMON_NAME
        return bool(strong) or (titled and beginning and not bits & VETO)
    if beginning and titled:
        return True
    if beginning:
        return bool(bits & (NAMED | UNKNOWN | MAYBE_GIVEN | PARTICLE))
    if bits & FOREIGN and len(words.tokens[index].text) < _SHORT and not bits & COMMON_NAME:
        return False  # aus, hat, und
    after_given = bool(words.bits[index - 1] & (NAMED | MAYBE_GIVEN | INITIAL | PARTICLE))
    return bool(bits & (NAMED | UNKNOWN)) or bool(after_given and bits & MAYBE_FAMILY and _not_frequent(words, index))


def _not_frequent(words: Words, index: int) -> bool:
    word = words.lower(index)
    return len(word) > 2 and not words.bits[index] & STOP and word not in cues.SAYS and word not in cues.LINKS


def _ending(words: Words, last: int) -> tuple[int, bool]:
    """Past a suffix and credentials: `Jr.`, `III`, `, MD`."""
    credentialed, count = False, len(words.tokens)
    while last < count:
        gap, bits = words.gap(last), words.bits[last]
        if bits & SUFFIX and gap in (" ", ", ", ". "):
            last += 1
        elif bits & CREDENTIAL and gap in (" ", ", ", ". ", ",", "., ") and _credential(words, last):
            credentialed, last = True, last + 1
        else:
            break
    return last, credentialed


def _credential(words: Words, index: int) -> bool:
    """A credential is in capitals (MD, PhD), or in small letters where everything is and nothing else is meant. Before
    a number it is that number's name."""
    if index + 1 < len(words.bits) and words.bits[index + 1] & NUMBER and words.gap(index + 1) in (" ", ": ", ":"):
        return False
    if words.caseless[index]:
        return words.lower(index) in ("md", "rn", "np", "phd", "dds", "dvm", "dmd", "lpn", "pharmd")
    return (not words.bits[index] & LOWER and words.lower(index) not in ("ma", "ms", "pa", "do", "od", "ed")) or (
        words.bits[index] & UPPER > 0
    )

"""Names in a list tell of each other; and what only reads as one: `Morgan Stanley`, `Johnson & Johnson`."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.sensitivity.names import things
from interlock.sensitivity.names.grammar import Piece, Words
from interlock.sensitivity.names.lexicon import (
    ANY_NAME,
    EPONYM,
    GIVEN,
    INITIAL,
    LOWER,
    NAMED,
    NUMBER,
    ORDINARY,
    PLACE,
    POSSESSIVE,
    STOP,
    UNKNOWN,
    UPPER,
    VETO,
    base_of,
)
from interlock.sensitivity.passage import Token

_JOINS = frozenset({", ", " and ", " & ", ", and ", " or ", " und ", " y ", " et "})


def listed(words: Words, before: Piece, after: Piece) -> bool:
    """Whether two pieces stand in one list: `Kovalev, Lee and Phillips`."""
    start, end = words.tokens[before.last - 1].end, words.tokens[after.first].start
    return end - start < 6 and words.text[start:end] in _JOINS


def both_named(words: Words, before: Piece, after: Piece) -> bool:
    """Whether two pieces that stand in one list are both names that people have, and nothing else."""
    if sum(words.bits[piece.first] & (PLACE | EPONYM) > 0 for piece in (before, after)) > 1:
        return False
    if _surname_and_given(words, before, after):
        return True
    return all(
        piece.last - piece.first == 1
        and words.bits[piece.first] & NAMED
        and not words.bits[piece.first] & (VETO | STOP | UPPER)
        and len(words.lower(piece.first)) > 3
        for piece in (before, after)
    )


def _surname_and_given(words: Words, before: Piece, after: Piece) -> bool:
    """`VENKATARAMAN, LAVANYA`: both in capitals in a text that isn't."""
    one, other = words.bits[before.first], words.bits[after.first]
    if not (one & other & UPPER) or words.gap(after.first) != ", " or words.caseless[before.first]:
        return False
    single = before.last - before.first == 1 == after.last - after.first
    long = min(len(words.lower(before.first)), len(words.lower(after.first))) > 2
    return single and long and not (one | other) & (VETO | STOP | ORDINARY) and bool(one & NAMED and other & GIVEN)


def may_be_listed(words: Words, piece: Piece) -> bool:
    """Whether a piece that nothing else tells of may be a name because its neighbours in a list are."""
    bits = words.bits[piece.first]
    after = words.bits[piece.last] if piece.last < len(words.bits) else 0
    if after & NUMBER and words.gap(piece.last) in (" ", ": ", ":") and not bits & NAMED:
        return False
    last = words.tokens[piece.last - 1]
    if bits & EPONYM and bits & POSSESSIVE:
        return False  # Parkinson's and Crohn's
    if words.text[last.end : last.end + 1].isdigit() or (bits & UNKNOWN and last.text.lower().endswith(("ing", "ed"))):
        return False  # hba1c, sundowning
    if piece.last - piece.first > 2 or bits & (VETO | STOP | INITIAL) or (bits & PLACE and not bits & NAMED):
        return False
    if words.caseless[piece.first]:
        return bool(bits & (NAMED | UNKNOWN))
    return bool(bits & (NAMED if bits & UPPER else ANY_NAME)) and not bits & LOWER


_FIRST_WORDS = frozenset(phrase.split()[0] for phrase in things.PHRASES)
_LAST_WORDS = frozenset(phrase.split()[-1] for phrase in things.PHRASES)
_WORDS = 4  # of the longest phrase
_CODE = 3  # letters of what may follow a phrase, such as a class


def a_thing(text: str, tokens: Sequence[Token], first: int, last: int) -> bool:
    """Whether words `first` to `last` (not included) are, or are part of, a phrase that is known and names nobody."""
    if last - first == 1 and "-" in tokens[first].text:
        return base_of(tokens[first].text).replace("-", " ") in things.PHRASES
    if base_of(tokens[first].text) not in _FIRST_WORDS and base_of(tokens[last - 1].text) not in _LAST_WORDS:
        return False
    for begin in range(first, max(first - _WORDS, -1), -1):
        if base_of(tokens[begin].text) in _FIRST_WORDS:
            for end in range(begin + 1, min(begin + _WORDS, len(tokens)) + 1):
                if any(len(each.text) > _CODE for each in tokens[end:last]):
                    continue
                said = text[tokens[begin].start : tokens[end - 1].end].lower().replace("-", " ").replace("’", "'")
                if said in things.PHRASES or said.removesuffix("'s") in things.PHRASES:
                    return True
    return False

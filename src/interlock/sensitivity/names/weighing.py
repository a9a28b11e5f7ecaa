"""Weighs a piece: how sure it is that it is a person's name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from interlock.sensitivity.names import cues, vetoes
from interlock.sensitivity.names.around import Around, around
from interlock.sensitivity.names.grammar import Piece, Words
from interlock.sensitivity.names.lexicon import (
    ALONE_VETO,
    ANY_NAME,
    CAPITAL,
    COMMON_NAME,
    CREDENTIAL,
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
    PARTICLE,
    PLACE,
    POSSESSIVE,
    STOP,
    SUFFIX,
    SURE_GIVEN,
    TITLE,
    UNKNOWN,
    UPPER,
    VETO,
)
from interlock.sensitivity.names.wording import words_of

_CODE = re.compile(r"[A-Z]|[IVX]{1,4}[a-c]?")


def _is_code(words: Words, index: int) -> bool:
    """Whether a word is that of a class: Barrett C2, Forrest IIa."""
    return words.after(index) != "." and _CODE.fullmatch(words.tokens[index].text) is not None


def weigh(words: Words, piece: Piece) -> tuple[float, str]:
    """How sure it is that a piece is a person's name, from 0 to 1, and why in words of our own."""
    if words.lower(piece.first - 1) == "in" and words.lower(piece.first - 2) == "as":
        return 0.0, ""  # L as in Larry
    about = around(words, piece)
    body = [i for i in range(piece.first, piece.last) if not _extra(words, piece, i)]
    if not body:
        return 0.0, ""
    bits = [words.bits[i] for i in body]
    if about.institution and not piece.titled and not piece.credentialed:
        return 0.0, ""
    if piece.titled:
        return 0.95, "title"
    if about.head and (len(body) == 1 or not bits[0] & GIVEN) and not (about.cue == 3 and not bits[0] & EPONYM):
        return 0.0, ""
    if any(words.caseless[i] for i in body) or all(b & LOWER for b in bits):
        return _weigh_caseless(words, piece, body, about)
    if len(body) == 2 and bits[1] & INITIAL and "," in words.gap(body[1]) and bits[0] & ANY_NAME:
        return (0.75, "family name and initial") if words.after(body[1]) == "." or about.cue else (0.0, "")
    if len(body) == 1:
        return _weigh_single(words, piece, body[0], about)
    return _weigh_several(words, piece, body, about)


def _extra(words: Words, piece: Piece, index: int) -> bool:
    bits = words.bits[index]
    if piece.titled and index < piece.last - 1 and bits & TITLE and index <= piece.first + 1:
        return True
    return bool(bits & (SUFFIX | CREDENTIAL)) and index > piece.first and not bits & GIVEN


def _weigh_single(words: Words, piece: Piece, index: int, about: Around) -> tuple[float, str]:
    bits = words.bits[index]
    if bits & INITIAL or bits & VETO or (bits & TITLE and bits & ORDINARY) or words.lower(index) == "lady":
        return 0.0, ""
    if bits & EPONYM and words.lower(index - 1) in _APPLIED and words.gap(index) == " " and about.cue < 3:
        return 0.0, ""  # should I use Wells or Geneva
    if bits & EPONYM and bits & POSSESSIVE and about.cue < 3 and _is_cut_short(words, piece):
        return 0.0, ""  # Barrett's with dysplasia, Graves' and Hashimoto's
    if piece.credentialed and bits & ANY_NAME:
        return 0.9, "credential"
    named = bits & ANY_NAME or not bits & ORDINARY
    abbreviated = bits & UPPER and not bits & COMMON_NAME and len(words.lower(index)) < 5
    if abbreviated and not about.field:
        return 0.0, ""
    if about.cue == 3 and named and not about.article:
        return 0.85, "cue"
    if bits & UPPER:
        return (
            (0.6, "cue")
            if (about.cue or _on_a_list(words, piece)) and bits & NAMED and not bits & ALONE_VETO
            else (0.0, "")
        )
    if bits & ALONE_VETO:
        told = about.right or about.cue or bits & POSSESSIVE or not (about.initial or bits & EPONYM)
        good = bits & GIVEN and (bits & COMMON_NAME or told) and not about.place
        told = about.cue > 1 and bits & NAMED and (about.cue > 2 or not bits & PLACE or bits & FAMILY)
        return (0.6, "given name") if good else ((0.6, "cue") if told else (0.0, ""))
    if (
        bits & GIVEN
        and bits & MAYBE_GIVEN
        and about.initial
        and not (about.right or about.cue or _lone(words, piece) or _speaks(words, piece))
    ):
        return 0.0, ""
    if bits & GIVEN:
        if words.lower(piece.last) in _ROOMS and words.gap(piece.last) == " " and words.bits[piece.last] & LOWER:
            return 0.0, ""  # Oak ward
        if about.place and bits & PLACE:
            return 0.0, ""
        if bits & MAYBE_GIVEN and about.initial and not about.cue and _goes_with_a_thing(words, piece):
            return 0.0, ""
        if words.lower(index) in vetoes.PILLS and _of_pills(words, index):
            return 0.0, ""
        return (
            (0.8, "given name")
            if not about.initial or bits & COMMON_NAME or about.right or about.cue
            else (0.6, "given name")
        )
    if words.lower(piece.last) in _ROOMS and words.gap(piece.last) == " ":
        return 0.0, ""  # Oak ward
    if about.place and not about.cue:
        return 0.0, ""
    if (
        about.article
        and words.lower(piece.first - 1) in _ANY
        and words.bits[piece.last : piece.last + 1]
        and not about.right
    ):
        return 0.0, ""  # a Tiger top
    if about.article and (about.right or words.gap(piece.last) != " "):
        return 0.0, ""  # the Herald disagreed; `the Okonkwo family` is somebody's
    if bits & FAMILY:
        told = about.right or about.cue or bits & POSSESSIVE
        sure = told or not about.initial or _lone(words, piece) or _speaks(words, piece)
        return (
            (0.7 if about.cue or about.right else 0.6, "family name")
            if sure and len(words.lower(index)) > 2
            else (0.0, "")
        )
    if bits & (MAYBE_GIVEN | MAYBE_FAMILY):
        told = about.cue > 1 or (about.right and not about.article)
        return (0.6, "cue") if told and not about.initial and not bits & STOP else (0.0, "")
    if bits & UNKNOWN or not bits & ORDINARY:
        return _weigh_unknown(words, piece, index, about)
    return 0.0, ""


def _goes_with_a_thing(words: Words, piece: Piece) -> bool:
    """`Rosemary and sage tea`: a plant, a virtue, a month, with another in small letters beside it."""
    after = piece.last + 1
    if words.lower(piece.last) != "and" or after >= len(words.bits) or not words.bits[after] & LOWER:
        return False
    return words.lower(after) not in cues.KIN and words.lower(after) not in _WHO


_WHO = words_of(
    "i he she we they her his my our their the a an both all me him them you your went were are is was then"
)
_PILLS_BESIDE = words_of("generic brand pill pills contraceptive contraceptives ocp ocps tablets mg packs placebo")


def _of_pills(words: Words, index: int) -> bool:
    return any(words.lower(at) in _PILLS_BESIDE for at in range(max(0, index - 10), min(len(words.tokens), index + 8)))


def _weigh_unknown(words: Words, piece: Piece, index: int, about: Around) -> tuple[float, str]:
    """A capitalised word that is in no list: a name only where something tells so."""
    bits, word = words.bits[index], words.lower(index)
    if len(word) < 3 or bits & PLACE or about.article:
        return 0.0, ""
    if about.cue or (about.right and (not about.initial or not word.isascii())) or _speaks(words, piece):
        return 0.6, "unknown word, cue"
    if about.right and words.lower(piece.last) in _SPEECH and not about.article and words.gap(piece.last) == " ":
        return 0.6, "unknown word, speech"
    if about.right and bits & UNKNOWN and words.lower(piece.last + 1) not in _DEFINING:
        defined = words.lower(piece.last + 1).endswith("ed") or about.head
        return (0.0, "") if defined else (0.5, "unknown word, verb")
    if bits & UNKNOWN and not about.initial and (bits & POSSESSIVE or not word.isascii()):
        return 0.55, "unknown word"
    return 0.0, ""


_SPEECH = words_of("says said tells told asks asked thinks wants reports denies complains")
_APPLIED = words_of(
    "use using used uses apply applying applied calculate calculating calculated compute prefer preferred"
    " modified validated"
    " positive negative equivocal the revised original simplified adapted"
)
"""What is said of scores, signs and rules, before their names."""
_ROOMS = words_of("ward wards bay suite corridor wing rotation firm theatre grass pollen creeper weed tree trees")
"""What wards and plants have behind names that aren't of people."""
_ANY = frozenset({"a", "an", "each", "every", "another", "these", "those"})
_GOES_ON = words_of(
    "with without is was in on and or vs versus after before patients have has does can may from at but for to than"
)


def _is_cut_short(words: Words, piece: Piece) -> bool:
    """Whether no noun follows the possessive: what somebody has is meant, not somebody."""
    gap = words.gap(piece.last)
    return gap[:1] in ".,;:?!)\n" or words.lower(piece.last) in _GOES_ON


def _on_a_list(words: Words, piece: Piece) -> bool:
    """Whether it stands on a list of people, with what is to be done after a dash."""
    return words.gap(piece.last) in _DASHES and words.gap(piece.first) in (": ", "; ", "\n", ":\n")


def _speaks(words: Words, piece: Piece) -> bool:
    """Whether it stands at the beginning of a line with a colon after it, as in a transcript."""
    return "\n" in words.gap(piece.first) and words.gap(piece.last)[:1] == ":"


_DASHES = frozenset({" – ", " - ", " — "})


def _lone(words: Words, piece: Piece) -> bool:
    """Whether it stands alone on its line, or between commas as in a list of names."""
    before, after = words.gap(piece.first), words.gap(piece.last)
    if _on_a_list(words, piece):
        return True
    return ("\n" in before and "\n" in after) or (
        before.strip(" ") in (",", ":") and after.strip(" ") in (",", "", ":")
    )


_DEFINING = words_of(
    "a an the indicated contraindicated used safe effective available known superior inferior given not one another our"
)  # after "is" they tell what a thing is


def _weigh_several(words: Words, piece: Piece, body: Sequence[int], about: Around) -> tuple[float, str]:
    bits = [words.bits[i] for i in body]
    if piece.credentialed:
        return 0.9, "credential"
    if len(bits) == 2 and bits[0] & EPONYM and not about.cue and _is_code(words, body[1]):
        return 0.0, ""
    if bits[0] & INITIAL:
        return _weigh_initials(words, body, about)
    if (
        all(b & UPPER for b in bits)
        and not (bits[0] & (GIVEN | FAMILY) and bits[-1] & (NAMED | MAYBE_FAMILY))
        and about.cue < 3
    ):
        return 0.0, ""
    joined = len(bits) > 2 and bits[1] & PARTICLE and all(b & LOWER for b in bits[1:-1])
    if joined and bits[0] & UNKNOWN and not bits[-1] & VETO and not about.place and not about.article:
        return 0.6, "unknown word and particle"
    if bits[0] & PARTICLE and len(bits) == 2 and (about.cue or about.right) and not bits[1] & (VETO | STOP):
        return 0.6, "particle, cue"
    if (
        len(bits) > 2
        and bits[1] & INITIAL
        and words.after(body[1]) == "."
        and not (bits[0] | bits[-1]) & (VETO | ORDINARY | EPONYM)
    ):
        return 0.7, "with a middle initial"
    if about.article and not bits[0] & (GIVEN | PARTICLE):
        return 0.0, ""
    rest_named = all(b & (ANY_NAME | INITIAL | PARTICLE) or not b & ORDINARY for b in bits[1:])
    if about.cue == 3 and rest_named:
        return 0.9, "cue"
    if bits[0] & GIVEN and rest_named and (bits[0] & COMMON_NAME or not (about.place and bits[0] & PLACE)):
        return 0.9, "given and family name"
    if bits[0] & MAYBE_GIVEN and bits[-1] & (FAMILY | INITIAL | MAYBE_FAMILY) and rest_named:
        sure = bits[-1] & (FAMILY | INITIAL) or about.cue or about.right
        return (0.75, "given and family name") if sure else (0.0, "")
    if any(b & GIVEN for b in bits[1:]):
        return 0.75, "given name"
    if about.place and (any(b & PLACE for b in bits) or not all(b & FAMILY for b in bits)):
        return 0.0, ""
    if any(b & FAMILY for b in bits):
        firm = not any(b & (ALONE_VETO | EPONYM) for b in bits) or about.cue
        return (0.6, "family name") if firm and (not about.initial or bits[-1] & FAMILY) else (0.0, "")
    if all(b & UNKNOWN for b in bits) and not about.initial and not about.article:
        return 0.55, "unknown words"
    return (0.6, "cue") if about.cue and not any(b & ORDINARY for b in bits) else (0.0, "")


def _weigh_initials(words: Words, body: Sequence[int], about: Around) -> tuple[float, str]:
    """`J. Smith`, `J.R. Smith`."""
    names = [words.bits[i] for i in body if not words.bits[i] & INITIAL]
    if not names:
        return (0.6, "initials") if _somebodys(words, body, about) else (0.0, "")
    if words.lower(body[-1]) in vetoes.SPECIES or not words.bits[body[-1]] & CAPITAL:
        return 0.0, ""
    dotted = words.text[words.tokens[body[0]].end : words.tokens[body[0]].end + 1] == "."
    good = all((b & ANY_NAME or not b & ORDINARY) and not b & VETO for b in names)
    eponym = any(b & EPONYM and b & ALONE_VETO for b in names) and not about.cue
    return (0.8, "initial and family name") if dotted and good and not eponym else (0.0, "")


def _somebodys(words: Words, body: Sequence[int], about: Around) -> bool:
    """Whether two or three initials with full stops stand for somebody: `K.M. arrived late`."""
    letters = "".join(words.lower(i) for i in body)
    dotted = all(words.after(i) == "." for i in body[:-1])
    after = body[-1] + 1
    does = words.gap(after) in (" ", ". ") and words.lower(after) in cues.SAYS and words.bits[after] & LOWER > 0
    return dotted and 1 < len(letters) < 4 and letters not in _SHORT_FORMS and (about.cue > 1 or does)


_SHORT_FORMS = words_of(
    "us uk eu un dc la ny nj sf er or iv im po id ok tv am pm eg ie md rn bp hr icu ct mr ph qd ad bc usa"
)


def _weigh_caseless(words: Words, piece: Piece, body: Sequence[int], about: Around) -> tuple[float, str]:
    """Where letters are all small or all capitals: lists and cues decide alone."""
    bits = [words.bits[i] for i in body]
    shown = words.caseless[body[0]]
    if piece.credentialed and any(b & NAMED for b in bits):
        return 0.85, "credential"
    if about.cue == 3 and not all(b & ORDINARY for b in bits) and not bits[0] & ALONE_VETO:
        return 0.75, "cue"
    if len(bits) >= 2 and len(words.lower(body[0])) == 1:
        firm = bits[-1] & NAMED and not bits[-1] & (ORDINARY | VETO) and words.lower(body[-1]) not in vetoes.SPECIES
        return (0.6, "initial and family name") if firm and (about.cue or bits[-1] & COMMON_NAME) else (0.0, "")
    if len(bits) >= 2:
        doubtful = bits[0] & MAYBE_GIVEN and not (bits[-1] & FAMILY and not bits[-1] & MAYBE_GIVEN)
        if bits[0] & GIVEN and any(b & (NAMED | MAYBE_FAMILY | UNKNOWN) for b in bits[1:]) and not doubtful:
            return (
                (0.85, "given and family name") if shown or (bits[0] & COMMON_NAME and bits[-1] & NAMED) else (0.0, "")
            )
        if bits[0] & MAYBE_GIVEN and bits[-1] & FAMILY and not bits[-1] & (MAYBE_FAMILY | PLACE | EPONYM | VETO):
            return (0.6, "given and family name") if shown else (0.0, "")
        if bits[0] & FAMILY and any(b & (FAMILY | GIVEN) for b in bits[1:]):
            return (0.6, "family name") if shown and not any(b & (ALONE_VETO | EPONYM) for b in bits) else (0.0, "")
        return (0.6, "cue") if about.cue and any(b & (NAMED | UNKNOWN) for b in bits) else (0.0, "")
    bit = bits[0]
    if bit & UPPER and len(words.lower(body[0])) < 5 and not bit & (COMMON_NAME | NAMED):
        return 0.0, ""
    if bit & COMMON_NAME and bit & SURE_GIVEN and shown and not about.place and not about.article:
        return 0.7, "given name"
    if bit & (ALONE_VETO | VETO | MAYBE_GIVEN | MAYBE_FAMILY | ORDINARY) or not shown:
        return 0.0, ""
    if _on_a_list(words, piece) and bit & NAMED:
        return 0.6, "on a list"
    short = len(words.lower(body[0])) < 5
    if bit & SURE_GIVEN and not (short and bit & FOREIGN) and not (about.place and bit & PLACE) and not about.article:
        return 0.7, "given name"
    if about.place or (about.article and not about.head):
        return 0.0, ""
    if bit & NAMED and (about.cue or about.right):
        return 0.6, "name, cue"
    if words.bits[piece.last : piece.last + 1] and words.bits[piece.last] & NUMBER:
        return 0.0, ""
    strange = not words.lower(body[0]).isascii() and len(words.lower(body[0])) > 3 and not bit & FOREIGN
    return (0.55, "unknown word") if strange or (bit & UNKNOWN and about.cue > 1) else (0.0, "")

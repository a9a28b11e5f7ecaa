"""Names told by the form in which they are written: joined by carets, family name first in capitals, owners of devices,
families in the plural, an initial behind a word for somebody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.names.lexicon import (
    ALONE_VETO,
    ANY_NAME,
    EPONYM,
    FAMILY,
    FOREIGN,
    GIVEN,
    INSTITUTION,
    MAYBE_FAMILY,
    MAYBE_GIVEN,
    NAMED,
    ORDINARY,
    PLACE,
    STOP,
    UNKNOWN,
    VETO,
    Lexicon,
)
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Passage

NAME: Final = Label("phi.name")

_UPPER: Final = r"[^\W\d_a-zß-öø-ÿ]"
_CAPITAL: Final = rf"{_UPPER}[^\W\d_]*(?:['’\-][^\W\d_]+)*"
_CARETS: Final = re.compile(rf"(?<![\w^&|]){_UPPER}[^\W\d_'’\-]*['’\-]?[^\W\d_]+(?:\^{_CAPITAL}){{1,4}}(?![\w^])")
_LAST_FIRST: Final = re.compile(
    rf"(?<![\w'’.-])({_UPPER}{_UPPER}+(?:['’\-]{_UPPER}+)*), ({_UPPER}{_UPPER}+(?:['’\-]{_UPPER}+)*)(?:"
    rf" {_UPPER}\b\.?)?(?![\w'’-])"
)
_LAST_FIRST_SMALL: Final = re.compile(
    r"\b(?:of|for|on|re|pt|patient|chart|seen|saw|is|called|name|named|client|resident|with|from)[ :]{1,2}"
    r"([a-zà-ÿ]{2,20}(?:['’-][a-zà-ÿ]{2,20})?), ([a-zà-ÿ]{2,20}(?:-[a-zà-ÿ]{2,20})?)(?![\w'’-])"
)
_DEVICE: Final = re.compile(
    rf"(?<![\w'’-])({_UPPER}[^\W\d_]{{2,20}}?)(?:['’]?s)?[ _-]"
    r"(?=(?i:iphone|ipad|ipod|macbook|imac|airpods|galaxy|pixel|android|laptop|desktop|notebook|thinkpad|surface|kindle|watch"
    r"|pc|mbp|phone|tablet|mobile|xps|s[0-9]{1,2}|mac)\b)"
)
_FAMILY: Final = re.compile(
    r"\b[Tt][Hh][Ee] ([^\W\d_]{3,20}?)(?:[sS]|[eE][sS])"
    r"(?= (?i:at|both|next door|live|lived|of no|from no|down the|across the|upstairs|downstairs|and their|have"
    r" been|family"
    r"|are coming|were here|at no|on [A-Z])\b)"
)
_HOUSEHOLD: Final = re.compile(rf"(?:^|[\n.!?:\"“]\s{{0,2}}|\b[Tt]he )({_CAPITAL})(?= (?i:residence|household)\b)")
_INITIAL: Final = re.compile(
    rf"(?<![\w'’.-])({_UPPER}\.? (?:(?:van|von|de|der|den|di|da|del|la|le|el|al|bin|ter|ten|dos) ){{0,3}}"
    rf"{_UPPER}[a-zà-ÿß'’-]{{2,24}})(?![\w])"
)
_BEFORE: Final = re.compile(r"([^\W\d_]+)[,:.]?[ \n]\Z")
_SOMEBODY: Final = words_of(
    "pt patient client resident colleague yours sincerely faithfully regards cheers thanks dr doctor nurse"
    " sister mr mrs ms"
    " attending by consultant registrar cc attn for surgeon re"
)
_DEVICES: Final = words_of(
    "iphone ipad ipod macbook imac airpods galaxy pixel android laptop desktop notebook thinkpad surface"
    " kindle watch pc mbp"
    " phone tablet mobile xps mac"
)
_HOMES: Final = words_of("residence household")
_LABELS: Final = words_of("labelled labeled")
_IN_CAPITALS: Final = re.compile(r"[^\W\d_a-zß-öø-ÿ], [^\W\d_a-zß-öø-ÿ]{2}")
_CAPITALISED: Final = re.compile("[A-Z][a-z]")
_LABELLED: Final = re.compile(rf"\b[Ll]abel+ed(?: as| with)?:? [\"“'‘]({_UPPER}[^\W\d_'’-]{{2,24}})(?=[,\"”'’ ])")


def formed(passage: Passage, lexicon: Lexicon) -> Iterator[Finding]:
    """Every such name in the passage. Takes time proportional to its length."""
    text, words = passage.text, passage.words
    if "^" in text:
        yield from _joined(text, lexicon)
    if ", " in text:
        yield from _last_first(text, lexicon)
    for form, signs in _FORMS:
        for match in () if words.isdisjoint(signs) else form.finditer(text):
            bits = lexicon.of(match[1])
            named = bits & (FAMILY | GIVEN | MAYBE_FAMILY) and not bits & (STOP | VETO | INSTITUTION)
            if named and _told(form, bits, text, match):
                yield Finding(match.start(1), match.end(1), NAME, 0.7, "names: by its form")
    if not words.isdisjoint(_SOMEBODY):
        yield from _behind_somebody(text, lexicon)


_FORMS: Final = ((_DEVICE, _DEVICES), (_FAMILY, frozenset({"the"})), (_HOUSEHOLD, _HOMES), (_LABELLED, _LABELS))


def _behind_somebody(text: str, lexicon: Lexicon) -> Iterator[Finding]:
    """An initial and a name behind a word for somebody: `pt V Moe`, `yours, K. de Wit`."""
    for match in _INITIAL.finditer(text):
        before = _BEFORE.search(text, max(0, match.start() - 20), match.start())
        if before is None or before[1].lower() not in _SOMEBODY:
            continue
        bits = lexicon.of(match[1].rsplit(" ", 1)[-1])
        if bits & (NAMED | UNKNOWN) and not bits & (VETO | STOP):
            yield Finding(match.start(1), match.end(1), NAME, 0.7, "names: initial behind a word for somebody")


def _told(form: re.Pattern[str], bits: int, text: str, match: re.Match[str]) -> bool:
    """Whether what may be a name is one: plurals of words and of drugs are none."""
    if form is _DEVICE:
        return bool(bits & (GIVEN | FAMILY)) and (bits & GIVEN > 0 or not bits & PLACE)
    if form is _FAMILY:
        small = match[1].islower() and not text.islower()
        return not small and (
            bits & FAMILY > 0 or (match[1][0].isupper() and "at" in text[match.end() : match.end() + 4].lower())
        )
    return not (form is _HOUSEHOLD and bits & PLACE and not bits & FAMILY)


def _joined(text: str, lexicon: Lexicon) -> Iterator[Finding]:
    for match in _CARETS.finditer(text):
        bits = [lexicon.of(part) for part in match[0].split("^")]
        named = any(b & (NAMED | MAYBE_GIVEN) for b in bits)
        if (named or all(b & UNKNOWN for b in bits)) and not any(b & VETO for b in bits):
            yield Finding(match.start(), match.end(), NAME, 0.8, "names: joined by carets")


def _last_first(text: str, lexicon: Lexicon) -> Iterator[Finding]:
    for match in _LAST_FIRST.finditer(text) if _IN_CAPITALS.search(text) else ():
        last, first = lexicon.of(match[1].capitalize()), lexicon.of(match[2].capitalize())
        if (last | first) & (VETO | STOP) or not first & ANY_NAME or not last & ANY_NAME or last & first & PLACE:
            continue
        if first & GIVEN or (last & FAMILY and first & (MAYBE_GIVEN | FAMILY) and not last & first & EPONYM):
            yield Finding(match.start(), match.end(), NAME, 0.75, "names: family name first")
    for match in () if _CAPITALISED.search(text) else _LAST_FIRST_SMALL.finditer(text):
        last, first = lexicon.of(match[1]), lexicon.of(match[2])
        bad = VETO | STOP | ORDINARY | EPONYM
        own = first & GIVEN or (first & NAMED and "-" in match[2])
        good = last & FAMILY and own and not (last | first) & bad
        if good and not first & FOREIGN & PLACE and not first & ALONE_VETO:
            yield Finding(match.start(1), match.end(2), NAME, 0.7, "names: family name first")

"""Streets with the house number last, as most of the world writes them: `Via Nizza 60`, `Lindenallee 12a`,
`Árpád fejedelem útja 3.`"""

from __future__ import annotations

import re
from collections.abc import Iterator

from interlock.sensitivity.dates.span import spots
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Passage
from interlock.sensitivity.places.after_cue import CUE_WORDS, after_cue
from interlock.sensitivity.places.fixed import Street
from interlock.sensitivity.places.words import (
    CONNECTORS,
    FUNCTION,
    NOT_STREET,
    PREFIX_STARTS,
    SUFFIXES,
    UNIT,
    WEAK_PREFIXES,
)

HOUSE = r"[0-9]{1,5}(?:[ \t]?[A-Za-z](?![\w'’/])|[a-z]?/[0-9]{1,5}[a-z]?|-[0-9]{1,4}[a-z]?)?"
_TO_NAME = re.compile(r"(\.?)[ \t]{0,2}(?=[^\W\d_])")
_AFTER_NAME = re.compile(
    rf"\.?,?[ \t]{{1,2}}(?:n(?:o|um)?\.?[ºo°:]?[ \t]?|nr\.?[ \t]?|č\.[ \t]?p\.[ \t]?|numer[ \t])?"
    rf"({HOUSE})(?![\w%]|[.:/][0-9])",
    re.IGNORECASE,
)
_INNER = re.compile(r"[ \t]([0-9]{1,4})(?=[ \t]*(?:[,\n\r]|$))")
# A word with a capital before a figure. In ASCII the search is four times as quick.
_ASCII_CAPITAL = re.compile(r"[A-Z](?<![\w'’\-].)[\w'’\-]{0,30}[.,]?[ \t](?=[0-9])")
_OTHER_CAPITAL = re.compile(r"[\u00c0-\u1fff](?<![\w'’\-].)[\w'’\-]{0,30}[.,]?[ \t](?=[0-9])")
_CAPITAL_AND_SMALL = re.compile(
    r"[A-Z\u00c0-\u1fff](?<![\w'’\-].)[\w'’\-]{1,30}[ \t](?=[^\W\d_A-Z])[^\W\d_]{2,20}[.,]?[ \t](?=[0-9])"
)
_DIGIT = re.compile(r"[0-9]")
_SMALL = re.compile(r"[0-9](?<=[^\W\d_][ \t].)|[0-9](?<=[^\W\d_][.,][ \t].)")
_NUMBER = re.compile(
    r"[0-9]{1,4}(?:[ \t]?[a-zA-Z](?![\w'’/])|[a-z]?/[0-9]{1,4}[a-z]?|-[0-9]{1,4}[a-z]?)?(?![\w%]|[.,:/][0-9])\.?"
)
_HOUSE_BEFORE = re.compile(
    r"(?<![\w$€£./:%+\-])[0-9]{1,5}[A-Za-z]?(?:[ \t](?:bis|ter))?,?(?:[ \t]{1,2}|[ \t]*\n[ \t]*)$"
)
_AND_BEFORE = re.compile(
    r"(?<![\w'’\-])((?:(?:van|de|von|der|del|la)[ \t])?[^\W\d_][\w'’\-]{1,30})[ \t](?:and|&)[ \t]$", re.IGNORECASE
)
_EVERYDAY_PREFIXES = frozenset(
    {"am", "im", "via", "po", "r", "c", "in der", "zona", "k", "u", "pod", "nad", "za", "na", "jr"}
)
_SLAVIC = frozenset({"k", "u", "pod", "nad", "za", "na"})


def prefixed(passage: Passage, lower: bool) -> Iterator[Street]:
    """`40 rue Victor Hugo`, `Via Nizza 60`, `ul. Asnyka 82`."""
    text, low = passage.text, passage.low
    for word in passage.words & PREFIX_STARTS.keys():
        for kind in PREFIX_STARTS[word]:
            for start, end in spots(low, kind):
                match = _TO_NAME.match(low, end)
                found = _prefix(text, low, kind, start, match, lower) if match is not None else None
                if found is not None:
                    yield found


def _prefix(text: str, low: str, kind: str, start: int, match: re.Match[str], lower: bool) -> Street | None:
    cut = _cut(text, match.end(), lower)
    if cut is None or (kind == "c" and not match[1]) or (kind == "al" and low.endswith("et ", 0, start)):
        return None
    end, name = cut
    number = _AFTER_NAME.match(text, end)
    house = _HOUSE_BEFORE.search(text, max(0, start - 12), start)
    if kind in _EVERYDAY_PREFIXES and number is not None and "," in text[end : number.start(1)]:
        number = None
    capital = name[0].isupper()
    if kind in _SLAVIC and (number is None or text[match.end() : end].isascii()):
        return None
    if kind in _EVERYDAY_PREFIXES:
        ok = number is not None and (
            (capital and (text[start].isupper() or house is not None)) or (lower and house is not None)
        )
    elif kind in WEAK_PREFIXES:
        ok = (capital or lower) and (number is not None or house is not None)
    else:
        ok = capital or ((lower or house is not None) and (number is not None or house is not None))
    if not ok:
        return None
    stop = number.end(1) if number else end
    inner = _INNER.match(text, stop) if number else None
    stop = inner.end(1) if inner else stop
    return Street(house.start() if house else start, stop, 0.9 if number else 0.75, "type first")


_PARTICLES = re.compile(
    r"(?:(?:de|la|du|des|del|della|delle|dei|di|da|do|dos|das|le|les|el|al|los|las|saint|sainte|st|ste|van|von|den"
    r"|der|dr|prof|proc|gen|cap|sold)\.?[ \t]"
    r"|[dl]['’]|[^\W\d_]\.[ \t]?){0,4}",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_][\w'’\-]{1,30}")
_MORE_NAME = re.compile(r"(?:\.?[ \t]{1,2}|-)((?:[dl]['’])?[^\W\d_][\w'’\-]{0,30})", re.IGNORECASE)


def _cut(text: str, start: int, lower: bool) -> tuple[int, str] | None:
    """The end of a street's name after its type, and the name's first real word."""
    particles = _PARTICLES.match(text, start)
    at = particles.end() if particles else start
    first = _NAME.match(text, at)
    if first is None or first[0].lower() in FUNCTION or first[0].lower() in CONNECTORS:
        return None
    at = kept = first.end()
    for _ in range(5):
        more = _MORE_NAME.match(text, at)
        if more is None:
            break
        at, word = more.end(), more[1]
        low = word.lower()
        if low in ("suite", "apt", "unit"):
            break
        if word[0].isupper() or (lower and low not in FUNCTION):
            kept = at
        elif low not in CONNECTORS:
            break
    return kept, first[0]


def numbers_last(passage: Passage, lower: bool) -> Iterator[Street]:
    """`Kungsgatan 5`, `Gamla Svedalavägen 75`, `Árpád fejedelem útja 3.`; and any name after a word for address."""
    text, low = passage.text, passage.low
    for at in _house_numbers(passage, lower):
        match = _NUMBER.match(text, at)
        found = _number_last(text, low, match, lower) if match is not None else None
        if found is not None:
            yield found


def _house_numbers(passage: Passage, lower: bool) -> Iterator[int]:
    """Where a figure stands behind a word with a capital, or one that is a street's ending; behind any word in a text
    without capitals."""
    text = passage.text
    if lower:
        cued = not passage.words.isdisjoint(CUE_WORDS)
        for match in _SMALL.finditer(text):
            at = match.start()
            if cued or _may_end(text[at - 3 : at - 1].rstrip(".,")) or _DIGIT.search(text, max(0, at - 60), at - 1):
                yield at
        return
    yield from (match.end() for match in _ASCII_CAPITAL.finditer(text))
    for word in passage.words & _ENDINGS:
        for start, end in spots(passage.low, word):
            at = end + 2 if text[end : end + 2] == ". " else end + 1 if text[end : end + 1] == " " else 0
            if at and text[start].islower() and text[at : at + 1].isdigit():
                yield at
    if not text.isascii():
        yield from (match.end() for match in _OTHER_CAPITAL.finditer(text) if text[match.start()].isupper())
        for match in _CAPITAL_AND_SMALL.finditer(text):
            yield match.end()


def _number_last(text: str, low: str, match: re.Match[str], lower: bool) -> Street | None:
    at = match.start() - 1
    word = text[text.rfind(" ", max(0, at - 40), at) + 1 : at].strip(".,(>\"'")
    small = word.lower()
    if small in NOT_STREET or (word.isupper() and len(word) < 5 and not lower):
        return None  # told before the words are read, for it is so mostly
    words = words_before(text, at)
    word = words[-1][1].strip(".,") if words else ""
    small = word.lower()
    if not word or small in NOT_STREET or (word.isupper() and len(word) < 5 and not lower):
        return None
    start = first_capital(words, lower)
    house = _HOUSE_BEFORE.search(text, max(0, start - 12), start)
    if _is_ending(word, len(words), start < words[-1][0], lower, house is not None) or (
        _may_end(small)
        and small.endswith(SUFFIXES)
        and small not in _ENGLISH_ENDINGS
        and (word[0].isupper() or lower)
        and after_cue(low, start)
    ):
        return Street(start, match.end(), 0.85, "number last")
    if not (text[start].isupper() or lower):
        return None
    if (
        house is not None
        and _MONTH_AFTER.match(low, match.end()) is None
        and _is_apart(text, house.start(), match.end())
        and not _all_common(words)
    ):
        return Street(house.start(), match.end(), 0.65, "between numbers")
    if _is_a_field(text, start, match) and small.endswith(SUFFIXES) and small not in _ENGLISH_ENDINGS:
        return Street(start, match.end(), 0.65, "a field of its own")
    crossing = joined_by_and(text, low, start)
    if after_cue(low, crossing) or (crossing < start and text[crossing - 1 : crossing] == "\n"):
        return Street(crossing, match.end(), 0.65, "after a word for address")
    return None


_FIELD_BEFORE = re.compile(r"(?:^|[\n,;|\t\"'])[ \t]*$")
_MONTH_AFTER = re.compile(r"[ ](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")
_FIELD_AFTER = re.compile(r"[ \t]*(?:[\n\r,;|\t\"']|$)")


def _is_a_field(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether the name and its number are all that a field of a table or a line of an address holds."""
    return (
        text[start].isupper()
        and _FIELD_BEFORE.search(text, max(0, start - 8), start) is not None
        and _FIELD_AFTER.match(text, match.end()) is not None
    )


def _is_ending(word: str, words: int, led: bool, lower: bool, housed: bool) -> bool:
    """Whether a street's ending tells by itself: in a compound, or as a word after others."""
    low = word.lower()
    if not _may_end(low) or not low.endswith(SUFFIXES) or (low in _ENGLISH_ENDINGS and words < 2):
        return False
    if not (word[0].isupper() or lower or low in SUFFIXES):
        return False
    return (len(low) > 5 and low.endswith(_LONG_SUFFIXES)) or (low in SUFFIXES and led) or housed


# What may stand before the house number and after the street's, so that a row of measurements isn't taken for one.
_APART_BEFORE = re.compile(
    r"(?:^|[\n,:;>?(\"][ \t]*|\b(?:at|to|in|is|on|and|from|of|address|apt"
    r"|suite)\.?[ \t]{1,2}(?:[0-9]{1,4}[ \t])?|[ \t]{2})$",
    re.IGNORECASE,
)
_APART_AFTER = re.compile(
    r"[ \t]*(?:[,.\n\r;)]|$|(?:apt|suite|ste|unit|apartment|flat|#|in|and|which"
    r"|is)\b)",
    re.IGNORECASE,
)


def _is_apart(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - 16) : start]
    return _APART_BEFORE.search(before) is not None and (
        _APART_AFTER.match(text, end) is not None or text[end : end + 2].strip().isalpha()
    )


_NON_SPACE = re.compile(r"[^ \t,;|]+")
_STREET_WORD = re.compile(r"[^\W\d_][\w'’\-]{0,30}[.,]?")


def words_before(text: str, at: int) -> list[tuple[int, str]]:
    """The last words, at most five, that lead up to `at` on its line, each with its start."""
    base = max(0, at - 70)
    base = max(base, text.rfind("\n", base, at) + 1)
    found: list[tuple[int, str]] = []
    for match in reversed(list(_NON_SPACE.finditer(text, base, at))):
        word = match[0].lstrip("(>\"'")
        if len(found) == 5 or not _STREET_WORD.fullmatch(word) or (found and text[match.end()] in ",;|"):
            break
        found.append((match.end() - len(word), word))
    return found[::-1]


_ENDINGS = frozenset(SUFFIXES) | {"u"}
_LAST_TWO = frozenset(suffix[-2:] for suffix in SUFFIXES)


def _may_end(word: str) -> bool:
    """Whether the word's last two letters are those of an ending: quicker than a look at all endings."""
    return word[-2:] in _LAST_TWO


_ENGLISH_ENDINGS = words_of(
    "ring park markt str berg lia committee coffee tee tie sor during spring string bring hearing bearing"
    " monitoring thing wing going gate trustee employee knee degree see fee free tree three agree guarantee referee"
    " coffee necktie cutie frigate investigate delegate mitigate propagate irrigate aggregate offspring caring"
    " scoring measuring"
)
_LONG_SUFFIXES = tuple(
    suffix
    for suffix in SUFFIXES
    if (len(suffix) >= 4 and suffix not in ("park", "berg", "hove", "lia", "ring", "gate", "ová"))
    or suffix in ("weg", "vej", "väg", "vei")
)


def first_capital(words: list[tuple[int, str]], lower: bool) -> int:
    """Where the run of capitalised words (with connectors inside) that ends in the last word begins."""
    kept = words[-1][0]
    for start, word in reversed(words[:-1]):
        plain = word.strip(".").lower()
        if plain in NOT_STREET or (word.endswith(".") and len(word) > 4 and not word[0].isupper()):
            break
        if word[0].isupper() or (lower and plain not in FUNCTION):
            kept = start
        elif plain not in CONNECTORS and (len(plain) > 12 or not words[-1][1][0].islower() or plain in FUNCTION):
            break
    return kept


def _all_common(words: list[tuple[int, str]]) -> bool:
    return all(word.strip(".,").lower() in NOT_STREET | FUNCTION for _, word in words)


def joined_by_and(text: str, low: str, start: int) -> int:
    """Where `Merle and` begins when it stands before a street at `start`, else `start`: two streets that cross."""
    before = _AND_BEFORE.search(text, max(0, start - 70), start)
    if before is None or before[1].lower() in FUNCTION:
        return start
    if not before[1][0].isupper() and not text.islower():
        return start
    return before.start(1) if after_cue(low, before.start(1)) or before[1][0].isupper() else start


UNIT_AFTER = re.compile(UNIT, re.IGNORECASE)
HOUSE_BEFORE = _HOUSE_BEFORE

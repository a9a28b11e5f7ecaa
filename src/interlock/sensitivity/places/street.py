"""Streets: where an address shows itself. Each form is found by itself; `block` then takes what stands around it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Token
from interlock.sensitivity.places.fixed import Street, fixed_forms
from interlock.sensitivity.places.words import (
    CONNECTORS,
    CUE,
    NOT_STREET,
    PREFIX_STARTS,
    PREFIX_TYPES,
    STREET_TYPES,
    STRONG_TYPES,
    SUFFIXES,
    UNIT,
    WEAK_PREFIXES,
)

_NUMBER = r"[0-9]{1,6}(?:[A-Za-z]|-[0-9]{1,5}|[ \t]1/2|/[0-9]{1,3})?"
_WORD = r"(?:[^\W\d_][\w'’\-]{0,30}\.?|[0-9]{1,3}(?:st|nd|rd|th))"
_DIRECTION = r"(?:[NSEW]\.?|[NS][EW]|[NS]\.[EW]\.|north|south|east|west|north(?:east|west)|south(?:east|west))"

_MORE_TYPES = "Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Circle|Cir|Terrace|Boulevard|Blvd"
_NUMBER_FIRST = re.compile(
    rf"[0-9](?<![\w$€£./:%+\-][0-9])(?:[0-9]{{0,5}})(?:[A-Za-z]|-[0-9]{{1,5}}|[ \t]1/2"
    rf"|/[0-9]{{1,3}})?(?![\w%.:/]),?[ \t]{{1,2}}"
    rf"((?:{_WORD}[ \t]{{1,2}}){{1,4}}?)({STREET_TYPES})(?![\w'’\-])\.?(?:[ \t](?-i:{_MORE_TYPES})(?![\w'’\-])\.?)?"
    rf"((?:[ \t]{{1,2}}{_DIRECTION}(?![\w'’\-]))?)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"[0-9](?<![\w.,][0-9])[0-9]{0,2}(?i:st|nd|rd|th)[ \t](?i:street|avenue|ave)(?![\w'’\-])")
_TYPE_WORD = re.compile(
    r"[ \t](?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Parkway|Pkwy|Highway|Hwy|STREET|AVENUE|AVE"
    r"|ROAD|RD|BOULEVARD|BLVD|LANE|LN)(?![\w'’\-])"
)
_NO_NUMBER = re.compile(
    r"(?<![\w'’\-])((?:[^\W\d_a-z][\w'’\-]{1,30}\.?[ \t]|[0-9]{1,3}(?:st|nd|rd|th)[ \t]){1,3})(Street|St|Avenue|Ave"
    r"|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Parkway|Pkwy"
    r"|Highway|Hwy|STREET|AVENUE|AVE|ROAD|RD|BOULEVARD|BLVD|LANE|LN)(?![\w'’\-])(?![ \t][A-Z][a-z])"
)
_PREFIX = re.compile(rf"(?<![^\W_])({PREFIX_TYPES})(?![^\W\d_])[ \t]{{0,2}}(?=[^\W\d_])", re.IGNORECASE)
_AFTER_NAME = re.compile(
    r"\.?,?[ \t]{1,2}(?:n\.?[ºo°]?[ \t]?|nr\.?[ \t]?"
    r"|č\.[ \t]?p\.[ \t]?)?([0-9]{1,5}(?:[ \t]?[A-Za-z](?![\w'’]))?)(?![\w%]|[.:/][0-9])",
    re.IGNORECASE,
)
_BEFORE_NUMBER = re.compile(
    r"(?<=[^\W\d_])[.,]?[ \t]([0-9]{1,4}(?:[ \t]?[a-zA-Z](?![\w'’])|[/\-][0-9]{1,4}[a-z]?)?)(?![\w%]|[.,:/][0-9])\.?"
)
_HOUSE_BEFORE = re.compile(
    r"(?<![\w$€£./:%+\-])[0-9]{1,5}[A-Za-z]?(?:[ \t](?:bis|ter))?,?(?:[ \t]{1,2}|[ \t]*\n[ \t]*)$"
)
_AND_BEFORE = re.compile(
    r"(?<![\w'’\-])((?:(?:van|de|von|der|del|la)[ \t])?[^\W\d_][\w'’\-]{1,30})[ \t](?:and|&)[ \t]$", re.IGNORECASE
)
_FUNCTION = words_of(
    "a an the of and or in on at to for with from by was were is are be had has have no not per every once old year"
    " years month months week weeks day days hour hours mg ml mcg g kg cm mm tablet tablets x times more other his"
    " her their my our your this that these those as if then so but patient patients pt male female man woman people"
    " family steps miles blocks minutes min units unit prior only over under after before via than wanted very lb"
    " lbs pounds puffs mmhg pm am new major minor key main different distinct long short low high degree degrees"
    " point points out up down all another"
)
_LOOK = 90


def streets(text: str, tokens: Sequence[Token], lower: bool) -> Iterator[Street]:
    """Every street in `text`, in no order, some of them overlapping. `lower`: the text knows no capitals."""
    for match in _NUMBER_FIRST.finditer(text):
        found = _number_first(match, lower)
        if found is not None:
            yield found
    for kind in _TYPE_WORD.finditer(text):
        for match in _NO_NUMBER.finditer(text, max(0, kind.start() - 70), min(len(text), kind.end() + 4)):
            if match.end() == kind.end():
                yield from _no_number(match)
    for match in _NUMBERED.finditer(text):
        yield Street(match.start(), match.end(), 0.7, "numbered street")
    for token in tokens:
        if token.text.lower() in PREFIX_STARTS and (typed := _PREFIX.match(text, token.start)) is not None:
            found = _prefix(text, typed, lower)
            if found is not None:
                yield found
    for match in _BEFORE_NUMBER.finditer(text):
        found = _number_last(text, match, lower)
        if found is not None:
            yield found
    yield from fixed_forms(text)


def _number_first(match: re.Match[str], lower: bool) -> Street | None:
    """`4417 Old Kettle Rd`: words between the number and the type must look like a name."""
    words = [word.strip(".") for word in match[1].split()]
    kind = match[2]
    strong = kind.lower() in STRONG_TYPES or kind.lower() in ("st", "str")
    capitals = sum(not word[0].islower() for word in words)
    if any(word.lower() in _FUNCTION and (word[0].islower() or word.lower() in NOT_STREET) for word in words) and not (
        words[0].lower() in ("the", "old", "new", "long", "high", "main", "short", "low", "major")
        and capitals == len(words)
    ):
        small = {"of", "the", "de", "la", "and", "old", "new", "main", "high", "long", "point", "points"}
        if not all(word.lower() not in _FUNCTION or word.lower() in small for word in words) or (
            not strong and not capitals
        ):
            return None
    if capitals == 0 and not strong:
        return None
    if capitals == 0 and not lower and len(words) > 2:
        return None
    if not strong and kind.islower() and not lower:
        return None
    return Street(match.start(), match.end(), 0.9 if strong and capitals else 0.75, "number first")


def _no_number(match: re.Match[str]) -> Iterator[Street]:
    words = match[1].split()
    while words and words[0].lower().strip(".") in (NOT_STREET | _SENTENCE_STARTERS):
        words = words[1:]
    if not words or (match[2] in ("St", "Drive") and words[-1].lower().strip(".") in NOT_STREET):
        return
    start = (
        match.end(1) - len(match[1]) + match[1].rfind(words[0])
        if len(words) == 1
        else match.start(1) + match[1].find(words[0])
    )
    yield Street(start, match.end(2), 0.6, "street without number")


_SENTENCE_STARTERS = words_of(
    "near behind beside along across between down up off at meet visit take turn lives living found seen through"
    " toward towards"
)


def _prefix(text: str, match: re.Match[str], lower: bool) -> Street | None:
    """`40 rue Victor Hugo`, `Via Nizza 60`, `ul. Asnyka 82`."""
    kind, start = match[1].lower(), match.start(1)
    cut = _cut(text, match.end(), lower)
    if cut is None:
        return None
    end, name = cut
    number = _AFTER_NAME.match(text, end)
    house = _HOUSE_BEFORE.search(text, max(0, start - 12), start)
    capital = name[0].isupper()
    if kind in _EVERYDAY_PREFIXES:
        ok = number is not None and (
            (capital and (match[1][0].isupper() or house is not None)) or (lower and house is not None)
        )
    elif kind in WEAK_PREFIXES or kind in ("avenue", "boulevard", "av", "cours", "square", "route", "passage", "place"):
        ok = (capital or lower) and (number is not None or house is not None)
    else:
        ok = capital or ((lower or house is not None) and (number is not None or house is not None))
    if not ok:
        return None
    stop = number.end(1) if number else end
    return Street(house.start() if house else start, stop, 0.9 if number else 0.75, "type first")


_EVERYDAY_PREFIXES = frozenset({"am", "im", "via", "po", "r", "c.", "in der", "zona"})
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
    if first is None or first[0].lower() in _FUNCTION or first[0].lower() in CONNECTORS:
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
        if word[0].isupper() or (lower and low not in _FUNCTION):
            kept = at
        elif low not in CONNECTORS:
            break
    return kept, first[0]


def _number_last(text: str, match: re.Match[str], lower: bool) -> Street | None:
    """`Kungsgatan 5`, `Gamla Svedalavägen 75`, `Árpád fejedelem útja 3.`; and any name after a word for address."""
    at = match.start()
    if not lower and not _may_be_street(text, at):
        return None
    words = _words_before(text, at)
    word = words[-1][1].strip(".,") if words else ""
    low = word.lower()
    if not word or low in NOT_STREET or (word.isupper() and len(word) < 5 and not lower):
        return None
    start = _first_capital(words, lower)
    house = _HOUSE_BEFORE.search(text, max(0, start - 12), start)
    if _is_ending(word, len(words), start < words[-1][0], lower, house is not None) or (
        low.endswith(SUFFIXES)
        and low not in _ENGLISH_ENDINGS
        and (word[0].isupper() or lower)
        and after_cue(text, start)
    ):
        return Street(start, match.end(1), 0.85, "number last")
    capital = text[start].isupper() or lower
    if not capital:
        return None
    if house is not None and _is_apart(text, house.start(), match.end()) and not _all_common(words):
        return Street(house.start(), match.end(1), 0.65, "between numbers")
    crossing = joined_by_and(text, start)
    if after_cue(text, crossing) or (crossing < start and text[crossing - 1 : crossing] == "\n"):
        return Street(crossing, match.end(1), 0.65, "after a word for address")
    return None


def _is_ending(word: str, words: int, led: bool, lower: bool, housed: bool) -> bool:
    """Whether a street's ending tells by itself: in a compound, or as a word after others."""
    low = word.lower()
    if not low.endswith(SUFFIXES) or (low in _ENGLISH_ENDINGS and words < 2):
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


_NON_SPACE = re.compile(r"[^ \t]+")
_STREET_WORD = re.compile(r"[^\W\d_][\w'’\-]{0,30}[.,]?")


def _words_before(text: str, at: int) -> list[tuple[int, str]]:
    """The last words, at most five, that lead up to `at` on its line, each with its start."""
    base = max(0, at - 70)
    base = max(base, text.rfind("\n", base, at) + 1)
    found: list[tuple[int, str]] = []
    for match in reversed(list(_NON_SPACE.finditer(text, base, at))):
        word = match[0].lstrip("(>\"'")
        if len(found) == 5 or not _STREET_WORD.fullmatch(word) or (found and word.endswith(",")):
            break
        found.append((match.end() - len(word), word))
    return found[::-1]


def _may_be_street(text: str, at: int) -> bool:
    """Whether the word that ends at `at` has a capital or a street's ending: a quick look before the long one."""
    words = text[max(0, at - 45) : at].split()[-2:]
    last = words[-1] if words else ""
    if not last or last.lower() in NOT_STREET:
        return False
    return any(not word[0].islower() for word in words) or last.lower().endswith(SUFFIXES)


def after_cue(text: str, start: int) -> bool:
    """Whether a word for address or for being somewhere leads up to `start`."""
    begin = max(0, start - _LOOK)
    return _CUE_WORD.search(text, begin, start) is not None and CUE.search(text, begin, start) is not None


_CUE_WORD = re.compile(
    r"address|liv|resid|locat|situat|based|office|home|house|store|shop|clinic|property|apartment|stay|meet|\bbe\b"
    r"|mov|send|sent|ship|mail|deliver|return"
    r"|taxi|cab|uber|ride|drive|\bgo|com|invite|arrive|forward|direction|bill|ent(?:er|rance)|where|it['’]?s|refers"
    r"|corner|domicil|adres|direcci|indirizzo|endere|anschrift",
    re.IGNORECASE,
)
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


def _first_capital(words: list[tuple[int, str]], lower: bool) -> int:
    """Where the run of capitalised words (with connectors inside) that ends in the last word begins."""
    kept = words[-1][0]
    for start, word in reversed(words[:-1]):
        plain = word.strip(".").lower()
        if plain in NOT_STREET or (word.endswith(".") and len(word) > 4 and not word[0].isupper()):
            break
        if word[0].isupper() or (lower and plain not in _FUNCTION):
            kept = start
        elif plain not in CONNECTORS and len(plain) > 12:
            break
    return kept


def _all_common(words: list[tuple[int, str]]) -> bool:
    return all(word.strip(".,").lower() in NOT_STREET | _FUNCTION for _, word in words)


def joined_by_and(text: str, start: int) -> int:
    """Where `Merle and` begins when it stands before a street at `start`, else `start`: two streets that cross."""
    before = _AND_BEFORE.search(text, max(0, start - 70), start)
    if before is None or before[1].lower() in _FUNCTION:
        return start
    if not before[1][0].isupper() and not text.islower():
        return start
    return before.start(1) if after_cue(text, before.start(1)) or before[1][0].isupper() else start


UNIT_AFTER = re.compile(UNIT, re.IGNORECASE)
HOUSE_BEFORE = _HOUSE_BEFORE

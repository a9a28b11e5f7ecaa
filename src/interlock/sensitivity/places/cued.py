"""Unknown names after words for being somewhere: `lives in Kwaxuma`, `hometown: Wetherly`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from interlock.model.finding import Finding
from interlock.sensitivity.dates.span import spots
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.medicine import SOLD_AS, WORDS
from interlock.sensitivity.names.vetoes import BRANDS
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Passage
from interlock.sensitivity.places.context import is_strong
from interlock.sensitivity.places.facility_words import STUDY_AFTER
from interlock.sensitivity.places.lookup import CITY, STOPS, is_everyday, longest
from interlock.sensitivity.places.town import after_town, named_part
from interlock.sensitivity.places.words import CONNECTORS, NOT_STREET

_BARE = re.compile(
    r"(?:hometown|city|town|village|where|location|birthplace|birth|residence|municipality)[ \t]?(?::|is|of"
    r"|=)?[ \t]{1,2}",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|(?<=[ÃÂ])[\u0080-\u00bf]|[.'’\-]|[\u0300-\u036f]){0,40}")
_ENDS = re.compile(
    r"[ \t]?(?:[.,;:!?)(\]\"\\\n]|$|[ \t](?:and|or|on|at|in|for|with|who|which|where|when|since|this|last|yesterday"
    r"|today|country|club|area|hospital|clinic|is|was|has|to|because|but|after|before|from|as|by)\b)"
)
_DRUG = re.compile(
    r"(?:mab|nib|pril|artan|statin|olol|cillin|mycin|azole|idine|gliptin|flozin|xaban|parin|vir|ium|zepam|zolam|pine"
    r"|tide|formin|oxetine|amide|one|ase|emia|itis|osis|oma|opathy|ectomy|oscopy|ology|gram|therapy)s?$"
)
_DRUGS = (BRANDS | SOLD_AS | WORDS) - words_of("mercy capsule")
_MIXED = re.compile(r"(?!IJ)[A-Z]{2,}[a-z]+[A-Z]*|[A-Za-z]*[a-z][A-Z]{1,3}")
_MOST_WORDS = 6
_PREPOSITIONS = words_of("in from to at near of outside around is")
_FORERUNNERS = words_of("city hometown town village where location birthplace birth residence municipality")


def told_by_a_cue(passage: Passage, lower: bool, tables: Tables) -> Iterator[Finding]:
    """Unknown names after words for living or going somewhere; after a bare `in` or `from` only what is no English."""
    text, low, words = passage.text, passage.low, passage.words
    for word in words & _PREPOSITIONS:
        for _, end in spots(low, word):
            start = end + 1
            if text[start : start + 1].islower() and not lower:
                start = _article(text, start)
            if low[end : end + 1] not in (" ", "\t") or not _may_begin(text, start, lower):
                continue
            firm = is_strong(low, start)
            if firm or word in _TELLING:
                yield from _with_state(text, lower, _told(text, start, lower, tables, firm=firm))
    for word in words & _FORERUNNERS:
        for begin, _ in spots(low, word):
            lead = _BARE.match(low, begin)
            if lead is not None:
                firm = ":" in lead[0] or word == "city"
                yield from _with_state(text, lower, _told(text, lead.end(), lower, tables, firm=firm))


def _with_state(text: str, lower: bool, towns: Iterable[Finding]) -> Iterator[Finding]:
    for town in towns:
        yield town
        yield from after_town(text, town.end, lower)


def _may_begin(text: str, at: int, lower: bool) -> bool:
    first = text[at : at + 1]
    return first.isalpha() and (lower or not first.islower())


_TELLING = frozenset({"in", "from", "near", "outside", "to"})
_ARTICLE = re.compile(r"(?:the[ \t](?:(?:city|town|village|area|suburbs?)[ \t](?:of[ \t])?)?|beautiful[ \t])")


def _article(text: str, at: int) -> int:
    match = _ARTICLE.match(text, at)
    return match.end() if match else at


def _told(text: str, at: int, lower: bool, tables: Tables, *, firm: bool) -> Iterator[Finding]:
    if (
        lower
        and (first := _NAME.match(text, at)) is not None
        and (first[0] in STOPS or _everyday(first[0], tables, False))
    ):
        return
    end, words = _run(text, at, lower, tables)
    while len(words) > 1 and words[-1].lower() in _PLACE_NOUNS:
        end -= len(words.pop()) + 1
    if not words:
        return
    name = text[at:end]
    low = [word.lower().strip(".'’") for word in words]
    if not _DRUGS.isdisjoint(low):
        return
    place = longest(tables, text, at)
    if words[-1].lower() in _STUDIES or (place is not None and STUDY_AFTER.match(text, place.end)):
        return
    if place is not None and place.label != CITY and place.end >= end:
        return  # told already, as what it is
    if (
        place is not None
        and place.end < end
        and place.label == CITY
        and low[0] not in tables.given
        and (place.words > 1 or not is_everyday(words[0].lower(), tables))
        and not lower
        and not (name.isupper() and any(is_everyday(word, tables) for word in low[1:]))
    ):
        if not named_part(text, end):
            yield Finding(at, end, CITY, 0.6, "places: known, and more of its name")
        return
    if any(word in NOT_STREET or word in STOPS for word in low[:1]) or STUDY_AFTER.match(text, end):
        return
    if all(word in tables.ordinary or word in CONNECTORS for word in low) and not (
        firm and name.istitle() and len(words) < 4 and not lower and _is_rare(low, tables)
    ):
        return
    if (not firm and not _is_foreign(name, low, tables)) or (lower and _ENDS.match(text, end) is None):
        return
    if not firm and _MIXED.fullmatch(words[0]):
        return  # HFpEF
    if (len(name) < 4 and not firm) or (name.isupper() and len(name) < 5 and low[0] not in tables.cities):
        return
    if _DRUG.search(low[-1]) and name.isascii() and not firm:
        return
    yield Finding(at, end, CITY, 0.6 if firm else 0.52, "places: after a word for being somewhere")


def _is_rare(words: list[str], tables: Tables) -> bool:
    return all(tables.words.get(word, 0) < 40 for word in words)


def _is_foreign(name: str, words: list[str], tables: Tables) -> bool:
    """Whether English knows none of its words as its own, nor as a person's."""
    if any(character.isdigit() for character in name):
        return False
    telling = [word for word in words if word not in CONNECTORS]
    return all(
        (
            tables.words.get(word, 0) < 25
            and word not in tables.ordinary
            and (word not in tables.given or len(telling) > 1)
        )
        or (word in tables.cities and word not in tables.ordinary)
        for word in telling
    )


def _run(text: str, at: int, lower: bool, tables: Tables) -> tuple[int, list[str]]:
    """The words of a name from `at`: capitalised ones (in small text rare ones) and connectors."""
    end, here, words, pending = at, at, list[str](), list[str]()
    for _ in range(_MOST_WORDS):
        match = _NAME.match(text, here)
        if match is None:
            break
        word = match[0].rstrip(".'’-") if match[0].lower() not in ("st.", "mt.") else match[0]
        low = word.lower()
        if words and word.isupper() and len(word) > 1 and (low in STOPS or low in _PREPOSITIONS):
            break  # where all are capitals they tell nothing
        if (
            word[:1].isupper()
            or not word[:1].islower()
            or (word[:2] in ("d'", "l'", "d’", "l’") and words)
            or (lower and low not in STOPS and not _everyday(low, tables, bool(words)))
        ):
            words += [*pending, word]
            pending, end = [], here + len(word)
        elif low in CONNECTORS and words and low not in ("and", "&", "in", "on", "at", "to", "of", "the", "am"):
            pending.append(word)
        else:
            break
        here += len(word)
        if text[here : here + 1] not in (" ", "\t"):
            break
        here += 1
    return end, words


def _everyday(word: str, tables: Tables, inside: bool) -> bool:
    return (
        word in CONNECTORS
        or (word in tables.ordinary and tables.words.get(word, 0) >= (25 if inside else 20))
        or tables.words.get(word, 0) >= 50
    )


_STUDIES = words_of("study trial index score scale criteria guidelines registry cohort syndrome disease")
_PLACE_NOUNS = words_of(
    "country club university hospital clinic school center centre street office facility branch station airport hotel"
)

"""Unknown names after words for being somewhere: `lives in Kwaxuma`, `hometown: Wetherly`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from interlock.model.finding import Finding
from interlock.sensitivity.dates.span import spots
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.passage import Passage
from interlock.sensitivity.places.context import is_strong
from interlock.sensitivity.places.facility_words import STUDY_AFTER
from interlock.sensitivity.places.lookup import CITY, STOPS, is_everyday, longest
from interlock.sensitivity.places.words import CONNECTORS, NOT_STREET

_BARE = re.compile(
    r"(?:hometown|city|town|village|where|location|birthplace|birth|residence|municipality)[ \t]?(?::|is|of"
    r"|=)?[ \t]{1,2}",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|(?<=[ÃÂ])[\u0080-\u00bf]|[.'’\-]|[\u0300-\u036f]){0,40}")
_AFTER_PLACE = re.compile(r",?[ \t]{1,2}(?:[A-Z]{2})(?![\w'’])")
_COMMA = re.compile(r"[ \t]?,[ \t]{1,2}")
_TITLE = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|miss|prof|nurse|sir|madam|president|by|named|name|name:|signed|dear|hi|hello|hey"
    r"|thanks)\.?,?[ \t])$",
    re.IGNORECASE,
)
_NEXT_NAME = re.compile(r"[ \t](?:[^\W\da-z_][^\W\d_]+|[^\W\da-z_]\.)")
_PREVIOUS_NAME = re.compile(r"(?:[^\W\da-z_][\w'’\-]+\.?|[^\W\da-z_]\.)[ \t]$")
_ENDS = re.compile(
    r"[ \t]?(?:[.,;:!?)(\]\"\\\n]|$|[ \t](?:and|or|on|at|in|for|with|who|which|where|when|since|this|last|yesterday"
    r"|today|country|club|area|hospital|clinic|is|was|has|to|because|but|after|before|from|as|by)\b)"
)
_DRUG = re.compile(
    r"(?:mab|nib|pril|artan|statin|olol|cillin|mycin|azole|idine|gliptin|flozin|xaban|parin|vir|ium|zepam|zolam|pine"
    r"|tide|formin|oxetine|amide|one|ase|emia|itis|osis|oma|opathy|ectomy|oscopy|ology|gram|therapy)s?$"
)
_LARGE, _TOWN = 100, 15
_MOST_WORDS = 6
STOPS = words_of(
    "the a an i we he she they it you this that these those my your his her our their who what when where why how"
    " which all some any no not be been was were is are am do did does have has had will would can could should may"
    " might must there here now then out up off over under me him them us one two three four five six seven eight"
    " nine ten person general case fact order patients patient adults children women men"
)


def towns(
    text: str, tokens: Sequence[Token], lower: bool, tables: Tables, starts: Mapping[str, int]
) -> Iterator[Finding]:
    """Known places, one after the other, where nothing speaks against them."""
    done = 0
    for token in tokens:
        word = token.text
        if token.start < done or not (word[0].isupper() or lower or not word.isascii()):
            continue
        low = word.lower()
        most = starts.get(low) or starts.get(low.removesuffix("'s").removesuffix("’s")) or _accented(low, starts)
        if not most:
            continue
        place = longest(tables, text, token.start, most)
        if place is None:
            continue
        score = _weigh(text, place, lower, tables)
        if score:
            yield Finding(place.start, place.end, place.label, score, f"places: known, {place.label}")
            done = place.end
            yield from _after(text, done, tables)


def _accented(word: str, starts: Mapping[str, int]) -> int:
    return 0 if word.isascii() else starts.get(without_accents(word), 0)


def _after(text: str, at: int, tables: Tables) -> Iterator[Finding]:
    """`, CT` after a town."""
    state = _AFTER_PLACE.match(text, at)
    if state is not None and state[0][-2:] in tables.states.values():
        yield Finding(state.end() - 2, state.end(), STATE, 0.85, "places: state after a town")


def _weigh(text: str, place: Place, lower: bool, tables: Tables) -> float:
    if STUDY_AFTER.match(text, place.end):
        return 0.0
    name = fold(text[place.start : place.end])
    capital = text[place.start].isupper()
    if not capital and not lower:
        return 0.0
    cue = _LOCATING.search(text, max(0, place.start - 32), place.start) is not None
    if place.label in (COUNTRY, STATE):
        return _weigh_land(text, place, name, cue, lower, tables)
    if len(name) < 3 or name in NOT_STREET or (text[place.start : place.end].isupper() and len(name) < 5 and not cue):
        return 0.0
    if text[place.end : place.end + 2] in ("'s", "’s") and place.size < _LARGE and not cue:
        return 0.0
    if (
        text[place.end : place.end + 2] in ("'s", "’s")
        and name in tables.surnames
        and not _is_strong(text, place.start)
    ):
        return 0.0
    if _is_followed_by_land(text, place, tables):
        return 0.85
    if place.words > 1:
        return _weigh_long(text, place, name, cue, lower, tables)
    if _is_in_a_name(text, place, tables, name) and not (cue and name not in tables.given):
        return 0.0
    ordinary = is_everyday(name, tables) or (tables.words.get(name, 0) >= 45 and place.size < _LARGE)
    if lower:
        strong = _is_strong(text, place.start)
        return (
            0.6
            if (strong or (cue and place.size >= _TOWN and name not in tables.ordinary))
            and not ordinary
            and name not in STOPS
            else 0.0
        )
    if cue:
        if ordinary and not _is_strong(text, place.start):
            return 0.0
        if (
            text[place.start : place.end].isupper()
            and len(name) < 6
            and place.size < 50
            and not _is_strong(text, place.start)
        ):
            return 0.0
        return 0.75 if place.size >= _TOWN else 0.6
    if ordinary or name in tables.given:
        return 0.0
    known_name = tables.surnames.get(name, 0)
    return 0.6 if place.size >= (5 * _LARGE if known_name else _LARGE) else 0.0


def _weigh_land(text: str, place: Place, name: str, cue: bool, lower: bool, tables: Tables) -> float:
    if place.words > 1 and name not in tables.given:
        return 0.8
    if len(name) < 4 or "." in name:
        return 0.7 if cue and not lower else 0.0
    common = name in _PERSONS
    if common and (not cue or _is_in_a_name(text, place, tables, name)):
        return 0.7 if _is_alone(text, place) and not lower else 0.0
    return 0.75


_PERSONS = words_of(
    "chad jordan georgia turkey guinea jersey virginia carolina israel washington montana dakota cuba mali niger"
)


def _is_alone(text: str, place: Place) -> bool:
    """Whether it is all there is on its line, or stands before a ZIP."""
    line_start = text.rfind("\n", 0, place.start) + 1
    after = text[place.end : place.end + 8].lstrip(" ,")
    return not text[line_start : place.start].strip(" >?*|-") and (not after or after[0] in "\n0123456789")


def _weigh_long(text: str, place: Place, name: str, cue: bool, lower: bool, tables: Tables) -> float:
    words = name.split()
    if words[0] in tables.given and words[-1] in tables.surnames and not cue:
        return 0.0
    if all(word in tables.ordinary or word in STOPS or word in CONNECTORS for word in words):
        capital = all(word[0].isupper() or word in CONNECTORS for word in text[place.start : place.end].split())
        return (
            0.65
            if capital and (cue or place.size >= _LARGE) and not lower
            else 0.6
            if lower and place.size >= _LARGE
            else 0.0
        )
    if lower and place.size < _TOWN and not cue:
        return 0.0
    return 0.75


def _is_followed_by_land(text: str, place: Place, tables: Tables) -> bool:
    """`Fairfield, CT`, `Springfield, Illinois`, `Riga, Latvia`."""
    state = _AFTER_PLACE.match(text, place.end)
    if (
        state is not None
        and state[0][-2:] in tables.states.values()
        and ("," in state[0] or state[0][-2:] not in ("IN", "OR", "ME", "OK", "HI", "MD", "PA", "DR", "CO"))
    ):
        return True
    comma = _COMMA.match(text, place.end)
    if comma is None:
        return False
    land = longest(tables, text, comma.end())
    return land is not None and land.label in (COUNTRY, STATE) and text[land.start].isupper()


def _is_in_a_name(text: str, place: Place, tables: Tables, name: str) -> bool:
    """Whether it is a part of a person's name: a title or a given name before it, a family name or initial after."""
    before = text[max(0, place.start - 24) : place.start]
    if _TITLE.search(before):
        return True
    if _LOCATING.search(before):
        before = ""
    previous = _PREVIOUS_NAME.search(before)
    if previous is not None:
        word = previous[0].strip(" .").lower()
        if len(word) == 1 or word in tables.given or (word in tables.surnames and word not in tables.ordinary):
            return True
    following = _NEXT_NAME.match(text, place.end)
    if following is None:
        return False
    word = following[0].strip(" .").lower()
    return (name in tables.given and (len(word) == 1 or word in tables.surnames)) or len(word) == 1


def _is_strong(text: str, start: int) -> bool:
    """Whether a word for living, going or being somewhere stands right before."""
    for match in _STRONG.finditer(text, max(0, start - 64), start):
        if match.end() == start or text[match.end() : start] in ("the ", "beautiful ", "downtown ", "the city of "):
            return True
    return False


_PREPOSITIONS = words_of("in from to at near of outside around is")
_FORERUNNERS = words_of("city hometown town village where location birthplace birth residence municipality")


def told_by_a_cue(passage: Passage, lower: bool, tables: Tables) -> Iterator[Finding]:
    """Unknown names after words for living or going somewhere; after a bare `in` or `from` only what is no English."""
    text, low, words = passage.text, passage.low, passage.words
    if not words.isdisjoint(_PREPOSITIONS):
        for match in (_AFTER_SMALL if lower else _AFTER).finditer(text):
            at = match.end() if lower else match.start()
            start = at if lower or not text[at].islower() else _article(text, at)
            firm = is_strong(low, start)
            if firm or low.endswith(_TELLING, max(0, at - 8), at):
                yield from _told(text, start, lower, tables, firm=firm)
    for word in words & _FORERUNNERS:
        for begin, end in spots(low, word):
            match = _BARE.match(low, begin)
            if match is not None:
                firm = ":" in match[0] or (word == "city" and end - begin == 4)
                yield from _told(text, match.end(), lower, tables, firm=firm)


_TELLING = ("in ", "from ", "near ", "outside ", "to ")
_ARTICLE = re.compile(r"(?:the[ \t](?:(?:city|town|village|area|suburbs?)[ \t](?:of[ \t])?)?|beautiful[ \t])")


def _article(text: str, at: int) -> int:
    match = _ARTICLE.match(text, at)
    return match.end() if match else at


def _told(text: str, at: int, lower: bool, tables: Tables, *, firm: bool) -> Iterator[Finding]:
    end, words = _run(text, at, lower, tables)
    while len(words) > 1 and words[-1].lower() in _PLACE_NOUNS:
        end -= len(words.pop()) + 1
    if not words:
        return
    name = text[at:end]
    low = [word.lower().strip(".'’") for word in words]
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
    ):
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
_COUNTY_HEADS = frozenset({"county", "parish", "borough", "township", "cnty", "prefecture", "oblast", "canton"})


def counties(text: str, tokens: Sequence[Token], tables: Tables) -> Iterator[Finding]:
    """`Tulare County`, `County Cork`; small-written only where a table knows it."""
    for index, token in enumerate(tokens):
        if token.text.lower() not in _COUNTY_HEADS or not index:
            continue
        first = index
        while first and index - first < 3 and text[tokens[first - 1].end : tokens[first].start] in (" ", ". "):
            if not tokens[first - 1].text[0].isupper() or tokens[first - 1].text in ("The", "In", "From", "At", "Our"):
                break
            first -= 1
        if first < index and token.text[0].isupper():
            yield Finding(tokens[first].start, token.end, CITY, 0.8, "places: county")
        elif tokens[index - 1].text.lower() in tables.counties and text[tokens[index - 1].end : token.start] == " ":
            yield Finding(tokens[index - 1].start, token.end, CITY, 0.7, "places: known county")

_ENDS = re.compile(
    r"[ \t]?(?:[.,;:!?)(\]\"\\\n]|$|[ \t](?:and|or|on|at|in|for|with|who|which|where|when|since|this|last|yesterday"
    r"|today|country|club|area|hospital|clinic|is|was|has|to|because|but|after|before|from|as|by)\b)"
)
_DRUG = re.compile(
    r"(?:mab|nib|pril|artan|statin|olol|cillin|mycin|azole|idine|gliptin|flozin|xaban|parin|vir|ium|zepam|zolam|pine"
    r"|tide|formin|oxetine|amide|one|ase|emia|itis|osis|oma|opathy|ectomy|oscopy|ology|gram|therapy)s?$"
)
_MOST_WORDS = 6
# A word that may be a name (none that is small, but `the` and `beautiful`), after a preposition. It begins with what
# is rare, which makes the search quick.
_AFTER = re.compile(
    r"(?:[^\W\da-z_]|[tb](?=he[ \t]|eautiful[ \t]))"
    r"(?<=(?:in|to|at|of|is|In|To|At|Of|Is|IN|TO|AT|OF|IS)[ \t].)(?<![^\W\d_]..[ \t].)"
    r"|(?:[^\W\da-z_]|[tb](?=he[ \t]|eautiful[ \t]))"
    r"(?<=(?:from|near|From|Near|FROM|NEAR)[ \t].)"
    r"|(?:[^\W\da-z_]|[tb](?=he[ \t]|eautiful[ \t]))(?<=(?:outside)[ \t].)"
    r"|(?:[^\W\da-z_]|[tb](?=he[ \t]|eautiful[ \t]))(?<=(?:around)[ \t].)"
)
_AFTER_SMALL = re.compile(r"\b(in|from|to|at|near|of|outside|around|is)[ \t](?=[^\W\d_])")
_PREPOSITIONS = words_of("in from to at near of outside around is")
_FORERUNNERS = words_of("city hometown town village where location birthplace birth residence municipality")


def told_by_a_cue(passage: Passage, lower: bool, tables: Tables) -> Iterator[Finding]:
    """Unknown names after words for living or going somewhere; after a bare `in` or `from` only what is no English."""
    text, low, words = passage.text, passage.low, passage.words
    if not words.isdisjoint(_PREPOSITIONS):
        for match in (_AFTER_SMALL if lower else _AFTER).finditer(text):
            at = match.end() if lower else match.start()
            start = at if lower or not text[at].islower() else _article(text, at)
            firm = is_strong(low, start)
            if firm or low.endswith(_TELLING, max(0, at - 8), at):
                yield from _told(text, start, lower, tables, firm=firm)
    for word in words & _FORERUNNERS:
        for begin, end in spots(low, word):
            match = _BARE.match(low, begin)
            if match is not None:
                firm = ":" in match[0] or (word == "city" and end - begin == 4)
                yield from _told(text, match.end(), lower, tables, firm=firm)


_TELLING = ("in ", "from ", "near ", "outside ", "to ")
_ARTICLE = re.compile(r"(?:the[ \t](?:(?:city|town|village|area|suburbs?)[ \t](?:of[ \t])?)?|beautiful[ \t])")


def _article(text: str, at: int) -> int:
    match = _ARTICLE.match(text, at)
    return match.end() if match else at


def _told(text: str, at: int, lower: bool, tables: Tables, *, firm: bool) -> Iterator[Finding]:
    end, words = _run(text, at, lower, tables)
    while len(words) > 1 and words[-1].lower() in _PLACE_NOUNS:
        end -= len(words.pop()) + 1
    if not words:
        return
    name = text[at:end]
    low = [word.lower().strip(".'’") for word in words]
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
    ):
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

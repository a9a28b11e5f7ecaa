"""Facilities: a head noun with names before it, a well-known name, or a name after a word for being there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Token
from interlock.sensitivity.places.facility_words import (
    GENERIC,
    INNER,
    KNOWN,
    KNOWN_STARTS,
    NAMING,
    NOT_A_NAME,
    STRONG_HEADS,
    STUDY_AFTER,
    WEAK_HEADS,
)
from interlock.sensitivity.places.lookup import is_everyday, longest

_HEADS = (
    STRONG_HEADS
    | WEAK_HEADS
    | words_of("hôpital hopital clínica policlinico universität università universidad université")
)
_INSIDE_GAP = re.compile(r"\.?[ \t]{1,2}|[ \t]?[&/][ \t]?|-|\.[ \t]?|['’]s?[ \t]")
_CONNECTING = words_of("of and the de la le du des del di da do dos der den von &")
_VISIT = re.compile(
    r"\b(?:seen|admi(?:t|ssion)[a-z]*|treat[a-z]*|evaluat[a-z]*|visit[a-z]*|present[a-z]*|discharg[a-z]*"
    r"|referr[a-z]*|transferr?[a-z]*"
    r"|hospitali[sz]ed|surger[a-z]*|appt|appointment|check(?:ed|ing)[ -]in|operat[a-z]*|diagnos[a-z]*|dx'?d?|tx'?d?"
    r"|consult[a-z]*|follow[a-z]*|f/u|care[ds]?"
    r"|managed|manag[a-z]*|biops[a-z]*|perform[a-z]*|tested|tests?|conducted|observed|reviewed|discussed"
    r"|attend[a-z]*|records?|work(?:s|ed|ing)?|employed|stud(?:ied|ies|ent)"
    r"|enroll[a-z]*|born|delivered|clinic|rehab|stay[a-z]*|chart|implant[a-z]*|therapy|recover[a-z]*|under(?:went"
    r"|going)|done|taken|brought|came|went|assess[a-z]*|examin[a-z]*|scan[a-z]*|imaging|labs?|drawn|notes?|per|ER|ED"
    r"|pt|patient)\b",
    re.IGNORECASE,
)
_MOVED = re.compile(
    r"\b(?:seen|admi(?:t|ssion)[a-z]*|treated|evaluated|presented|discharged?|referr?ed|transferr?ed|hospitali[sz]ed"
    r"|surgery|operated|sent|brought|taken|moved"
    r"|checked in|attended|managed|cared for|underwent|biopsy|performed|rehab)(?:[ \t](?:back|over|out|home|again"
    r"|recently|by (?:dr\.? )?\w{2,12}|surgery|for \w{2,12}))?,?[ \t]$",
    re.IGNORECASE,
)
_SCORES = words_of(
    "index score scale criteria study trial guidelines test sign protocol classification inhibitors registry"
)
_AT = re.compile(
    r"(?:\b(?:at|to|from|in|visited|attended|via)|@)[ \t](?:the[ \t]|our[ \t]|a[ \t])?(?=(?-i:[^\W\d_a-z]))",
    re.IGNORECASE,
)
_AT_FIRM = re.compile(r"^(?:at\b|@|visited|attended)", re.IGNORECASE)
_PLACE_CUE = re.compile(
    r"(?:\b(?:at|to|from|in|by|of|visited|our|near|via|with|the|outside|@)[ \t](?:the[ \t]|our[ \t])?|[,:(][ \t]?|^"
    r"|\n)$",
    re.IGNORECASE,
)
_NAME_RUN = re.compile(
    r"(?:(?:St|Mt)\.?(?=[ \t])|[^\W\da-z_][\w'’\-]*)(?:(?:[ \t]|[ \t]?&[ \t]?|[ \t](?:of|de|la"
    r"|and)[ \t])(?:[^\W\da-z_][\w'’\-]*)){0,5}"
)
_WHEN = re.compile(
    r"[,]?[ \t](?:on|-|–|since|last|in|dated|this|yesterday|today|w/|with|under|for|by|\(|[0-9]{1,2}[/\-]|(?:jan|feb"
    r"|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?[ \t][0-9])|[ \t]?[.,;?)\n(]|$",
    re.IGNORECASE,
)
_SAINT = re.compile(r"(?<![\w'’-])(?:St\.?|Saint|Mt\.?|Mount|Our Lady of)[ \t]([^\W\da-z_][\w\-]{1,20})(['’]s)?(?!\w)")
_TITLE_BEFORE = re.compile(r"\b(?:dr|mr|mrs|ms|miss|prof|nurse)\.?[ \t]$", re.IGNORECASE)
_MOST = 7


@dataclass(frozen=True, slots=True)
class Facility:
    """A facility's name."""

    start: int
    end: int
    score: float
    form: str


def facilities(text: str, tokens: Sequence[Token], tables: Tables) -> Iterator[Facility]:
    """Every facility in the text, by each of the three signs; some overlap."""
    for index, token in enumerate(tokens):
        low = token.text.lower()
        if low in _HEADS or (low[1:2] in ("'", "’") and low[2:] in _LEADING):
            found = _headed(text, tokens, index, tables)
            if found is not None:
                yield found
        if low in KNOWN_STARTS and (found := _known_name(text, token.start)) is not None:
            yield found
        if low in _SAINTS and (match := _SAINT.match(text, token.start)) is not None:
            yield from _saint(text, match)
        if low in _PREPOSITIONS and (match := _AT.match(text, token.start)) is not None:
            yield from _after_a_visit(text, match, tables)
    at = text.find("@ ")
    while at >= 0:
        if (match := _AT.match(text, at)) is not None:
            yield from _after_a_visit(text, match, tables)
        at = text.find("@ ", at + 1)


def _known_name(text: str, start: int) -> Facility | None:
    match = KNOWN.match(text, start)
    if match is None or STUDY_AFTER.match(text, match.end()) or (match[0][0].islower() and len(match[0]) < 7):
        return None
    return Facility(start, match.end(), 0.8, "known name")


_SAINTS = frozenset({"st", "saint", "mt", "mount", "our"})
_PREPOSITIONS = frozenset({"at", "to", "from", "in", "visited", "attended", "via"})


def _headed(text: str, tokens: Sequence[Token], index: int, tables: Tables) -> Facility | None:
    first = _leftmost(text, tokens, index)
    while first < index and _is_opening(tokens[first], text, tables):
        first += 1
    modifiers = [token.text.lower() for token in tokens[first:index]]
    if not modifiers:
        return _leading(text, tokens, index, tables)
    score = _weigh(text, tokens, first, index, modifiers, tables)
    if score < 0.5:
        return _leading(text, tokens, index, tables)
    end = _rightmost(text, tokens, index, tables)
    return Facility(tokens[first].start, end, score, "head noun")


_LEADING = words_of(
    "hospital hôpital hopital klinikum clinique clínica clinica ospedale policlinico krankenhaus universität"
    " universitat università universidad université universite universitair instituto centro szpital sjukhuset"
    " ziekenhuis hospitalier hospitalario"
)


def _leading(text: str, tokens: Sequence[Token], index: int, tables: Tables) -> Facility | None:
    """`Hospital San José`, `Klinikum Nord`: the head stands first, as in most of Europe."""
    head = tokens[index]
    elided = 2 if head.text[1:2] in ("'", "’") else 0  # l'Hôpital
    word = head.text[elided:]
    if word.lower() not in _LEADING or not word[0].isupper() or text[head.end : head.end + 1] != " ":
        return None
    run = _NAME_RUN.match(text, head.end + 1) or _PARTICLE_RUN.match(text, head.end + 1)
    if run is None or all(is_everyday(word.lower().strip("."), tables) for word in run[0].split()):
        return None
    return Facility(head.start + elided, run.end(), 0.75, "head first")


_PARTICLE_RUN = re.compile(
    r"(?:de|del|della|di|da|do|des|du|of)[ \t](?:la[ \t]|los[ \t]"
    r"|las[ \t])?[^\W\da-z_][\w'’\-]*(?:[ \t][^\W\da-z_][\w'’\-]*){0,3}"
)


def _leftmost(text: str, tokens: Sequence[Token], index: int) -> int:
    """The first of the capitalised words that lead up to the head, connectors between them included."""
    first = at = index
    while at > 0 and index - at < _MOST:
        before, here = tokens[at - 1], tokens[at]
        gap = text[before.end : here.start]
        if not _INSIDE_GAP.fullmatch(gap) or (gap.startswith(".") and len(before.text) > 3):
            break
        word = before.text
        if word[0].isupper() or (word.isdigit() and len(word) < 4 and at == index):
            first = at - 1
        elif word not in _CONNECTING:
            break
        at -= 1
    return first


def _is_opening(token: Token, text: str, tables: Tables) -> bool:
    """Whether a word opens a sentence rather than the name: `The`, `New` unless a place's name begins with it."""
    if token.text.lower() not in _OPENING:
        return False
    place = longest(tables, text, token.start) if token.text.lower() == "new" else None
    return place is None or place.words < 2


_OPENING = words_of(
    "the a an our my his her their this that at in on to from for with by of and or is was seen admitted visit"
    " visited treated discharged transferred referred presented patient pt presents reports name hospital: facility:"
    " location address via per see call called dr mr mrs ms prior previous last first new any when while after"
    " before since if please contact records record history hx dx follow followed"
)


def _weigh(text: str, tokens: Sequence[Token], first: int, index: int, modifiers: list[str], tables: Tables) -> float:
    """How sure the modifiers make it."""
    head = tokens[index]
    strong = head.text.lower() in STRONG_HEADS
    capital = head.text[0].isupper()
    names = [word for word in modifiers if word not in GENERIC and word not in _CONNECTING and word not in INNER]
    naming = [word for word in modifiers if word in NAMING]
    cue = _PLACE_CUE.search(text, max(0, tokens[first].start - 24), tokens[first].start) is not None
    if STUDY_AFTER.match(text, head.end) and not strong:
        return 0.0
    if not names:
        medical = [word for word in modifiers if word in INNER and word not in GENERIC]
        return 0.7 if capital and (naming or medical) and (strong or (cue and (naming or len(modifiers) > 1))) else 0.0
    if not capital and not strong and not cue:
        return 0.0
    acronym = tokens[first].text.isupper() and len(tokens[first].text) > 2
    if all(_is_department(word, tables) for word in names) and not naming and not cue and not acronym:
        return 0.0
    if not capital:
        place = longest(tables, text, tokens[first].start)
        known = place is not None or any("'" in word or "’" in word for word in names) or acronym
        return (
            0.65
            if (known and (strong or cue)) or (strong and any(word not in tables.ordinary for word in names))
            else 0.0
        )
    if strong:
        return 0.85
    if len(modifiers) > 1 and any(word in INNER for word in modifiers):
        return 0.8
    return (
        0.65
        if (cue and (acronym or not _is_department(names[0], tables))) or longest(tables, text, tokens[first].start)
        else 0.0
    )


def _is_department(word: str, tables: Tables) -> bool:
    return (
        is_everyday(word, tables)
        and word not in tables.cities
        and word not in tables.surnames
        and not word.endswith(("'s", "’s"))
    )


def _rightmost(text: str, tokens: Sequence[Token], index: int, tables: Tables) -> int:
    """The end: further heads, a place's name glued on, `of Somewhere`."""
    end, at = tokens[index].end, index
    while at + 1 < len(tokens) and at - index < 5:
        here = tokens[at + 1]
        gap = text[end : here.start]
        low = here.text.lower()
        if gap not in (" ", ". ", "-", " - ", " & ", "/", ", ") or (
            gap == ", " and longest(tables, text, here.start) is None
        ):
            break
        if gap == ". " and tokens[at].text.lower() not in ("med", "hosp", "ctr", "gen", "st"):
            break
        if (here.text[0].isupper() or (low in _HEADS and tokens[index].text.islower())) and (
            low in _HEADS or low in INNER or low in ("campus", "systems", "foundation", "hospitals", "services")
        ):
            end, at = here.end, at + 1
            continue
        if gap == " " and low in ("of", "at", "in") and at + 2 < len(tokens):
            place = longest(tables, text, tokens[at + 2].start)
            if place is None or not text[place.start].isupper() or (low == "in" and place.words < 1):
                break
            return place.end
        place = longest(tables, text, here.start) if here.text[0].isupper() else None
        if place is not None and not (
            gap == " " and low in tables.given and low not in ("houston", "dallas", "austin", "boston")
        ):
            return place.end
        break
    return end


def _saint(text: str, match: re.Match[str]) -> Iterator[Facility]:
    """`St. Vincent's`: with the possessive it is an institution; without it the words before must say so."""
    if match[2] is not None and match[0][0] == "S":
        if not STUDY_AFTER.match(text, match.end()):
            yield Facility(match.start(), match.end(), 0.7, "saint")
    elif _GOING.search(text[max(0, match.start() - 6) : match.start()]) and _VISIT.search(
        text, max(0, match.start() - 60), match.start()
    ):
        yield Facility(match.start(), match.end(), 0.65, "saint")


_GOING = re.compile(r"\b(?:at|to|from)[ \t]$")


def _after_a_visit(text: str, match: re.Match[str], tables: Tables) -> Iterator[Facility]:
    """`seen at Baylor on`, `admitted to UCLA.`: any name there is where it happened."""
    run = _NAME_RUN.match(text, match.end())
    if run is None or not text[run.start()].isupper() or len(run[0]) < 3:
        return
    low = [word.lower().strip(".,'’") for word in run[0].split()]
    if low[0] in NOT_A_NAME or low[0] in tables.countries or low[-1] in _SCORES:
        return
    if all(is_everyday(word, tables) or word in NOT_A_NAME or word in GENERIC for word in low):
        return
    if STUDY_AFTER.match(text, run.end()) or _WHEN.match(text, run.end()) is None:
        return
    firm = _AT_FIRM.match(match[0]) is not None
    told = (_VISIT if firm else _MOVED).search(text, max(0, match.start() - 60), match.start())
    if told and (firm or _is_placed(low, tables)):
        yield Facility(run.start(), run.end(), 0.65 if firm else 0.55, "after a visit")


def _is_placed(words: list[str], tables: Tables) -> bool:
    """After `to`, `from`, `in` many things stand: a name counts when it isn't English or is a person's or a place's."""
    if words[0] in tables.cities and words[0] not in tables.ordinary and len(words) > 1:
        return True
    return all(word not in tables.ordinary for word in words) and not all(word.isupper() for word in words)

"""Facilities without a head noun, and those in texts without capitals: `Nelson Memorial`, `seen at hornfort clinic`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Passage, Token
from interlock.sensitivity.places.facility_heads import (
    BREAKS,
    CONNECTING,
    INSIDE_GAP,
    PLACE_CUE,
    Facility,
    first_of_name,
    headed,
)
from interlock.sensitivity.places.facility_words import GENERIC, INNER, NAMING, NOT_A_NAME, STRONG_HEADS
from interlock.sensitivity.places.formed import FOREPARTS, ending_of
from interlock.sensitivity.places.lookup import STOPS, is_everyday, longest
from interlock.sensitivity.places.visits import is_visit

_GOING = re.compile(r"\b(?:at|to|from|by|via|with|in|@)[ \t]$", re.IGNORECASE)
_RUN_ON = re.compile(r"[ \t](?:[^\W\da-z_][\w'’\-]*)")
_LINE = re.compile(r"(?:^|\n)[ \t#*]*$")
_SURE_ENDS = words_of("memorial regional infirmary vamc")
_STOP = re.compile(r"[ \t]?[.,;:)\n]|$")
_OFFICES = words_of(
    "surgeon attorney secretary major brigadier lieutenant consul solicitor inspector registrar adjutant"
)
_NO_END = re.compile(r"(?:['’]s)?[ \t]+(?:day|weekend|anesth|practitioner|service|fund|award|lecture)", re.IGNORECASE)
_SMALL_CUES = words_of("at to from by near the our via in visited")


def ended(passage: Passage, index: int, lower: bool, tables: Tables) -> Facility | None:
    """`Nelson Memorial`, `Port Ellery Regional`, `Hollister VA`: nothing of the name may follow, and a word for being
    there leads up to it, or it is a line of its own."""
    text, tokens = passage.text, passage.tokens
    head = tokens[index]
    if not (lower or head.text[0].isupper()) or (
        head.text.lower() in ("va", "vamc") and not (lower or head.text.isupper())
    ):
        return None
    first = _leftmost_small(text, tokens, index) if lower else first_of_name(text, tokens, index, tables)
    run_on = None if lower else _RUN_ON.match(text, head.end)
    if run_on is not None and head.text.isupper() and run_on[0].strip().lower() in BREAKS:
        run_on = None
    if first == index or run_on is not None or _NO_END.match(text, head.end):
        return None
    names = [token.text.lower() for token in tokens[first:index]]
    if all(name in GENERIC or name in CONNECTING or name in NOT_A_NAME or name in _OFFICES for name in names):
        return None
    start = tokens[first].start
    strange = head.text.lower() in _SURE_ENDS and head.text[0].isupper() and _STOP.match(text, head.end) is not None
    if strange and all(name not in tables.words or name in tables.cities for name in names):
        return Facility(start, head.end, 0.6, "ends as facilities do")
    cue = PLACE_CUE.search(text, max(0, start - 24), start)
    if cue is None or names[-1] in _OFFICES:
        return None
    firm = _GOING.search(cue[0]) is not None or (_LINE.search(text, max(0, start - 8), start) and not lower)
    if not firm or (head.text.lower() == "general" and not is_visit(passage.low, start)):
        return None
    if lower and head.text in ("va", "general", "regional") and all(is_everyday(name, tables) for name in names):
        return None
    return Facility(start, head.end, 0.7, "ends as facilities do")


def _leftmost_small(text: str, tokens: Sequence[Token], index: int) -> int:
    """The same in a text without capitals: what stands between a word for being there and the head."""
    at = index
    while at > 0 and index - at < 5:
        before = tokens[at - 1]
        if not INSIDE_GAP.fullmatch(text[before.end : tokens[at].start]) or before.text in _SMALL_CUES:
            break
        at -= 1
    return (
        at
        if at > 0 and tokens[at - 1].text in _SMALL_CUES and text[tokens[at - 1].end : tokens[at].start] == " "
        else index
    )


def headed_small(passage: Passage, index: int, tables: Tables) -> Facility | None:
    """`seen at hornfort clinic`, in a text without capitals."""
    found = headed(passage, index, tables)
    if found is not None:
        return found
    text, tokens = passage.text, passage.tokens
    first = _leftmost_small(text, tokens, index)
    names = [token.text for token in tokens[first:index]]
    naming = [name for name in names if name in NAMING and name not in GENERIC]
    rare = [name for name in names if not is_everyday(name, tables) and name not in GENERIC and name not in INNER]
    if any(name in STOPS and name not in NAMING for name in names) or not (
        rare or len(naming) > 1 or (naming and len(names) > 1)
    ):
        return None
    known = any(
        name in tables.given or name in tables.surnames or name in tables.cities or ending_of(name) for name in rare
    )
    unheard = rare and all(name not in tables.words for name in rare) and len(names) < 3
    if tokens[index].text not in STRONG_HEADS and not known and not unheard:
        return None
    return Facility(tokens[first].start, _of_somewhere(text, tokens[index].end, tables), 0.65, "head noun, small")


_OF = re.compile(r"[ \t]of[ \t](?:the[ \t])?([^\W\d_][\w'’\-]{2,30})(?:[ \t]([^\W\d_][\w'’\-]{2,30}))?")


def _of_somewhere(text: str, end: int, tables: Tables) -> int:
    """The end with `of Randallville`, where that is a town's name."""
    match = _OF.match(text, end)
    if match is None:
        return end
    place = longest(tables, text, match.start(1))
    if place is not None:
        return place.end
    if ending_of(match[1]):
        return match.end(1)
    return match.end(2) if match[1] in FOREPARTS and match[2] is not None else end

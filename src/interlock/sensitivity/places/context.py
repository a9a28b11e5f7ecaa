"""What stands before a place: words for being, living or going there."""

from __future__ import annotations

import re

from interlock.sensitivity.names.wording import words_of

LOCATING = words_of(
    "in from at near to of around outside visit visited visiting visits left via leaving toward towards through our"
    " between for home city town village hometown where"
)
_BETWEEN = words_of(
    "the beautiful downtown north south east west central greater suburban northern southern eastern western central"
)
_STRONG = re.compile(
    r"\b(?:liv(?:es?|ed|ing)|resid(?:es?|ed|ing|ent|ents)|grew up|raised|born|moved?|moving|originally|relocat(?:ed"
    r"|ing)|travel(?:l?ed|l?ing|s)?|fl(?:ew|ying)|flown|arriv(?:ed|es|ing)|visit(?:s|ed|ing)?|flights?|trains?"
    r"|hails?|native|city|town|village|suburb|municipality|hometown|immigrated|emigrated|stationed|based|located"
    r"|settled|returned|returning|vacation(?:ed|ing)?|trip|drove|driving|commut(?:es|ed|ing)"
    r"|went|going|coming|come|came|comes|meet|stay(?:s|ed|ing)?|home|house|i['’]m|am|street|office|headquarters|area"
    r"|branch)"
    r"(?:[ \t](?:here|there|back|up|down|over|now|currently|alone|city|all the way|with \w{2,8} \w{3,10}|the area))?"
    r"[ \t](?:in|from|to|at|near|of|outside|outside of|around|is)[ \t](?:the[ \t](?:city|town|village|area"
    r"|suburbs?)[ \t](?:of[ \t])?)?"
)
_HERE = ("", "the ", "beautiful ", "downtown ", "the city of ")
_PREPOSITIONS = ("in", "from", "to", "at", "near", "of", "outside", "around", "is")
_ENDS = tuple(
    f"{preposition} {here}"
    for preposition in _PREPOSITIONS
    for here in (*_HERE, *(f"the {kind} " for kind in ("city", "town", "village", "area", "suburb", "suburbs")))
)
_FAR = 64


def is_located(low: str, start: int) -> bool:
    """Whether a word such as `in` or `near` stands right before `start` in the lower-case text."""
    before = low[max(0, start - 32) : start]
    if before[-1:] not in (" ", ":", "\t"):
        return False
    words = before.replace(":", " ").split()
    if not words:
        return False
    last = words[-1].strip("(\"'“‘[")
    return last in LOCATING or (last in _BETWEEN and len(words) > 1 and words[-2] in LOCATING)


def is_strong(low: str, start: int) -> bool:
    """Whether a word for living, going or being somewhere, with its preposition, stands right before `start`."""
    begin = max(0, start - _FAR)
    if not low.endswith(_ENDS, begin, start):
        return False
    return any(low[match.end() : start] in _HERE for match in _STRONG.finditer(low, begin, start))

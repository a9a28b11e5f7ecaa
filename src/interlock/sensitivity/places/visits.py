"""Words for being treated, and for publishing: what a facility's name stands after."""

from __future__ import annotations

import re

from interlock.sensitivity.names.wording import words_of

LETTERS = re.compile(r"[^\W\d_]+")
_STEMS = tuple(
    words_of(
        "seen admit admis treat evaluat visit present discharg referr transfer hospitali surger appt appointment"
        " check operat diagnos dx tx consult follow care manag biops perform test conducted observed reviewed"
        " discussed attend record work employed stud enroll born delivered clinic rehab stay chart implant therapy"
        " recover under done taken brought came went assess examin scan imaging lab drawn note patient"
    )
)
_WORDS = frozenset({"pt", "per", "er", "ed", "f"})
_SOURCE = re.compile(
    r"\b(?:guidelines?|guidance|recommendations?|data|stud(?:y|ies)|research|researchers|trials?|publications?"
    r"|protocols?|advice|consensus|statement|evidence|literature|according)"
    r"(?:[ \t][a-z]{2,12}){0,2}[ \t](?:from|by|at|of|to)[ \t](?:the[ \t])?$"
)
_LOOK = 60


def is_visit(low: str, start: int) -> bool:
    """Whether a word for being treated, or for whatever is done in a hospital, stands shortly before `start`."""
    words = LETTERS.findall(low, max(0, start - _LOOK), start)
    return not _WORDS.isdisjoint(words) or any(word.startswith(_STEMS) for word in words)


def is_a_source(low: str, start: int) -> bool:
    """Whether what stands before `start` says that something was published there: nobody was treated."""
    return _SOURCE.search(low, max(0, start - _LOOK), start) is not None

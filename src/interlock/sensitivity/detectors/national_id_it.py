"""Italy: codice fiscale (decree of 23 December 1976): a letter by the values of odd and even places."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_ODD: Final = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_WORDS: Final = ("codice fiscale", "cf", "fiscale", "fiscal code")


def is_codice(text: str) -> bool:
    """The sixteenth letter is the sum modulo 26; letters may stand for digits where two people would share a code."""
    total = sum(_ODD[int(c, 36) if c.isdigit() else ord(c) - 65] for c in text[:15:2])
    total += sum(int(c) if c.isdigit() else ord(c) - 65 for c in text[1:15:2])
    return chr(65 + total % 26) == text[15]


DETECTOR = Structured(
    "national_id_it",
    (
        national_id(
            "it",
            "codice",
            r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]",
            is_codice,
            0.95,
            _WORDS,
            ignore_case=True,
        ),
        national_id(
            "it",
            "codice_grouped",
            r"[A-Z]{3} [A-Z]{3} [0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2} [A-Z][0-9LMNPQRSTUV]{3}[A-Z]",
            is_codice,
            0.95,
            _WORDS,
            ignore_case=True,
        ),
    ),
    "Italian fiscal codes",
)

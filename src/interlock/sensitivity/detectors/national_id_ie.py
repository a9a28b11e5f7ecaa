"""Ireland: PPS numbers: seven digits, a letter by modulus 23, perhaps another letter."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import weighted
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("pps", "ppsn", "pps number", "personal public service")


def is_pps(text: str) -> bool:
    """Weights 8 to 2; a second letter counts 9 times its place in the alphabet, W as none."""
    extra = 9 * (ord(text[8]) - 64) if len(text) == 9 and text[8] != "W" else 0
    return "WABCDEFGHIJKLMNOPQRSTUV"[(weighted(text[:7], range(8, 1, -1)) + extra) % 23] == text[7]


DETECTOR = Structured(
    "national_id_ie",
    (national_id("ie", "pps", r"[0-9]{7}[ -]?[A-W][A-IW]?", is_pps, 0.6, _WORDS, ignore_case=True),),
    "Irish PPS numbers",
)

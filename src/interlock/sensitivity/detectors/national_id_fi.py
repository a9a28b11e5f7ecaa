"""Finland: henkilötunnus (HETU): birth date, century sign, serial, a sign by the number modulo 31."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import is_short_day
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("hetu", "henkilotunnus", "henkilötunnus")


def is_hetu(text: str) -> bool:
    """What is looked at has lost a hyphen, so its signs are counted from the end."""
    digits = text[:6] + text[-4:-1]
    if not digits.isdigit() or not is_short_day(text[4:6], text[2:4], text[:2]):
        return False
    return "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(digits) % 31] == text[-1]


DETECTOR = Structured(
    "national_id_fi",
    (
        national_id(
            "fi",
            "hetu",
            r"[0-3][0-9][01][0-9]{3}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]",
            is_hetu,
            0.9,
            _WORDS,
            ignore_case=True,
        ),
    ),
    "Finnish personal identity codes",
)

"""UUIDs (RFC 9562) where the field or the words before say that they are somebody's: `patient_id=...`."""

from __future__ import annotations

from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.numbered import told_number
from interlock.sensitivity.pattern import Structured

_WHOSE: Final = (
    "patient",
    "member",
    "person",
    "subject",
    "subscriber",
    "beneficiary",
    "enrollee",
    "insured",
    "resident",
)
_WORDS: Final = tuple(f"{who} {what}" for who in _WHOSE for what in ("id", "uuid", "guid", "key"))
_FORM: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

DETECTOR = Structured(
    "uuid",
    (told_number("uuid.told", _FORM, Label("phi.id"), str.isalnum, 0.8, _WORDS, why="form"),),
    "UUIDs of patients, members and other people",
)

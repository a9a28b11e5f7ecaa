"""Licence plates, where words tell them: the forms of North America and Europe."""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Structured, Verdict
from interlock.sensitivity.told import told

_VEHICLE: Final = Label("phi.vehicle")
_WORDS: Final = frozenset(
    [
        "is",
        "was",
        "on",
        "at",
        "the",
        "of",
        "and",
        "in",
        "for",
        "to",
        "has",
        "had",
        "seen",
        "no",
        "not",
        "by",
        "a",
        "an",
        "as",
        "or",
        "it",
    ]
)
_TAG: Final = re.compile(r"(?<!car )(?<!vehicle )(?<!truck )\btag[^a-z]*\Z")
# Letters and digits by turns, parted or not: ABC-1234, W08-DGS, AB12 CDE, AB-123-CD; 7ABC123, 12-AB-34; M-AB 1234;
# A 123 BC 77; then whatever stands in one piece.
_FORMS: Final = (
    "[A-Z]{1,3}[ -]?[0-9]{1,4}[ -]?[A-Z]{0,3}"
    "|[0-9]{1,4}[ -]?[A-Z]{1,4}[ -]?[0-9]{0,4}"
    "|[A-Z]{1,4}[ -][A-Z]{1,2}[ -]?[0-9]{1,4}[EH]?"
    "|[A-Z]{1,3}[ -][0-9]{2,3}[ -](?:[0-9]{2,3}|[A-Z]{2}[ -]?[0-9]{2,3})"
    "|[A-Z0-9]{1,4}[0-9][A-Z0-9]{0,5}"
)


def _lettered(candidate: Candidate) -> Verdict | None:
    """A letter and a digit; digits alone where the words before leave no doubt. Small words behind aren't of it."""
    value = candidate.matched.rstrip(" -")
    pieces = value.split(" ")
    while len(pieces) > 1 and (pieces[-1].lower() in _WORDS or (pieces[-1].islower() and pieces[0].isupper())):
        pieces.pop()
    kept = " ".join(pieces)
    sure = "licen" in candidate.before or "registration" in candidate.before or "kennzeichen" in candidate.before
    if len(kept) < 3 or not any(map(str.isdigit, kept)):
        return None
    if _TAG.search(candidate.before) and not (value.isupper() and len(kept) > 4):
        return None  # tags of programs
    if not sure and (not any(map(str.isalpha, kept)) or pieces[0].lower() in _WORDS):
        return None
    return Verdict(0.88, "told by words", 0, len(kept))


_EUROPEAN: Final = (
    "[A-Z]{3}-[0-9]{3,4}|[A-Z][0-9]{2}-[A-Z]{3}|[A-Z]{1,3}-[A-Z]{1,2} ?[0-9]{1,4}[EH]?|[A-Z]{2}-[0-9]{3}-[A-Z]{2}"
    "|[0-9]{1,2}-[A-Z]{2,3}-[0-9]{1,2}|[0-9]{4} [A-Z]{3}"
)


def _capitals(candidate: Candidate) -> Verdict | None:
    return Verdict(0.85, "told by words") if candidate.matched.isupper() else None


DETECTOR = Structured(
    "licence_plate",
    (
        told(
            "licence_plate.told",
            _VEHICLE,
            (
                "(?:licen[sc]e|number|registration|vehicle|car|tag|truck) ?plates?(?: ?(?:no|num|number))?",
                "plates?",
                "plates? (?:on|of|for) (?:the|his|her|their|my|our|a) [a-z]{2,12}(?: is| was)?",
                "tag",
                "(?:vehicle|car) ?(?:registration|reg|tag|rego)",
                "(?:registration|reg) (?:mark|no|number)",
                "vrm|vrn|rego|kfz-?kennzeichen|kennzeichen|immatriculation|matricula|targa|kenteken",
            ),
            0.88,
            least=1,
            check=_lettered,
            value=_FORMS,
        ),
        told(
            "licence_plate.british",
            _VEHICLE,
            ("reg", "registration"),
            0.88,
            least=2,
            value="[A-Z]{2}[0-9]{2} ?[A-Z]{3}",
        ),
        told(
            "licence_plate.european",
            _VEHICLE,
            (
                "reg",
                "registration",
                "registered",
                "vehicle",
                "car",
                "parked",
                "van",
                "truck",
                "suv",
                "sedan",
                "jeep",
                "pickup",
                "drives",
            ),
            0.88,
            least=1,
            value=_EUROPEAN,
            check=_capitals,
        ),
    ),
    "vehicle plates, told by words",
)

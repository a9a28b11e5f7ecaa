"""National provider identifiers (45 CFR 162.406): ten digits with a check digit over 80840 and the rest."""

from __future__ import annotations

from interlock.model.label import Label
from interlock.sensitivity.check_digits import luhn
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.told import told

_LICENCE = Label("phi.licence")


def is_npi(digits: str) -> bool:
    """Whether ten digits carry the check digit (CMS, "NPI check digit": Luhn with the prefix 80840)."""
    return len(digits) == 10 and digits[0] in "12" and luhn("80840" + digits)


def _checked(candidate: Candidate) -> Verdict | None:
    return Verdict(0.3, "check digit") if is_npi(candidate.matched) else None


def _told(candidate: Candidate) -> Verdict | None:
    return Verdict(0.97, "check digit") if is_npi(candidate.matched) else Verdict(0.75, "form alone")


DETECTOR = Structured(
    "npi",
    (
        told("npi.told", _LICENCE, ("npi", "national provider"), glued=True, value="[0-9]{10}", least=10, check=_told),
        Pattern(
            "npi.near",
            "[12][0-9]{9}",
            _LICENCE,
            0.3,
            Beside.WORD,
            _checked,
            frozenset({"npi", "provider", "prescriber", "physician", "practitioner", "doctor", "dr", "rendering"}),
        ),
    ),
    "national provider identifiers, by check digit or word",
)

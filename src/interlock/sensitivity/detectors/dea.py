"""DEA registration numbers: two letters (the second a name's first or 9), six digits, a check digit."""

from __future__ import annotations

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Pattern, Structured, Verdict


def is_dea(written: str) -> bool:
    """Whether the last digit is that of the odd places' sum and twice the even places' sum."""
    digits = [int(c) for c in written[2:]]
    return (sum(digits[0:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def _checked(candidate: Candidate) -> Verdict | None:
    if is_dea(candidate.matched):
        return Verdict(0.85 if candidate.matched[:2].isupper() else 0.4, "check digit")
    return Verdict(0.25, "form alone")


DETECTOR = Structured(
    "dea",
    (
        Pattern(
            "dea",
            "[ABCDEFGHJKLMPRSTUX][A-Z9][0-9]{7}",
            Label("phi.licence"),
            0.85,
            judge=_checked,
            context=frozenset(
                {"dea", "prescriber", "registration", "registrant", "controlled", "dea number", "dea no"}
            ),
            ignore_case=True,
        ),
    ),
    "DEA registration numbers, by check digit",
)

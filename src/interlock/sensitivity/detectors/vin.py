"""Vehicle identification numbers (49 CFR 565): seventeen signs without I, O and Q, the ninth a check digit."""

from __future__ import annotations

from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Pattern, Structured, Verdict

_VALUES: Final = dict(
    zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "012345678912345678123457923456789"), strict=True)
)
_HEX: Final = frozenset("0123456789ABCDEF")
_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def is_vin(written: str) -> bool:
    """Whether the ninth sign is the remainder by eleven, X for ten (49 CFR 565.15(c))."""
    total = sum(_VALUES[c] * w for c, w in zip(written, _WEIGHTS, strict=True)) % 11
    return written[8] == ("X" if total == 10 else str(total))


def _checked(candidate: Candidate) -> Verdict | None:
    written = candidate.matched.upper()
    digits = sum(map(str.isdigit, written))
    if digits < 4 or digits == len(written):
        return None
    if candidate.matched.startswith("0x") or set(written) <= _HEX:
        return Verdict(0.3, "form alone")
    if is_vin(written):
        return Verdict(0.85 if digits >= 5 and not candidate.matched.islower() else 0.6, "check digit")
    return Verdict(0.3, "form alone")


DETECTOR = Structured(
    "vin",
    (
        Pattern(
            "vin",
            "[A-HJ-NPR-Z0-9]{17}",
            Label("phi.vehicle"),
            0.85,
            judge=_checked,
            context=frozenset({"vin", "vehicle", "chassis", "car", "truck", "automobile", "vehicle id", "title"}),
            ignore_case=True,
        ),
    ),
    "vehicle identification numbers, by check digit or word",
)

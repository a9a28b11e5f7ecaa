"""US social security numbers (20 CFR 422.103)."""

from __future__ import annotations

from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict

_LABEL: Final = Label("phi.ssn")
DETECTOR = Structured(
    "us_ssn",
    (Pattern("us_ssn.grouped", r"[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}", _LABEL, 0.85, Beside.DIGIT),),
    "social security numbers",
)

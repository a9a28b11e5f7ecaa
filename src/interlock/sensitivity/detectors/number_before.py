"""Numbers with the word that tells of them behind, in brackets: `123456782 (BSN)`, `00482913 [MRN]`."""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict

_NUMBER: Final = re.compile(r"[A-Za-z0-9-]*[0-9][A-Za-z0-9-]*")
_LEAST: Final = 5
_KINDS: Final = (
    ("mrn", "phi.mrn", "mrn|medical record|med rec|chart|patient id"),
    ("ssn", "phi.ssn", "ssn|social security|social"),
    ("plan", "phi.health_plan", "member id|policy|medicare|medicaid|mbi|insurance|subscriber id|health plan"),
    ("account", "phi.account", "account|acct|a/c"),
    ("licence", "phi.licence", "npi|dea|dl|license|licence|driver'?s licen[sc]e|driving licen[sc]e"),
    ("device", "phi.device", "serial|s/n|imei|device id|udi"),
    ("vehicle", "phi.vehicle", "vin|plate|licen[sc]e plate|kennzeichen|kenteken"),
    ("passport", "pii.passport", "passport|reisepass|passeport|pasaporte|paspoort"),
    (
        "national_id",
        "pii.national_id",
        "bsn|nhs|nhs number|ni number|national insurance|nino|steuer-?id|idnr|nir|insee|dni|nie|nif|cpf|pesel|aadhaar"
        "|sin|tfn|national id|id card|codice fiscale|personnummer|cpr|ahv|svnr|curp|rrn",
    ),
)


def _numbered(candidate: Candidate) -> Verdict | None:
    number = _NUMBER.match(candidate.matched)
    if number is None or sum(map(str.isdigit, number[0])) < _LEAST:
        return None
    return Verdict(0.85, "told by the word behind", 0, number.end())


def _pattern(name: str, label: str, words: str) -> Pattern:
    expression = rf"[A-Za-z0-9-]+ ?[(\[] ?(?:{words})(?: (?:no|num|number|nr|id|#))?\.?[)\]]"
    return Pattern(f"number_before.{name}", expression, Label(label), 0.85, Beside.NOTHING, _numbered, ignore_case=True)


DETECTOR = Structured(
    "number_before", tuple(_pattern(*kind) for kind in _KINDS), "numbers told by a word behind them, in brackets"
)

"""US social security numbers (20 CFR 422.103). Areas never given out lower the score; numbers are mistyped, too."""

from __future__ import annotations

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.told import told

_SSN = Label("phi.ssn")
_WORDS = (
    "ssns?",
    "ssn ?(?:no|num|number)?",
    "social security",
    "soc sec",
    "ss ?(?:no|num|#)",
    "ss",
    "social",
    "ssa",
    "sin",
)
_CONTEXT = frozenset(
    {
        "ssn",
        "ssns",
        "ss#",
        "ss",
        "social",
        "social security",
        "social security number",
        "soc sec",
        "taxpayer",
        "tax id",
        "ss no",
    }
)
_JOINTS = frozenset("-.")
_FORMS = {"-": 0.85, " ": 0.7, ".": 0.6, "": 0.3}


def _given_out(digits: str) -> bool:
    """Whether such a number may have been given out: not areas 000, 666, 9xx, group 00, serial 0000."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def _grouped(candidate: Candidate) -> Verdict | None:
    first, second = candidate.matched[3], candidate.matched[6]
    before, after = candidate.before, candidate.after
    if (before[-1:] in _JOINTS and before[-2:-1].isdigit()) or (after[:1] in _JOINTS and after[1:2].isdigit()):
        return None  # part of a longer one: an ISBN, a serial number
    score = _FORMS[first] if first == second else 0.45
    if not _given_out("".join(filter(str.isdigit, candidate.matched))):
        return Verdict(score - (0.3 if first == "-" else 0.4), "form, never given out")
    return Verdict(score, "form")


def _plain(candidate: Candidate) -> Verdict | None:
    return Verdict(0.3 if _given_out(candidate.matched) else 0.2, "form")


DETECTOR = Structured(
    "us_ssn",
    (
        Pattern(
            "us_ssn.grouped", "[0-9]{3}[- .][0-9]{2}[- .][0-9]{4}", _SSN, 0.85, Beside.DIGIT, _grouped, _CONTEXT
        ),
        told("us_ssn.told", _SSN, _WORDS, 0.95, glued=True, least=9, value="[0-9]{3}[- .]?[0-9]{2}[- .]?[0-9]{4}"),
        Pattern("us_ssn.plain", "[0-9]{9}", _SSN, 0.3, Beside.WORD, _plain, _CONTEXT),
        Pattern(
            "us_ssn.covered",
            r"[xX*#]{3}[- ]?[xX*#]{2}[- ]?[0-9]{4}",
            _SSN,
            0.6,
            Beside.WORD,
            lambda c: Verdict(0.6, "partly covered", len(c.matched) - 4),
            _CONTEXT,
        ),
        told(
            "us_ssn.last_four",
            _SSN,
            ("(?:ssn?|social(?: security)?(?: number)?) ?(?:ending(?: in| with)?|last (?:4|four)(?: digits)?)",
             "last (?:4|four)(?: digits)? of (?:the |his |her |my |their )?(?:ssn|social(?: security)?)"),
            0.8,
            least=4,
            years=True,
            value="[0-9]{4}",
        ),
    ),
    "social security numbers",
)  # fmt: skip

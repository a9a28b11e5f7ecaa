"""Fax numbers: a telephone number's form beside the word."""

from __future__ import annotations

import re

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.phone_forms import GROUPS, INTERNATIONAL, NORTH_AMERICA, is_telephone

_FAX = Label("phi.fax")
_NUMBER = rf"(?:{NORTH_AMERICA}|{INTERNATIONAL}|[0-9]{{10,11}}|{GROUPS})"
_FILL = (
    r"(?:[ \t:;#=(\"'.,/|*-]|(?:number|no|num|is|was|to|at|it|them|records?|results?|us|me|line|and|the|copy|copies|on"
    r"|back|for)[ :.=\"'>\])])*"
)
_BEHIND = re.compile(r"fax(?:es|ed|ing|line)?" + _FILL, re.IGNORECASE)
_BEFORE = re.compile(r"[ \t:;,()/\\-]*fax\Z", re.IGNORECASE)


def _behind(candidate: Candidate) -> Verdict | None:
    said = _BEHIND.match(candidate.matched)
    return None if said is None else _number(candidate, said.end(), len(candidate.matched))


def _before(candidate: Candidate) -> Verdict | None:
    said = _BEFORE.search(candidate.matched)
    return None if said is None else _number(candidate, 0, said.start())


def _number(candidate: Candidate, start: int, end: int) -> Verdict | None:
    start -= candidate.matched[start - 1] in "(+" if start else 0
    number = candidate.matched[start:end]
    digits = sum(c.isdigit() for c in number)
    if digits < 10 and is_telephone(number, "", "") is None:
        return None
    return Verdict(1.0, "told by words", start, end) if digits >= 7 else None


DETECTOR = Structured(
    "fax",
    (
        Pattern("fax.behind", rf"fax(?:es|ed|ing|line)?{_FILL}{_NUMBER}", _FAX, 1.0, judge=_behind, ignore_case=True),
        Pattern("fax.before", rf"{_NUMBER}[ \t:;,()/\\-]*fax", _FAX, 1.0, judge=_before, ignore_case=True),
    ),
    "fax numbers, told by the word",
)

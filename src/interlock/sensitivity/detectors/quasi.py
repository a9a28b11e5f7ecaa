"""What identifies only together with other things, where a name tells of it: gender, race, occupation, pay."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict

_GIVES: Final = r"[\"' \t]*[:=|][\"' \t]*"
_GIVEN: Final = re.compile(r"[\"' \t]*[:=|][\"' \t]*")


def _behind(words: str) -> Callable[[Candidate], Verdict | None]:
    def judge(candidate: Candidate) -> Verdict | None:
        gives = _GIVEN.search(candidate.matched)
        return None if gives is None else Verdict(0.6, f"behind a name of {words}", gives.end())

    return judge


def _pattern(name: str, names: str, values: str, label: str) -> Pattern:
    expression = f"({names}){_GIVES}({values})"
    return Pattern(f"quasi.{name}", expression, Label(label), 0.6, Beside.WORD, _behind(name), ignore_case=True)


_RACES: Final = (
    "white|black|african[ -]american|asian|hispanic|latino|latina|latinx|caucasian|native american|american indian|"
    "alaska native|pacific islander|native hawaiian|middle eastern|non-hispanic|multiracial|mixed|other"
)

DETECTOR = Structured(
    "quasi",
    (
        _pattern(
            "gender",
            "gender|sex|gender identity|gender_identity|administrative_gender",
            "male|female|m|f|non-?binary|transgender|intersex|other",
            "quasi.gender",
        ),
        _pattern(
            "race",
            "race|ethnicity|ethnic group|race_ethnicity|ethnicity_code",
            f"({_RACES})([ /]({_RACES}|or))*",
            "quasi.race",
        ),
        _pattern(
            "occupation",
            "occupation|job title|job_title|profession|employer_title",
            "[A-Za-z][A-Za-z&/-]{2,30}( [A-Za-z&/-]{2,30}){0,3}",
            "quasi.occupation",
        ),
        _pattern(
            "pay",
            "salary|annual income|annual_income|base_salary|wage|income|compensation|net_pay|gross_pay",
            r"[$]? ?[0-9]{1,3}([,.]?[0-9]{3})*([.,][0-9]{2})?( ?(usd|eur|gbp|k))?",
            "pii.salary",
        ),
    ),
    "gender, race, occupation and pay behind a telling name",
)

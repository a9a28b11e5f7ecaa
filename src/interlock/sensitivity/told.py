"""Numbers that count only where words tell what they are: `MRN#: FL-987654`, `chartMRN04857211`, `"acct": 66201488`.

    told("mrn.told", Label("phi.mrn"), ("mrn", "medical record")) -> a pattern of words, what may stand between, a value

The name of the column or field does as words do: the engine puts it before what is in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Judge, Pattern, Verdict

_SPACE: Final = r"[ \t\r\n]"
# Small words that people write between a kind and its number, and signs. A hyphen never ends one: `IN-789012` is a
# value.
_SMALL: Final = (
    "number|numbers|num|no|nr|nbr|id|ids|identifier|identification|code|ref|reference|is|was|are|of|on|in|for|the|a|an"
    "|file|record|records|listed|as|value|text|patient|patients|pt|pts|his|her|their|your|my|our|this|reads|shows"
    "|assigned|equals|to|under|card|ending|with|new|old|current|same|which|that|has|been|hospital|clinic|chart"
    "|registration|he|she|they|i|you|have|gave|provided|given|called|entered|changed|updated|from|and|it|its|s"
)
_FILL: Final = (
    r"(?:[ \t\r\n:;#=(\[{>.,|*_\"'\\&?/-]"
    rf"|(?:{_SMALL})[ \t\r\n:;#=(\[{{,|\"']|(?:no|nr|num|nbr|pt|ref|id)\."
    r"|<[A-Za-z/][^<>\n\x1e]*>)"
)
# Letters and digits in pieces joined by single signs, a digit among them; then further groups of digits.
VALUE: Final = r"(?:[A-Za-z0-9]+[-_./])*[A-Za-z]*[0-9][A-Za-z0-9]*(?:[-_./][A-Za-z0-9]+)*(?: [0-9][0-9][0-9]+)*"
_UNIT = re.compile(
    r"[ -]?(?:%|(?:mg|mcg|g|kg|ml|dl|l|mmol|mmhg|units?|iu|meq|cm|mm|hours?|hrs?|days?|weeks?|wks?|months?|years?|yrs?"
    r"|y/?o|minutes?|mins?|times|points?|dollars|usd|eur|percent|st|nd|rd|th|x|patients|subjects|people|persons|women|men|adults|children|cases|participants"
    r"|members|individuals|controls|employees|doses|pages|rows|samples|beds|copies|visits|studies|items|bytes)\b)|@|:[0-9]|\.[0-9]|,[0-9]{3}\b"
)
_DAY: Final = r"(?:0?[1-9]|[12][0-9]|3[01])"
_DATE = re.compile(rf"{_DAY}[/.-]{_DAY}[/.-](?:[0-9]{{4}}|[0-9]{{2}})|[0-9]{{4}}[/.-]{_DAY}[/.-]{_DAY}")
_AMOUNT = re.compile(r"[0-9]{1,6}\.[0-9]{1,2}")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_TAIL = re.compile(r"(?:[/.][A-Za-z]+|[-_][A-Za-z]{4,})+\Z")


def told(
    name: str,
    label: Label,
    words: Sequence[str],
    score: float = 0.9,
    *,
    glued: bool = False,
    least: int = 3,
    years: bool = False,
    value: str = VALUE,
    check: Judge | None = None,
) -> Pattern:
    """A pattern of `words` (expressions in lower case, matched in any) and a value behind them.

    `glued`: the words may end a longer one, and the value may follow at once. `least`: how many digits a value has.
    `years`: whether 2023 may be one. `check` looks at the value alone, with what stands around it, and may refuse it or
    score it otherwise.
    """
    joint = rf"(?:{_SPACE}|[_-])"
    either = (
        "|".join(words).replace(" ?", " ").replace(" ", f"{joint}*") if glued else "|".join(words).replace(" ", joint)
    )
    told_by = rf"[A-Za-z_]*(?:{either}){_FILL}*" if glued else rf"(?:{either}){_FILL}+"
    found = re.compile(rf"({told_by})(#?(?:{value}))", re.IGNORECASE)
    judge = _judge(found, score, least, years, check)
    return Pattern(name, f"{told_by}(?:{value})", label, score, Beside.WORD, judge, ignore_case=True)


def _judge(found: re.Pattern[str], score: float, least: int, years: bool, check: Judge | None) -> Judge:
    def judge(candidate: Candidate) -> Verdict | None:
        parts = found.fullmatch(candidate.matched)
        if parts is None:
            return None
        start = parts.start(2)
        if start > 0 and candidate.matched[start - 1] == "#":
            start -= 1
        elif parts[1].endswith("-") and " " not in parts[1]:
            start = 0  # `HMO-234567`: the word is part of the number
        value = _without_tail(parts[2].lstrip("#"), candidate.after)
        if value is None or not _is_value(value, least, years):
            return None
        end = parts.start(2) + parts[2].index(value) + len(value)
        if check is None:
            return Verdict(score, "told by words", start, end)
        told_by = Candidate(value, candidate.before + parts[1].lower(), candidate.after, candidate.telling)
        verdict = check(told_by)
        return verdict and Verdict(verdict.score, verdict.why, start, end)

    return judge


def _without_tail(value: str, after: str) -> str | None:
    """The value without words that are joined to it; None when it is a measure: `12 mg`."""
    cut = _TAIL.search(value)
    if cut is not None:
        return value[: cut.start()]
    if _UNIT.match(after) is None:
        return value
    rest, _, _ = value.rpartition(" ")  # digits behind a space may be the next thing's
    return rest or None


def _is_value(value: str, least: int, years: bool) -> bool:
    if sum(c.isdigit() for c in value) < least:
        return False
    if _DATE.fullmatch(value) or _AMOUNT.fullmatch(value):
        return False
    return years or _YEAR.fullmatch(value) is None


def coded(candidate: Candidate) -> Verdict | None:
    """A check for words that are mostly used otherwise: the value has letters too, or six digits, and isn't counted
    (`a study of 120000 patients`)."""
    value = candidate.matched
    if value.isdigit() and (len(value) < 6 or re.search(r"\bof \Z", candidate.before)):
        return None
    return Verdict(0.7, "told by words")

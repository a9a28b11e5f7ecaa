"""Numbers that count only where words tell what they are: `MRN#: FL-987654`, `chartMRN04857211`, `"acct": 66201488`.

    told("mrn.told", Label("phi.mrn"), ("mrn", "medical record")) -> a pattern of words, what may stand between, a value

The name of the column or field does as words do: the engine puts it before what is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from string import ascii_letters
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
    "|registration|1d|n0|he|she|they|i|you|have|gave|provided|given|called|entered|changed|updated|from|and|it|its|s"
)
_SIGN: Final = r"[ \t\r\n:;#=(\[{}\])>.,|*_\"'\\&?/-]"
_FILL: Final = (
    rf"(?:{_SIGN}"
    rf"|(?:{_SMALL})[ \t\r\n:;#=(\[{{,|\"'>)\]}}]|(?:no|nr|num|nbr|pt|ref|id)\."
    r"|<[A-Za-z/][^<>\n\x1e]*>)"
)
_NUMBER: Final = "(?:numbers?|num|no|nr|nbr|ids?|code|ref)?"  # written in one with the word: `planid=`
# Letters and digits in pieces joined by single signs, a digit among them; then further groups of digits.
PIECES: Final = r"(?:[A-Za-z0-9]+[-_./])*[A-Za-z]*[0-9][A-Za-z0-9]*(?:[-_./][A-Za-z0-9]+)*(?: [0-9][0-9][0-9]+)*"
# Such, perhaps behind letters of its own (`H 002281`); pairs of digits; digits one by one, as people read them out.
VALUE: Final = rf"(?:[A-Za-z]{{1,3}} )?(?:{PIECES})|[0-9][0-9](?: [0-9][0-9]){{2,3}}|[0-9](?: [0-9]){{4,15}}"
_LETTERS = re.compile(r"[A-Za-z]+ ")
_NO_LETTERS: Final = frozenset(
    """NO ON AT IN IS OF OR TO BY AS AN IF SO UP WE HE IT DO PER THE AND FOR DUE NOT ALL WAS HAS HAD ARE AM PM IV PO BP
    HR RR MG ML KG DAY AGE OLD NEW VS HIM HER HIS SHE PT DR MR MS RE CC ETA QTY MRN SSN DOB NPI DEA VIN MBI EIN SIN
    PAN DL ID TIN IP MAC ZIP CPT ICD NDC RX TEL FAX EXT REF""".split()  # noqa: SIM905  a hundred quotes less
)
_UNIT = re.compile(
    r"[ -]?(?:%|(?:mg|mcg|g|kg|ml|dl|l|mmol|mmhg|units?|iu|meq|cm|mm|hours?|hrs?|days?|weeks?|wks?|months?|years?|yrs?"
    r"|y/?o|minutes?|mins?|times|points?|dollars|usd|eur|percent|st|nd|rd|th|x|patients|subjects|people|persons|women|men|adults|children|cases|participants"
    r"|members|individuals|controls|employees|doses|pages|rows|samples|beds|copies|visits|studies|items|bytes)\b)|@|:[0-9]|\.[0-9]|,[0-9]{3}\b"
)
_DAY: Final = r"(?:0?[1-9]|[12][0-9]|3[01])"
_DATE = re.compile(rf"{_DAY}[/.-]{_DAY}[/.-](?:[0-9]{{4}}|[0-9]{{2}})|[0-9]{{4}}[/.-]{_DAY}[/.-]{_DAY}")
_AMOUNT = re.compile(r"[0-9]{1,6}\.[0-9]{1,3}(?:-[0-9]{1,6}\.[0-9]{1,3})?")
_PAIRS = re.compile(r"[0-9]{2}([- ])[0-9]{2}\1[0-9]{2}")
_CELLS = re.compile(r"[;|\t]|,(?! )")
_WORD: Final = ascii_letters + "_"
# Documents, algorithms, encodings: `RFC 6749`, `sha-256`, `CVE-2019-5010`.
_SERIES = re.compile(
    r"(?:(?:rfc|pep|iso|iec|ieee|ansi|nist|cve|cwe|bpo|fips|astm|cfr|usc|bcp|sha|aes|rsa|utf|ucs|scram|hmac|latin|base"
    r"|uint|float|python|http|ipv)[-_ ]?(?:sha)?[-_]?[0-9]{1,5}|md[456]|gb [0-9]{4,6}|gh-[0-9]{4,6})"
    r"(?:[-_.:/][0-9a-z]{1,7})*",
    re.IGNORECASE,
)
_CODE = re.compile(r"[._][a-z]{4,}|(?<![A-Za-z])[a-z]{4,}[._]|\A0x[0-9a-f]+\Z")
# What clouds name their own things: `sg-0a1b2c3d4e5f67890`, `us-east-1`.
_OF_CLOUDS = re.compile(
    r"(?:i|sg|sgr|vpc|vpce|subnet|ami|vol|eni|rtb|igw|acl|snap|nat|eipalloc|lt|tgw|pcx|fs|fsap|r|asg|eks|nodegroup)"
    r"-[0-9a-f]{8}(?:[0-9a-f]{9})?|(?:[a-z0-9-]{1,24}\.)?(?:us|eu|ap|sa|ca|me|af|il)(?:-gov)?"
    r"-(?:north|south|east|west|central|northeast|southeast|northwest|southwest)-?[0-9][a-f]?"
)
_COUNTS = re.compile(r"(?:max|min|total|num|count|limit|avg|sum|per)[_ -]\Z")
_OF_MACHINES = re.compile(r"[a-z]{3,}[-_]")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_TAIL = re.compile(r"(?:[/.][A-Za-z]+|[-_][A-Za-z][a-z]{3,})+\Z")


def told(
    name: str,
    label: Label,
    words: Sequence[str],
    score: float = 0.9,
    *,
    glued: bool = False,
    least: int = 3,
    years: bool = False,
    pairs: bool = False,
    value: str = VALUE,
    check: Judge | None = None,
) -> Pattern:
    """A pattern of `words` (expressions in lower case, matched in any) and a value behind them.

    `glued`: the words may end a longer one, and the value may follow at once. `least`: how many digits a value has.
    `years`: whether 2023 may be one; `pairs`: whether 12-11-93 may. `check` looks at the value alone, with what stands
    around it, and may refuse it, score it otherwise or say that it ends earlier.
    """
    joint = rf"(?:{_SPACE}|[_-])"
    either = (
        "|".join(words).replace(" ?", " ").replace(" ", f"{joint}*") if glued else "|".join(words).replace(" ", joint)
    )
    told_by = rf"[A-Za-z_]*(?:{either}){_FILL}*" if glued else rf"(?:{either}){_NUMBER}{_SIGN}{_FILL}*"
    # What follows words at once begins with a digit.
    at_once = rf"[A-Za-z_]*(?:{either})(?:{_FILL}+|(?=[0-9]))" if glued else told_by
    found = cache(lambda: re.compile(rf"({at_once})(#?(?:{value}))", re.IGNORECASE))  # when it is first needed
    judge = _judge(found, score, _Wanted(least, years, pairs), check)
    return Pattern(name, f"{told_by}(?:{value})", label, score, Beside.WORD, judge, ignore_case=True)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How many digits a value has, and whether years and pairs of digits are values."""

    least: int
    years: bool
    pairs: bool

    def takes(self, value: str) -> bool:
        if sum(map(str.isdigit, value)) < self.least:
            return False
        if _SERIES.fullmatch(value) or _CODE.search(value) or _OF_CLOUDS.fullmatch(value):
            return False
        if (_DATE.fullmatch(value) and not (self.pairs and _PAIRS.fullmatch(value))) or _AMOUNT.fullmatch(value):
            return False
        return self.years or _YEAR.fullmatch(value) is None


def _judge(found: Callable[[], re.Pattern[str]], score: float, wanted: _Wanted, check: Judge | None) -> Judge:
    def judge(candidate: Candidate) -> Verdict | None:
        parts = found().fullmatch(candidate.matched)
        if parts is None or _of_another(candidate, parts[1], parts[2]):
            return None
        start = parts.start(2)
        if candidate.matched[start - 1 : start] == "#" and not candidate.matched[start - 2 : start - 1].isalpha():
            start -= 1
        elif parts[1].endswith("-"):  # `HMO-234567`: the word is part of the number
            start = len(parts[1][:-1].rstrip(_WORD))
        value = _without_tail(parts[2].lstrip("#"), candidate.after)
        if value is None or not wanted.takes(value):
            return None
        end = parts.start(2) + parts[2].index(value) + len(value)
        if check is None:
            return Verdict(score, "told by words", start, end)
        told_by = Candidate(value, candidate.before + parts[1].lower(), candidate.after, candidate.telling)
        verdict = check(told_by)
        if verdict is not None and verdict.end is not None:
            end += verdict.end - len(value)
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


def _of_another(candidate: Candidate, told_by: str, value: str) -> bool:
    """Whether the words don't tell of the value: they end a row of cells and it begins the next; they and it are the
    name of a machine (`claims-api-7d9f`); what stands before its digits is a word."""
    if "\n" in told_by and _CELLS.search(candidate.before[candidate.before.rfind("\n") + 1 :]):
        return True
    if (
        told_by.endswith("\\") or "()" in told_by or _COUNTS.search(candidate.before)
    ):  # an escape, a call, `max_records`
        return True
    if told_by.endswith("-") and " " not in told_by and _OF_MACHINES.match(value):
        return True
    letters = _LETTERS.match(value)
    return letters is not None and (not letters[0].isupper() or letters[0].strip() in _NO_LETTERS)


def coded(candidate: Candidate) -> Verdict | None:
    """A check for words that are mostly used otherwise: the value has letters too, or six digits, and isn't counted
    (`a study of 120000 patients`)."""
    value = candidate.matched
    if value.isdigit() and (len(value) < 6 or re.search(r"\bof \Z", candidate.before)):
        return None
    return Verdict(0.7, "told by words")

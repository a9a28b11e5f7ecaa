"""Ages over 89 (layer 3): 45 CFR 164.514(b)(2)(i)(C). Younger ages, and durations, stay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.passage import Layer, Passage

AGE = Label("phi.age")

_ONE = "(?:one|two|three|four|five|six|seven|eight|nine)"
_WORDS = (
    rf"ninety(?:[- ]{_ONE})?|(?:a|one) hundred(?:(?: and)? (?:{_ONE}|ten|eleven|twelve|thirteen|fourteen|fifteen)\b)?"
    rf"|hundred(?: and)? {_ONE}"
)
_FIGURES = r"(?:9[0-9]|1[0-2][0-9])(?:\.[0-9])?"
_NUMBER = rf"(?:{_FIGURES}|{_WORDS})"
_UNIT = (
    r"(?:[\s\-‐-―]{0,2}(?:y(?:ea)?rs?|jahre?|ans|años|anos|anni)\.?(?:[\s\-‐-―]{1,2}(?:and"
    r"|&)[\s\-]\w{1,9}[\s\-](?:months?|half))?[\s\-‐-―]{0,2}(?:olds?|of age|young|alt)?\b"
    r"|[\s\-]{0,2}y\.?[\s/\-]{0,2}o\.?\b|[\s\-]{0,1}y\b|[\s\-]?y/o\b)"
)
_PLAIN = re.compile(rf"[91](?<![\w.,$€£/:\-].)(?:(?<=9)[0-9]|(?<=1)[0-2][0-9])(?:\.[0-9])?(?i:{_UNIT})")
_IN_WORDS = re.compile(rf"(?<![\w.,$€£/:\-])(?:{_WORDS})(?:{_UNIT})", re.IGNORECASE)
_SEX = re.compile(
    r"[91](?<![\w.,$€£/:\-].)(?:(?<=9)[0-9]|(?<=1)[0-2][0-9])[ -]?(?:[MF]|[mf](?=[ ,.;)])|male|female|WF|WM|BF"
    r"|BM)(?![\w°/]|[ ]{1,4}\(x[0-9]|[ ]ago)"
)
_AGE_WORD = re.compile(
    r"\b(?:aged?|age of|turn(?:s|ed|ing)?|her age is|his age is|at age|now|she is|he is|she['’]s|he['’]s|patient is"
    r"|pt is|i am|i['’]m|reached|birthday number|(?:grand)?(?:mother|father|mom|mum|dad|ma|pa)(?:my|ma"
    r"|pa)?(?: is|['’]s)|gran(?:ny|dad)?(?: is|['’]s)"
    r"|(?:aunt(?:ie)?|uncle|nana|nan|husband|wife)(?: is|['’]s)|lived to(?: be)?|(?:died"
    r"|passed)(?: away)? at)(?:\s(?:is|was|at|of|about|around))?[\s:=\"'(,]{1,4}$",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"\s?(?:%|mg|kg|lbs?|pounds|cm|percent|days?|weeks?|months?|minutes?|hours?|bpm|mmhg|beats|times|degrees|points"
    r"|miles|st\b|nd\b)",
    re.IGNORECASE,
)
_IN_WORDS_ALONE = re.compile(rf"\b(?:{_WORDS})\b", re.IGNORECASE)
_BIRTHDAY = re.compile(
    r"\b(?:9[0-9]|1[0-2][0-9])(?:th|st|nd|rd)(?= birthday)|\bninet(?:ieth|y[- ]\w{4,8}th)(?= birthday)", re.IGNORECASE
)
_DECADE = re.compile(
    r"\b(?:his|her|their|my|the patient['’]s)\s(?:(?:early|mid|late)[- ])?(['’]?90['’]?s\b|nineties\b|hundreds\b)"
    r"|\b((?:nona|cente)narian)s?\b",
    re.IGNORECASE,
)
_NOT_AN_AGE = re.compile(
    r"[\s\-]{1,2}(?:history|hx|follow|survival|risk|period|span|experience|warranty|lease|plan|mortgage|building"
    r"|hospital|tree|tradition"
    r"|prison|sentence|term|ago|later|interval|pack|smoking|after|before|and under|in prison|war)\b",
    re.IGNORECASE,
)
_AGED = re.compile(
    r"(?:\b(?:aged?|is|was|now|turn(?:s|ed|ing)?|at|am|are|patient|pt|man|woman|male|female|lady|gentleman)|['’](?:m"
    r"|s))[\s,:]{1,2}$",
    re.IGNORECASE,
)
_OLD = re.compile(r"old|age|y\.?[ /\-]{0,2}o|young|alt|y$", re.IGNORECASE)
_GATE = re.compile(r"9[0-9]|1[0-2][0-9]|[nN](?i:inet|arian)|[hH](?i:undred)")
_MAYBE = re.compile(
    r"[91](?:(?<=(?<![0-9])9)[0-9]|(?<=(?<![0-9])1)[0-2][0-9])(?![0-9])|[nN](?i:inet|arian)|[hH](?i:undred)"
)
# A number alone after a word for age: letters, then up to four marks, then it.
_CANDIDATE = re.compile(r"[91](?<![\w.,$€£/\-].)(?:(?<=9)[0-9]|(?<=1)[0-2][0-9])(?![\w%/:]|\.[0-9]|,[0-9])")
_ALONE = re.compile(rf"\s*({_NUMBER})\s*(?:years?|yrs?|y)?\s*", re.IGNORECASE)
_AGE_FIELD = re.compile(r"(?:^|[_\W])age(?:$|[_\W])|^age|[a-z]Age(?:$|[A-Z_])|age(?:_?years|_?yrs)$")
_AGE_WORDS = frozenset({"age", "ageinyears", "ageyears", "ageyrs"})
_FIELD_IN_TEXT = re.compile(
    r"\bage(?:_?in_?years|_?years|_?yrs)?[\"'\]]{0,2}\s{0,2}[:=|,\t]\s{0,2}[\"']?(9[0-9]|1[0-2][0-9])(?![\w.%])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Ages:
    """Finds ages over 89."""

    tables: Tables = field(default=Tables(), repr=False)
    name: str = "ages"
    layer: Layer = Layer.DATES

    def may_find(self, text: str, telling: str) -> bool:
        """Whether there is a number that could be one, no longer number around it, or a word."""
        return _MAYBE.search(text) is not None

    def find(self, passage: Passage) -> Sequence[Finding]:
        """Every age over 89 in the passage, with its unit where it has one."""
        text = passage.text
        if _GATE.search(text) is None:
            return ()
        alone = _ALONE.fullmatch(text) if len(text) < 40 and _AGE_FIELD.search(passage.telling) else None
        if alone is not None:
            return (Finding(alone.start(1), alone.end(1), AGE, 0.95, "ages: telling field"),)
        return list(
            _apart(
                sorted(_all(text, passage.low, passage.words, self.tables), key=lambda found: (found.start, -found.end))
            )
        )


_SOMEBODY_IS = re.compile(r"([^\W\d_][\w'’\-]{2,24})[ ](?:is|turns|turned)[ ](?:now[ ]|about[ ]|already[ ])?$")
_NO_MORE = re.compile(r"[ ]?(?:[.,;!?)]|$)|[ ](?:and|but|with|now|today|who|n?ad|on|in|next|this|soon)\b")


def _is_somebodys(text: str, match: re.Match[str], tables: Tables) -> bool:
    """`Ann Moe is 97 and wants`: behind a person's name, with nothing that is counted behind it."""
    before = _SOMEBODY_IS.search(text, max(0, match.start() - 42), match.start())
    if before is None or _NO_MORE.match(text, match.end()) is None:
        return False
    name = before[1].lower()
    return name not in tables.ordinary and (name in tables.surnames or name in tables.given)


def _all(text: str, low: str, words: frozenset[str], tables: Tables) -> Iterator[Finding]:
    worded = "ninet" in low or "hundred" in low
    for match in [*_PLAIN.finditer(text), *(_IN_WORDS.finditer(text) if worded else ())]:
        if _is_age(text, match):
            yield Finding(match.start(), match.end(), AGE, 0.9, "ages: years")
    for match in _SEX.finditer(text):
        yield Finding(match.start(), match.end(), AGE, 0.75, "ages: with sex")
    for match in [*_CANDIDATE.finditer(text), *(_IN_WORDS_ALONE.finditer(text) if worded else ())]:
        told = _AGE_WORD.search(text, max(0, match.start() - 32), match.start())
        if (told or _is_somebodys(text, match, tables)) and not _MEASURED.match(text, match.end()):
            yield Finding(match.start(), match.end(), AGE, 0.75, "ages: after a word for age")
    for match in _FIELD_IN_TEXT.finditer(text) if not words.isdisjoint(_AGE_WORDS) else ():
        yield Finding(match.start(1), match.end(1), AGE, 0.75, "ages: field in the text")
    if "birthday" in words:
        yield from _birthdays(text)
    if worded or "90" in low or "narian" in low:
        yield from _decades(text)


def _birthdays(text: str) -> Iterator[Finding]:
    for match in _BIRTHDAY.finditer(text):
        yield Finding(match.start(), match.end(), AGE, 0.8, "ages: birthday")


def _decades(text: str) -> Iterator[Finding]:
    for match in _DECADE.finditer(text):
        group = 1 if match[1] else 2
        yield Finding(match.start(group), match.end(group), AGE, 0.75, "ages: decade")


def _is_age(text: str, match: re.Match[str]) -> bool:
    """`94 years` alone is a duration unless a word before it says whose age it is."""
    if _NOT_AN_AGE.match(text, match.end()):
        return False
    if _OLD.search(match[0]):
        return True
    return _AGED.search(text, max(0, match.start() - 16), match.start()) is not None


def _apart(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Without those that begin inside the one before."""
    done = -1
    for finding in findings:
        if finding.start >= done:
            done = finding.end
            yield finding


def detector(tables: Tables) -> Ages:
    """The detector; the tables tell whose age it is."""
    return Ages(tables)

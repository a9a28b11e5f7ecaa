"""Dates (layer 3): all elements of a date but the year, 45 CFR 164.514(b)(2)(i)(C). Bare years and durations stay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.dates.calendar import is_month_and_day
from interlock.sensitivity.dates.numbers import dates_in_figures
from interlock.sensitivity.dates.span import DateSpan
from interlock.sensitivity.dates.worded import dates_in_words, holidays, weekdays
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.passage import Layer, Passage

DATE, BIRTH = Label("phi.date"), Label("phi.date.birth")
DEATH, SERVICE = Label("phi.date.death"), Label("phi.date.service")

_LOOK = 44
_BIRTH = re.compile(
    r"\b(?:d\.?o\.?b|born|birth|birth ?date|birthday|bday|b-?day|geboren|geburtsdatum|n[ée]e?|nacid[oa]|naissance)\b"
    r"|date[_ ]of[_ ]birth|birth_?date|\bdob"
)
_DEATH = re.compile(r"\b(?:died|death|deceased|expired|passed away|d\.?o\.?d|date_of_death)\b")
_SERVICE = re.compile(
    r"\b(?:admi(?:t|ssion)[a-z]*|discharged?|d/c(?:'?d)?|dos|service|visit[a-z]*|seen|encounter|surgery|procedure"
    r"|operated"
    r"|presented|evaluated|examined|exam|hospitali[sz]ed|treated|appointment|appt|consult[a-z]*|performed|diagnosed"
    r"|collected"
    r"|underwent|doa|checked in|follow-?up|transferred|referred)\b"
)
_TELLING = re.compile(r"date|dob|birth|day|time|_at$|_on$|admit|discharge|dos\b|when|death|died")
_DIGIT = re.compile(r"[0-9]")
_CLOCK = r"(?:[01]?[0-9]|2[0-4])[:h][0-5][0-9](?![0-9])(?::[0-5][0-9](?:[.,][0-9]{1,9})?)?"
_ZONE = r"(?:\s?(?:[ap]\.m\.|[ap]m?\b|hrs?\b|hours?\b|Z\b|UTC\b|GMT\b|[A-Z]{1,3}T\b|[+-][0-9]{2}:?[0-9]{2}\b)){0,2}"
_TIME_AFTER = re.compile(
    rf"(?:T|,?\s{{1,2}}(?:at\s|around\s|@\s?|-\s)?|\s?@\s?|,\s?)(?:{_CLOCK}{_ZONE}|[0-9]{{1,2}}\s?(?:[ap]\.m\.|[ap]m\b)"
    r"|(?<=at )[0-2][0-9][0-5][0-9](?:\s?(?:hrs?|hours?|h)\b)?(?![0-9])|[0-2][0-9][0-5][0-9]\s?(?:hrs?|hours?|h)\b)",
    re.IGNORECASE,
)
_HL7_REST = re.compile(r"(?:T[0-9]{2}:?[0-9]{2}(?::?[0-9]{2})?|\.[0-9]{1,4})?(?:Z|[+-][0-9]{4})?(?![0-9A-Za-z])")
_WEEKDAY_BEFORE = re.compile(
    r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s$", re.IGNORECASE
)
_TIME_BEFORE = re.compile(rf"(?<![\w:.]){_CLOCK}(?:\s?[ap]\.?m\.?)?,?\s(?:on\s|of\s)?(?:the\s)?$", re.IGNORECASE)
_BORN_YEAR = re.compile(
    r"\b(?:born|dob|d\.o\.b\.|birth year|year of birth|yob)(?:[\s:]{1,3}|\s(?:in|around|circa|about|c\.)\s)((?:18"
    r"|19)[0-9]{2})(?![0-9\-/.][0-9]|[0-9])",
    re.IGNORECASE,
)
OLDEST_HARMLESS_BIRTH_YEAR = 1937
"""A birth year before this one tells an age over 89 (45 CFR 164.514(b)(2)(i)(C)). Pure code has no clock: raise it
with the years."""
_SPACED = re.compile(r"([0-9](?<![0-9].)[0-9]?) ([0-9]{1,2}) ((?:19|20)[0-9]{2})(?![0-9])")


@dataclass(frozen=True, slots=True)
class Dates:
    """Finds dates, with the times of day beside them."""

    name: str = "dates"
    layer: Layer = Layer.DATES

    def find(self, passage: Passage) -> Sequence[Finding]:
        """Every date in the passage; birth, death and service are told by the words before it."""
        text = passage.text
        telling = passage.telling.lower()
        spans = [*dates_in_words(text), *holidays(text), *weekdays(text)]
        if _DIGIT.search(text):
            spans += dates_in_figures(text, bool(_TELLING.search(telling)))
            spans += _spaced(text)
        found = [self._finding(text, span, telling) for span in spans]
        return [*found, *_birth_years(text)]

    def _finding(self, text: str, span: DateSpan, telling: str) -> Finding:
        start, end = span.start, span.end
        if span.form == "compact":
            rest = _HL7_REST.match(text, end)
            end = rest.end() if rest else end
        else:
            after = _TIME_AFTER.match(text, end)
            end = after.end() if after else end
        for beside in (_WEEKDAY_BEFORE, _TIME_BEFORE):
            before = beside.search(text, max(0, start - 24), start)
            start = before.start() if before else start
        label, told = kind_of_date(text, start, telling)
        return Finding(start, end, label, span.score, f"dates: {span.form}{told}")


def kind_of_date(text: str, start: int, telling: str) -> tuple[Label, str]:
    """The label that the nearest telling word before `start`, or the field's name, gives; and why."""
    before = text[max(0, start - _LOOK) : start].lower()
    nearest, label, why = -1, DATE, ""
    for pattern, kind, reason in (
        (_SERVICE, SERVICE, ", service"),
        (_DEATH, DEATH, ", death"),
        (_BIRTH, BIRTH, ", birth"),
    ):
        for match in pattern.finditer(before):
            if match.start() > nearest:
                nearest, label, why = match.start(), kind, reason
    if nearest < 0 and telling:
        for pattern, kind, reason in (
            (_BIRTH, BIRTH, ", birth"),
            (_DEATH, DEATH, ", death"),
            (_SERVICE, SERVICE, ", service"),
        ):
            if pattern.search(telling):
                return kind, reason
    return label, why


def _spaced(text: str) -> Iterator[DateSpan]:
    """`03 14 2021` after a word for birth or date."""
    low = text.lower()
    if "date" not in low and "dob" not in low and "born" not in low and "birth" not in low:
        return
    for match in _SPACED.finditer(text):
        one, two = int(match[1]), int(match[2])
        before = text[max(0, match.start() - _LOOK) : match.start()].lower()
        if (is_month_and_day(one, two) or is_month_and_day(two, one)) and (_BIRTH.search(before) or "date" in before):
            yield DateSpan(match.start(), match.end(), 0.8, "spaced")


def _birth_years(text: str) -> Iterator[Finding]:
    low = text.lower()
    if not any(word in low for word in ("born", "dob", "d.o.b", "birth", "yob")):
        return
    for match in _BORN_YEAR.finditer(text):
        if int(match[1]) < OLDEST_HARMLESS_BIRTH_YEAR:
            yield Finding(match.start(1), match.end(1), BIRTH, 0.8, "dates: birth year of an age over 89")


def detector(tables: Tables) -> Dates:
    """The detector; it needs no tables."""
    return Dates()

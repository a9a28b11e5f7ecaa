"""Dates (layer 3): all elements of a date but the year, 45 CFR 164.514(b)(2)(i)(C). Bare years and durations stay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.dates.calendar import is_month_and_day
from interlock.sensitivity.dates.numbers import dates_in_figures
from interlock.sensitivity.dates.published import is_of_a_publication
from interlock.sensitivity.dates.span import DateSpan
from interlock.sensitivity.dates.worded import HOLIDAYS, dates_in_words, days_alone, holidays, weekdays
from interlock.sensitivity.dates.words import FULL_WEEKDAYS, MONTHS
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.log_times import is_log_time
from interlock.sensitivity.passage import Layer, Passage
from interlock.sensitivity.settling import UNREPORTED

DATE, BIRTH = Label("phi.date"), Label("phi.date.birth")
DEATH, SERVICE = Label("phi.date.death"), Label("phi.date.service")

_LOOK = 44
_KINDS: Mapping[str, tuple[Label, str]] = {
    word: (label, why)
    for label, why, words in (
        (
            BIRTH,
            ", birth",
            "dob born birth birthdate birthday bday geboren geburtsdatum née ne nee nacido nacida naissance",
        ),
        (DEATH, ", death", "died death deceased expired passed dod"),
        (
            SERVICE,
            ", service",
            "admit admits admitted admitting admission admissions discharge discharged discharges dc dos service visit"
            " visits visited visiting seen encounter surgery procedure operated presented evaluated examined exam"
            " hospitalised hospitalized treated appointment appt consult consults consulted consultation performed"
            " diagnosed collected underwent doa checked followup follow transferred referred",
        ),
    )
    for word in words.split()
}
_WORDS = re.compile(r"[^\W\d_]+")
_SHORTENED = re.compile(r"\b(?:(d\.o\.b)|(d\.o\.d)|d/c)\b")
_TELLING = re.compile(r"date|dob|birth|day|time|_at$|_on$|admit|discharge|dos\b|when|death|died")
_WITHOUT_FIGURES = MONTHS | HOLIDAYS | FULL_WEEKDAYS
_DIGIT = re.compile(r"[0-9]")
_CLOCK = r"(?:[01]?[0-9]|2[0-4])[:h][0-5][0-9](?![0-9])(?::[0-5][0-9](?:[.,][0-9]{1,9})?)?"
_ZONE = (
    r"(?:[ \t]?(?:[ap]\.m\.|[ap]m?\b|hrs?\b|hours?\b|Z\b"
    r"|UTC\b|GMT\b|(?-i:[A-Z]{1,3}T)\b|[+-][0-9]{2}:?[0-9]{2}\b)){0,2}"
)
_TIME_AFTER = re.compile(
    rf"(?:T|,?[ \t\u00a0]{{1,2}}(?:at\s|around\s|@\s?|-\s)?|\s?@\s?|,\s?)(?:{_CLOCK}{_ZONE}"
    rf"|[0-9]{{1,2}}\s?(?:[ap]\.m\.|[ap]m\b)"
    r"|(?<=at )[0-2][0-9][0-5][0-9](?:\s?(?:hrs?|hours?|h)\b)?(?![0-9]|[ ](?-i:[A-Z][a-z]))"
    r"|[0-2][0-9][0-5][0-9]\s?(?:hrs?|hours?|h)\b)",
    re.IGNORECASE,
)
_HL7_REST = re.compile(r"(?:T[0-9]{2}:?[0-9]{2}(?::?[0-9]{2})?|\.[0-9]{1,4})?(?:Z|[+-][0-9]{4})?(?![0-9A-Za-z])")
_WEEKDAY_BEFORE = re.compile(
    r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s$", re.IGNORECASE
)
_TIME_BEFORE = re.compile(rf"(?<![\w:.]){_CLOCK}(?:\s?[ap]\.?m\.?)?,?\s(?:on\s|of\s)?(?:the\s)?$", re.IGNORECASE)
_YEAR = re.compile(r"1(?<![\w\-/.].)[89][0-9]{2}(?![0-9\-/.][0-9]|[0-9])")
_BORN = frozenset({"born", "dob", "birth", "yob", "d"})
_BORN_IN = re.compile(
    r"\b(?:born|dob|d\.o\.b\.|birth year|year of birth|yob)(?:[\s:]{1,3}|\s(?:in|around|circa|about|c\.)\s)$",
    re.IGNORECASE,
)
_SPACED_AFTER = frozenset({"date", "dob", "born", "birth", "birthday", "birthdate"})
_SPACED = re.compile(r"([0-9](?<![0-9].)[0-9]?) ([0-9]{1,2}) ((?:19|20)[0-9]{2})(?![0-9])")


@dataclass(frozen=True, slots=True)
class Dates:
    """Finds dates, with the times of day beside them."""

    year: int | None = None
    """The present year. Pure code has no clock; while it is unknown every year of birth counts."""
    name: str = "dates"
    layer: Layer = Layer.DATES

    def find(self, passage: Passage) -> Sequence[Finding]:
        """Every date in the passage; birth, death and service are told by the words before it."""
        text, low, words = passage.text, passage.low, passage.words
        figures = _DIGIT.search(text) is not None
        if not figures and words.isdisjoint(_WITHOUT_FIGURES):
            return ()
        telling = passage.telling.lower()
        spans = [*dates_in_words(text, low, words), *holidays(text, low, words), *weekdays(text, low, words)]
        born: Sequence[Finding] = ()
        if figures:
            spans += days_alone(text, words)
            spans += dates_in_figures(text, bool(telling and _TELLING.search(telling)))
            if not words.isdisjoint(_SPACED_AFTER):
                spans += _spaced(text)
            if not words.isdisjoint(_BORN):
                born = list(_birth_years(text, self.year))
        found = [
            self._finding(text, span, telling) for span in spans if not is_of_a_publication(text, low, words, span)
        ]
        if figures:  # it keeps other detectors from taking its month for a name
            found = [replace(f, why=UNREPORTED) if is_log_time(passage, f.start, f.end) else f for f in found]
        return [*found, *born]

    def in_year(self, year: int) -> Dates:
        """The same for texts of that year: a birth year counts when it tells an age over 89 then."""
        return replace(self, year=year)

    def _finding(self, text: str, span: DateSpan, telling: str) -> Finding:
        start, end = span.start, span.end
        if span.form == "compact":
            rest = _HL7_REST.match(text, end)
            end = rest.end() if rest else end
        else:
            after = _TIME_AFTER.match(text, end)
            end = after.end() if after else end
        if text[start - 1 : start].isspace():
            for beside in (_WEEKDAY_BEFORE, _TIME_BEFORE):
                before = beside.search(text, max(0, start - 24), start)
                start = before.start() if before else start
        label, told = kind_of_date(text, start, telling)
        return Finding(start, end, label, span.score, f"dates: {span.form}{told}")


def kind_of_date(text: str, start: int, telling: str) -> tuple[Label, str]:
    """The label that the nearest telling word before `start`, or the field's name, gives; and why."""
    return _told(text[max(0, start - _LOOK) : start].lower()) or (_told(telling) if telling else None) or (DATE, "")


def _told(before: str) -> tuple[Label, str] | None:
    for word in reversed(_WORDS.findall(before)):
        if word in _KINDS:
            return _KINDS[word]
    short = _SHORTENED.search(before) if "." in before or "/" in before else None
    return None if short is None else _KINDS["dob" if short[1] else "dod" if short[2] else "dc"]


def _spaced(text: str) -> Iterator[DateSpan]:
    """`03 14 2021` after a word for birth or date."""
    for match in _SPACED.finditer(text):
        one, two = int(match[1]), int(match[2])
        before = text[max(0, match.start() - _LOOK) : match.start()].lower()
        if (is_month_and_day(one, two) or is_month_and_day(two, one)) and not _SPACED_AFTER.isdisjoint(
            _WORDS.findall(before)
        ):
            yield DateSpan(match.start(), match.end(), 0.8, "spaced")


def _birth_years(text: str, year: int | None) -> Iterator[Finding]:
    for match in _YEAR.finditer(text):
        if (year is None or int(match[0]) <= year - 90) and _BORN_IN.search(
            text, max(0, match.start() - 28), match.start()
        ):
            yield Finding(match.start(), match.end(), BIRTH, 0.8, "dates: birth year of an age over 89")


def detector(tables: Tables) -> Dates:
    """The detector; it needs no tables."""
    return Dates()

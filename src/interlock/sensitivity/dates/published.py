"""Months that tell when something was published rather than when something happened to somebody."""

from __future__ import annotations

import re
from typing import Final

from interlock.sensitivity.dates.span import DateSpan
from interlock.sensitivity.names.wording import words_of

_LOOSE: Final = frozenset({"month_and_year", "year_and_month", "month"})
"""Forms without a day. With a day it counts whatever stands around it."""

_OF_WORKS: Final = words_of(
    "guideline guidelines guidance study studies trial trials literature published publication publications paper"
    " papers reviews article articles journal fda cdc nih ema data evidence recommendation recommendations statement"
    " consensus meta-analysis registry congress"
)
_SENTENCE: Final = re.compile(r"[.?!]\s|\n")
_PERSON: Final = words_of(
    "patient patients pt he she his her him mr mrs ms mother father wife husband son daughter sister brother i my we"
    " admitted discharged seen visit visited diagnosed born died dob mrn chart hospitalized underwent presented"
    " presents surgery appointment scheduled treated client resident"
)
_WORD: Final = re.compile(r"[a-z]+(?:-[a-z]+)*")
_LOOK: Final = 160


def is_of_a_publication(text: str, low: str, words: frozenset[str], span: DateSpan) -> bool:
    """Whether the date is a month with its year in a sentence about studies, approvals or guidelines and about nobody:
    `data from January 2023`, `published in March 2021`. A sentence that names a patient keeps its dates."""
    if span.form not in _LOOSE or words.isdisjoint(_OF_WORKS):
        return False
    begin, end = max(0, span.start - _LOOK), min(len(text), span.end + _LOOK)
    for stop in _SENTENCE.finditer(text, begin, end):
        if stop.end() <= span.start:
            begin = stop.end()
        elif stop.start() >= span.end:
            end = stop.start()
            break
    around = set(_WORD.findall(low[begin:end]))
    return not around.isdisjoint(_OF_WORKS) and around.isdisjoint(_PERSON)

"""A megabyte of anything: how often the slower parts are asked grows with the length of a text, and no faster."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from interlock.app.detecting import fastest_matcher, found_detectors
from interlock.model.label import Label
from interlock.sensitivity.detectors import email, phone, us_ssn
from interlock.sensitivity.matching import Matcher
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.structured import Judging
from interlock.sensitivity.text import TextEngine

MEGABYTE = 1_000_000
CLASSES = ["a", "Z", "0", " ", "\n", "-", ".", "@", "/", "%", "\\", "=", "_", "é", "\u0301", "\u200b", "中", "\ud800"]
PAIRS = [
    "a@a.",
    "1-",
    "%41",
    "1 ",
    "1.",
    "(1",
    "+1 ",
    "aA1",
    "\\x41",
    "&#65;",
    "x=",
    "\n1,",
    "one ",
    "MRN:",
    "::",
    "://",
]
STRUCTURED, _ = found_detectors()
JUDGING = Judging(STRUCTURED)
MATCHER = fastest_matcher(JUDGING.patterns)


def calls_of(matcher: Matcher, text: str) -> tuple[int, int]:
    """How often RE2 was asked, and how many matches it told."""
    calls = 0

    def counted(find: Any) -> Any:
        def asked(*arguments: Any) -> Sequence[tuple[int, int]]:
            nonlocal calls
            calls += 1
            told: Sequence[tuple[int, int]] = find(*arguments)
            return told

        return asked

    finders = [matcher._finder(number) for number in range(len(JUDGING.patterns))]
    try:
        matcher._finders[:] = [counted(each) for each in finders]
        found = sum(len(matches) for _, matches in matcher.matches([text]))
    finally:
        matcher._finders[:] = finders
    return calls, found


@pytest.mark.parametrize("unit", [*CLASSES, *PAIRS])
def test_calls_grow_with_the_length(unit: str) -> None:
    short, long = unit * (4_000 // len(unit)), unit * (16_000 // len(unit))
    (few, _), (many, found) = calls_of(MATCHER, short), calls_of(MATCHER, long)
    assert many <= 4 * few + 500
    assert found <= len(long) * 3


ENGINE = TextEngine((us_ssn.DETECTOR, phone.DETECTOR, email.DETECTOR), fastest_matcher)


@pytest.mark.parametrize("unit", [*CLASSES, "a@a.", "1-", "%41"])
def test_a_megabyte_of_it_comes_to_an_end(unit: str) -> None:
    text = unit * (MEGABYTE // len(unit))
    findings = ENGINE.find(text)
    assert ENGINE.failed == 0
    assert all(one.end <= other.start for one, other in pairwise(findings))


def test_a_hundred_thousand_candidates_are_each_judged_once() -> None:
    judged = 0

    def judge(candidate: Candidate) -> Verdict | None:
        nonlocal judged
        judged += 1
        return Verdict(0.9, "form")

    kind = Pattern("tried", "[0-9]{3}-[0-9]{2}-[0-9]{4}", Label("phi.ssn"), 0.9, Beside.DIGIT, judge)
    engine = TextEngine((Structured("tried", (kind,), ""),), fastest_matcher)
    text = "402-19-8877 " * 100_000
    assert len(engine.find(text)) == judged == 100_000


def test_base64_in_base64_is_looked_into_a_bounded_number_of_times() -> None:
    says = "ssn 402-19-8877 and nothing else here"
    looked: list[int] = []
    engine = TextEngine((us_ssn.DETECTOR,), fastest_matcher)
    look = engine._looking.look

    class Spy:
        def look(self, texts: Sequence[str], seeds: Sequence[str], telling: str) -> Any:
            looked.append(sum(map(len, texts)))
            return look(texts, seeds, telling)

    engine._looking = Spy()  # type: ignore[assignment]
    for _ in range(12):
        says = base64.b64encode(says.encode()).decode()
    engine.find(says * (100_000 // len(says)))
    assert len(looked) <= 4
    assert sum(looked) <= 8 * 100_000

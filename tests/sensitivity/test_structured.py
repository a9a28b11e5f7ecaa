"""Judging: neighbours, judges, context."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.a_detector import engine_of, found

from interlock.model.label import Label
from interlock.sensitivity.matching import Match, Matcher, SetGate
from interlock.sensitivity.passage import Layer
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.structured import Judging, field_of
from interlock.sensitivity.text import ALL_LAYERS, TextEngine

DIGITS = "[0-9]{4}"


def by_set(patterns: Sequence[Pattern]) -> Matcher:
    return Matcher(patterns, SetGate(patterns))


CONTEXT = frozenset({"badge", "locker no"})


def engine(beside: Beside = Beside.WORD, score: float = 0.3):  # type: ignore[no-untyped-def]
    return engine_of(
        Structured("tried", (Pattern("tried", DIGITS, Label("phi.id"), score, beside, context=CONTEXT),), "")
    )


@pytest.mark.parametrize(
    ("beside", "text", "expected"),
    [
        (Beside.WORD, "1234", ["1234"]),
        (Beside.WORD, "a1234", []),
        (Beside.WORD, "é1234", []),
        (Beside.WORD, "_1234_", ["1234"]),
        (Beside.DIGIT, "a1234b", ["1234"]),
        (Beside.DIGIT, "12345", []),
        (Beside.NOTHING, "x1234x", ["1234"]),
    ],
)
def test_what_stands_beside(beside: Beside, text: str, expected: list[str]) -> None:
    assert found(engine(beside, 0.9), text) == expected


@pytest.mark.parametrize(
    ("text", "telling", "expected"),
    [
        ("badge 1234", "", ["1234"]),
        ("1234 (Badge)", "", ["1234"]),
        ("locker no 1234", "", ["1234"]),
        ("badges 1234", "", []),
        ("badge " + "x" * 60 + " 1234", "", []),
        ("1234", "badge", ["1234"]),
        ("1234", "staffBadge", ["1234"]),
        ("1234", "staff_badge_2", ["1234"]),
        ("1234", "badger", []),
    ],
)
def test_context_lifts_a_low_score(text: str, telling: str, expected: list[str]) -> None:
    assert found(engine(), text, telling) == expected


def test_a_name_is_taken_apart() -> None:
    assert field_of("patientSSN_last4").words == " patient ssn last4 "


def test_a_verdict_cuts_and_why_holds_nothing_of_the_text() -> None:
    def judge(candidate: Candidate) -> Verdict | None:
        assert candidate.before.endswith("no ")
        return Verdict(0.8, "two of them", 1, 3)

    one = Structured("tried", (Pattern("tried.it", DIGITS, Label("phi.id"), 0.1, judge=judge),), "")
    (finding,) = engine_of(one).find("No 1234")
    assert (finding.start, finding.end, finding.score, finding.why) == (4, 6, 0.8, "tried.it: two of them")


def test_a_judge_may_clear() -> None:
    one = Structured("tried", (Pattern("tried", DIGITS, Label("phi.id"), 0.9, judge=lambda c: None),), "")
    assert Judging([one]).findings("1234", [Match(0, 4, 0)], field_of("")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("badge" + "é" * 3 + " 1234", ["1234"]),
        ("İ badge 1234", ["1234"]),
        ("No. 1234", ["1234"]),
        ("№ 1234", ["1234"]),
        ("(№) 1234", ["1234"]),
        ("x№ 1234", []),
        ("ss# 1234", ["1234"]),
        ("ss#x 1234", []),
        ("xss# 1234", []),
    ],
)
def test_context_beyond_ascii_and_of_signs(text: str, expected: list[str]) -> None:
    words = frozenset({"badge", "№", "ss#", "no."})
    one = Structured("tried", (Pattern("tried", DIGITS, Label("phi.id"), 0.3, context=words),), "")
    assert found(TextEngine((one,), by_set, layers=ALL_LAYERS - {Layer.NORMALISE}), text) == expected


def test_what_stands_before_a_text_has_no_findings_of_its_own() -> None:
    kind = Structured("tried", (Pattern("tried", "[0-9]{4}(?:[ :]+[0-9]{4})?", Label("phi.id"), 0.9),), "")
    judging, text = Judging([kind]), "1234: 5678"
    assert judging.findings(text, [Match(0, 4, 0)], field_of(""), shift=6) == []
    (finding,) = judging.findings(text, [Match(0, 10, 0)], field_of(""), shift=6)
    assert (finding.start, finding.end) == (0, 4)

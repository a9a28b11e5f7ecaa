"""Matching: what a maximal match is, and that both gates lead to the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.model.label import Label
from interlock.sensitivity.hyperscan_gate import HyperscanGate, compiled
from interlock.sensitivity.matching import Match, Matcher, SetGate, frame_of, framed
from interlock.sensitivity.pattern import Beside, Pattern


def pattern(expression: str, beside: Beside = Beside.WORD, ignore_case: bool = False) -> Pattern:
    return Pattern("tried", expression, Label("phi.id"), 0.9, beside, ignore_case=ignore_case)


PATTERNS = [
    pattern("[0-9]{3}-[0-9]{2}", Beside.DIGIT),
    pattern("ab+c?", ignore_case=True),
    pattern("[a-c]{2,4}", Beside.NOTHING),
    pattern("a|ab1|b1a", Beside.NOTHING),
    pattern("[a-c0-9-]{3,}"),
    pattern("é[0-9]", Beside.NOTHING),
]
BY_SET = Matcher(PATTERNS, SetGate(PATTERNS))
BY_HYPERSCAN = Matcher(PATTERNS, HyperscanGate(compiled(PATTERNS)))
TEXTS = st.lists(st.text(st.sampled_from("abcABC012-_ é\n"), max_size=24).map(str.encode), max_size=6)


def by_definition(number: int, text: bytes) -> set[Match]:
    """Every stretch that matches as framed, but those within another."""
    each = PATTERNS[number]
    expression = re.compile(framed(each), re.DOTALL | (re.IGNORECASE if each.ignore_case else 0))
    frame, data = frame_of(each), b"\n" + text + b"\n"
    all_ = {
        (start, end)
        for start in range(len(data))
        for end in range(start + 1, len(data) + 1)
        if expression.fullmatch(data, start, end)
    }
    longest = {(s, e) for s, e in all_ if not any((o, p) != (s, e) and o <= s and e <= p for o, p in all_)}
    return {Match(s + frame - 1, e - frame - 1, number) for s, e in longest}


@given(TEXTS)
@settings(max_examples=150)
def test_both_gates_find_the_maximal_matches(texts: list[bytes]) -> None:
    expected = {
        number: found
        for number, text in enumerate(texts)
        if (found := set[Match]().union(*(by_definition(n, text) for n in range(len(PATTERNS)))))
    }
    for matcher in (BY_SET, BY_HYPERSCAN):
        assert {number: set(found) for number, found in matcher.matches(texts).items()} == expected


def test_no_text_reaches_into_the_next() -> None:
    for matcher in (BY_SET, BY_HYPERSCAN):
        assert matcher.matches([b"12", b"3-45"]).get(0) is None


@pytest.mark.parametrize("unit", [b"a", b"a-", b"0", b"1-", b"ab", b"\xc3\xa9", b" "])
def test_a_long_text_takes_time_in_proportion(unit: bytes) -> None:
    text = unit * (30_000 // len(unit))
    assert BY_SET.matches([text]) == BY_HYPERSCAN.matches([text])


def test_many_buffers_are_as_one() -> None:
    texts = [b"x" * 3000 + b" 123-45 " for _ in range(1000)]  # three megabytes
    found = BY_HYPERSCAN.matches(texts)
    assert set(found) == set(range(1000))
    assert all(found[number] == found[0] for number in range(1000))


def test_a_scan_in_another_thread_has_a_scratch_of_its_own() -> None:
    import threading

    results: list[bool] = []

    def scan() -> None:
        results.extend(0 in BY_HYPERSCAN.matches([b" 123-45 "]) for _ in range(50))

    threads = [threading.Thread(target=scan) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 200

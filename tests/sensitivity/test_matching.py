"""Matching: what a maximal match is, and that both gates lead to the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.model.label import Label
from interlock.sensitivity.hyperscan_gate import HyperscanGate, compiled
from interlock.sensitivity.matching import Match, Matcher, SetGate, characters, frame_of, framed, joined
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
TEXTS = st.lists(st.text(st.sampled_from("abcABC012-_ é\n"), max_size=24), max_size=6)


def by_definition(number: int, text: str) -> set[Match]:
    """Every stretch that matches as framed, but those within another."""
    each = PATTERNS[number]
    expression = re.compile(framed(each), re.DOTALL | (re.IGNORECASE if each.ignore_case else 0))
    frame, data = frame_of(each), b"\n" + text.encode() + b"\n"
    all_ = {
        (start, end)
        for start in range(len(data))
        for end in range(start + 1, len(data) + 1)
        if expression.fullmatch(data, start, end)
    }
    longest = {(s, e) for s, e in all_ if not any((o, p) != (s, e) and o <= s and e <= p for o, p in all_)}
    return set(characters([Match(s + frame - 1, e - frame - 1, number) for s, e in longest], text, data[1:-1]))


@given(TEXTS)
@settings(max_examples=150)
def test_both_gates_find_the_maximal_matches(texts: list[str]) -> None:
    expected = {
        number: found
        for number, text in enumerate(texts)
        if (found := set[Match]().union(*(by_definition(n, text) for n in range(len(PATTERNS)))))
    }
    for matcher in (BY_SET, BY_HYPERSCAN):
        assert {number: set(found) for number, found in matcher.matches(texts)} == expected


def test_no_text_reaches_into_the_next() -> None:
    for matcher in (BY_SET, BY_HYPERSCAN):
        assert 0 not in dict(matcher.matches(["12", "3-45"]))


@pytest.mark.parametrize("unit", ["a", "a-", "0", "1-", "ab", "é", " "])
def test_a_long_text_takes_time_in_proportion(unit: str) -> None:
    text = unit * (30_000 // len(unit))
    assert list(BY_SET.matches([text])) == list(BY_HYPERSCAN.matches([text]))


def test_many_buffers_are_as_one() -> None:
    texts = ["x" * 3000 + " 123-45 " for _ in range(1000)]  # three megabytes
    found = dict(BY_HYPERSCAN.matches(texts))
    assert set(found) == set(range(1000))
    assert all(found[number] == found[0] for number in range(1000))


def test_a_scan_in_another_thread_has_a_scratch_of_its_own() -> None:
    import threading

    results: list[bool] = []

    def scan() -> None:
        results.extend(0 in dict(BY_HYPERSCAN.matches([" 123-45 "])) for _ in range(50))

    threads = [threading.Thread(target=scan) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 200


@given(TEXTS, st.text(st.sampled_from("a1é: "), max_size=5))
def test_what_is_put_before_each_text_belongs_to_it(texts: list[str], before: str) -> None:
    apart = {n: set(found) for n, text in enumerate(texts) for _, found in BY_SET.matches([before + text])}
    for matcher in (BY_SET, BY_HYPERSCAN):
        assert {n: set(found) for n, found in matcher.matches(texts, before)} == apart


@given(TEXTS, st.text(st.sampled_from("aé\ud800"), max_size=3))
def test_where_texts_begin_in_the_buffer(texts: list[str], before: str) -> None:
    buffer = joined(texts, before)
    wanted = [(before + text).encode("utf-8", "surrogatepass") for text in texts]
    pieces = [buffer.data[start - 1 : behind] for start, behind in pairwise(buffer.starts)]
    assert pieces == [b"\n" + each + b"\n" for each in wanted]


def test_one_call_finds_a_match_that_ends_where_the_gate_says() -> None:
    """RE2 is asked once a match, and not once more for what isn't there: each call costs as much as a judge."""
    matcher = Matcher([pattern("[0-9]{4,9}")], HyperscanGate(compiled([pattern("[0-9]{4,9}")])))
    calls = 0
    find = matcher._finder(0)

    def counted(anchor: object, data: bytes, start: int, end: int) -> Sequence[tuple[int, int]]:
        nonlocal calls
        calls += 1
        return find(anchor, data, start, end)

    matcher._finders[0] = counted
    texts = [f"no {number} of them, x" for number in range(1000, 1500)]
    assert len(list(matcher.matches(texts))) == 500
    assert calls == 500

"""The stream: no cut changes what is found, and what is found is what the whole text gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.a_detector import engine_of

from interlock.model.finding import Finding
from interlock.sensitivity.detectors import email, mrn, phone, secret_jwt, us_ssn
from interlock.sensitivity.stream import HELD, LONGEST, STEP, TextStream

ENGINE = engine_of(us_ssn.DETECTOR, phone.DETECTOR, email.DETECTOR, mrn.DETECTOR, secret_jwt.DETECTOR)
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx" + "QUJD" * 300 + "In0.c2VhbA"
WORDS = st.sampled_from(
    [
        "ssn 402-19-8877",
        "call (312) 555-0198.",
        "jane@example.org",
        "MRN: 0048291",
        "the",
        "patient",
        "was well.\n",
        "é́",
        JWT,
        " ",
        "x" * 90,
    ]
)


def streamed(text: str, cuts: Iterable[int]) -> list[Finding]:
    stream, out, found = TextStream(ENGINE.find), "", []
    at = 0
    for cut in [*sorted(cuts), len(text), -1]:
        released = stream.finish() if cut < 0 else stream.feed(text[at:cut])
        at = max(at, cut)
        found += [replace(f, start=f.start + len(out), end=f.end + len(out)) for f in released.findings]
        out += released.text
    assert out == text
    return found


@given(st.lists(WORDS, max_size=60).map(" ".join), st.data())
@settings(max_examples=60)
def test_no_cut_changes_anything(text: str, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=12))
    whole = [(f.start, f.end, f.label) for f in ENGINE.find(text)]
    assert [(f.start, f.end, f.label) for f in streamed(text, cuts)] == whole
    assert streamed(text, cuts) == streamed(text, [])


def test_text_is_released_as_it_comes() -> None:
    stream = TextStream(ENGINE.find)
    fed = released = 0
    for _ in range(200):
        fed += 50
        released += len(stream.feed("nothing to see here in this part of the text now.\n").text)
        assert fed - released <= STEP + HELD


def test_a_value_in_two_parts_is_never_released_in_clear() -> None:
    stream = TextStream(ENGINE.find)
    text = "x" * 250 + " ssn 402-19-8877 "
    first, last = stream.feed(text[:262]), stream.finish()
    assert first.text == ""
    assert last.text == text[:262]


def test_a_finding_without_end_is_released_as_one_that_goes_on() -> None:
    text = "a " + "eyJhbGciOiJIUzI1NiJ9.eyJ" + "QUJD" * (LONGEST // 2) + "." + "x" * 40 + " end"
    found = streamed(text, range(0, len(text), 4096))
    covered = sum(f.end - f.start for f in found)
    assert covered >= len(text) - 8


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_stream_begins_anew(size: int) -> None:
    stream = TextStream(ENGINE.find)
    for _ in range(2):
        stream.feed("MRN ")
        assert [f.label for f in stream.finish().findings] == []
    assert size

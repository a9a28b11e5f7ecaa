"""Numbers told by words: what may stand between, what is a value, what isn't."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.model.label import Label
from interlock.sensitivity.pattern import Structured
from interlock.sensitivity.told import coded, told

PLAIN = engine_of(Structured("t", (told("t", Label("phi.id"), ("locker", "gym ?pass")),), ""))
GLUED = engine_of(Structured("t", (told("t", Label("phi.id"), ("locker no",), glued=True),), ""))
CODED = engine_of(Structured("t", (told("t", Label("phi.id"), ("study",), check=coded),), ""))


@pytest.mark.parametrize(
    "line",
    [
        "locker ⟦12345⟧",
        "Locker No. ⟦A-987⟧",
        "locker number is: ⟦IN-789012⟧",
        '"locker": {"value": "⟦9981⟧"}',
        "gympass ⟦123⟧",
        "locker\n  ⟦12-34-5678⟧, then",
        "<locker>⟦123⟧</locker>",
        "locker ⟦1234 5678⟧ ok",
        "⟦locker-1234⟧",
        "locker ⟦12345⟧/DOB",
        "locker id for the patient is ⟦77X1⟧",
        "locker ⟦#123⟧",
    ],
)
def test_values(line: str) -> None:
    text, expected = marked(line)
    assert found(PLAIN, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "locker 12",
        "locker 1234 mg",
        "locker 2019",
        "locker 04/05/2023",
        "locker 12.50",
        "locker jane 12345",
        "blocker 12345",
        "locker 500 patients",
        "locker 1,234.56",
        "locker 123@x",
        "locker: none. 12345",
        "lockers12345",
    ],
)
def test_what_is_no_value(text: str) -> None:
    assert found(PLAIN, text) == []


@pytest.mark.parametrize("line", ["gymLockerNo⟦1234⟧", "locker_no=⟦1234⟧", "⟦lockerno-1234⟧"])
def test_glued(line: str) -> None:
    text, expected = marked(line)
    assert found(GLUED, text) == expected


@pytest.mark.parametrize(
    "line", ["study ⟦AB-123⟧", "study ⟦123456⟧", "study 1234", "study of 123456", "study ⟦P0012⟧ of 5"]
)
def test_coded(line: str) -> None:
    text, expected = marked(line)
    assert found(CODED, text) == expected


@pytest.mark.parametrize("unit", ["locker ", "locker no ", "1-", "a-1 ", "<a>", "no ", "locker 1 "])
def test_a_long_text_takes_time_in_proportion(unit: str) -> None:
    for engine in (PLAIN, GLUED):
        engine.find(unit * (200_000 // len(unit)) + "1234")
        assert engine.failed == 0


@pytest.mark.parametrize(
    "line",
    [
        "gym (locker): ⟦12345⟧",
        '"locker"}, "value": "⟦9981⟧"',
        "locker ⟦H 002281⟧, then",
        "locker ⟦882 110 334⟧",
        "locker ⟦11 20 93⟧",
        "locker ⟦4 1 5 2 2⟧",
        "gympass ⟦SN-DKX-759225⟧",
        "a, b, locker\n⟦12345⟧ and more",
        "[locker_no] ⟦9912⟧ [state] ok",
    ],
)
def test_ways_to_write_one(line: str) -> None:
    text, expected = marked(line)
    assert found(PLAIN, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "locker RFC 6749",
        "locker sha-256",
        "locker CVE-2019-5010",
        "locker x509.load_der",
        "locker 0x180000000",
        "locker-api-7d9f8b6c5d",
        "max_locker=50000",
        "locker(), 100",
        "'locker': '\\u211e'",
        "a,b,locker\n1001,x,y",
        "locker 12.0-16.0",
        "locker DUE 12345",
        "locker due 12345",
    ],
)
def test_what_is_none_either(text: str) -> None:
    assert found(PLAIN, text) == []

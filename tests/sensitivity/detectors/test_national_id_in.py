"""`national_id_in`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.national_id_in import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "Aadhaar: ⟦2341 2341 2346⟧",
    "⟦2341-2341-2346⟧",
    "PAN ⟦ABCPE1234F⟧",
]
LEFT = [
    "2341 2341 2347",
    "234123412346",
    "ABCDE1234F",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"pii.national_id.in"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

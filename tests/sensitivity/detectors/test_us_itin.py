"""`us_itin`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.us_itin import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "⟦912-70-1234⟧",
    "ITIN ⟦912 70 1234⟧",
    "itin=⟦912701234⟧",
    "taxpayer id: ⟦999-88-1234⟧",
]
LEFT = [
    "912-49-1234",
    "812-70-1234",
    "912701234",
    "912-93-1234",
    "912-70-12345",
    "phone 912-701-1234",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"pii.itin"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

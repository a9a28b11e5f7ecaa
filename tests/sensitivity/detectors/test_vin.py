"""`vin`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.vin import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "⟦1HGCM82633A004352⟧",
    "VIN ⟦1HGCM82633A004353⟧",
    "vin ⟦1hgcm82633a004352⟧",
]
LEFT = [
    "1HGCM82633A004353",
    "12345678901234567",
    "ABCDEFGHJKLMNPRST",
    "1HGCM82633A0043521",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.vehicle"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

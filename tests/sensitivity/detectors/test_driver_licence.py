"""`driver_licence`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.driver_licence import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "My driver's license number is ⟦LH329609T⟧",
    "DL# ⟦D1234567⟧",
    "ordering provider license number is ⟦1841007193⟧",
    "driver’s licence ⟦A56319335⟧",
    "certificate no. ⟦C-44120⟧",
]
LEFT = [
    "license to kill",
    "driver since 2015",
    "LH329609T",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.licence"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

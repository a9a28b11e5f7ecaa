"""`npi`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.npi import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "NPI ⟦1234567893⟧",
    "NPI: ⟦1234567890⟧, mistyped",
    "provider ⟦1234567893⟧",
]
LEFT = [
    "1234567893",
    "1700000000",
    "npi pending",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.licence"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

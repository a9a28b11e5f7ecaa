"""`mac_address`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.mac_address import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "mac ⟦00:1B:44:11:3A:B7⟧",
    "⟦00-1b-44-11-3a-b7⟧",
    "eth ⟦001b.4411.3ab7⟧",
]
LEFT = [
    "10:22:11:33",
    "00:00:00:00:00:00",
    "12-10-20-30-40-50",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.device"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

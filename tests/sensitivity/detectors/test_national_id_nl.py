"""`national_id_nl`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.national_id_nl import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "BSN ⟦111222333⟧",
    '"bsn": "⟦111222333⟧"',
    "burgerservicenummer van Jan: ⟦1112.22.333⟧",
]
LEFT = [
    "111222333",
    "111222334",
    "BSN onbekend",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"pii.national_id.nl"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

"""`national_id_pt`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.national_id_pt import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "NIF ⟦123456789⟧",
    "contribuinte: ⟦123 456 789⟧",
]
LEFT = [
    "123456789",
    "123456788",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"pii.national_id.pt"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

"""`national_id_fr`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.national_id_fr import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "NIR ⟦2 55 08 14 168 025 38⟧",
    "⟦255081416802538⟧",
]
LEFT = [
    "255081416802539",
    "2 55 08 14 168 025 39",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"pii.national_id.fr"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

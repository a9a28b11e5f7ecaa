"""`uuid`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.uuid import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "patient_id=⟦123e4567-e89b-12d3-a456-426614174000⟧",
    '"memberId": "⟦123e4567-e89b-12d3-a456-426614174000⟧"',
    "subject uuid ⟦123e4567-e89b-12d3-a456-426614174000⟧",
]
LEFT = [
    "request 123e4567-e89b-12d3-a456-426614174000",
    "trace_id=123e4567-e89b-12d3-a456-426614174000",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"phi.id", "phi.health_plan"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

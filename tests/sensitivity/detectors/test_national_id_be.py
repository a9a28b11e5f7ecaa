"""`national_id_be`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.national_id_be import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "⟦85.07.30-033.28⟧",
    "rijksregisternummer ⟦85073003328⟧",
]
LEFT = [
    "85.07.30-033.29",
    "85073003328",
    "85.13.30-033.28",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"pii.national_id.be"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

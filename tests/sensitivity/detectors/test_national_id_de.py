"""`national_id_de`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.national_id_de import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "Steuer-ID: ⟦86095742719⟧",
    "⟦86 095 742 719⟧",
    "Personalausweis ⟦L01X00T471⟧",
]
LEFT = [
    "86095742719",
    "86095742718",
    "86 095 742 718",
    "L01X00T472",
    "L01X00T471",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"pii.national_id.de"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

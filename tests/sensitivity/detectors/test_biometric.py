"""`biometric`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.biometric import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "Voiceprint template ⟦VP-559A⟧ is",
    "fingerprint ID: ⟦FP-00912⟧",
    "iris scan hash ⟦9f31aa02⟧",
]
LEFT = [
    "fingerprint reader broke",
    "DNA test in 2019",
    "iris 3 is blue",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.biometric"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

"""`photo`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.photo import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "on file as ⟦marisol_frontal_2024.jpg⟧.",
    "photo ⟦IMG_0042.HEIC⟧",
    "her picture: ⟦mf2024.png⟧",
]
LEFT = [
    "logo.png",
    "chart.png of vitals",
    "see report.pdf",
    "figure2.png",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.photo"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

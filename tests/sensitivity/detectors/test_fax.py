"""`fax`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.fax import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "Fax: ⟦312-555-0198⟧",
    "Records were faxed to ⟦(312) 555-0198⟧",
    "⟦001-748-088-2851x818⟧-Fax",
    "fax ⟦+49 89 1234567⟧",
    "⟦833.719.3994⟧ fax",
]
LEFT = [
    "fax machine 3 is broken",
    "call 312-555-0198",
    "fax on 04/05/2023",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.fax"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

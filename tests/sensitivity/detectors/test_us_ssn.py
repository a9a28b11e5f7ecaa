"""`us_ssn`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.us_ssn import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "SSN ⟦402-19-8877⟧",
    "ssn: ⟦402198877⟧",
    "soc sec no ⟦402 19 8877⟧",
    "X⟦402-19-8877⟧X",
    "social security number (⟦402.19.8877⟧)",
    "ref ⟦402-19-8877⟧ alone",
    "SSN is ⟦987-65-4321⟧, mistyped or not",
    "ssn ⟦000-12-3456⟧",
    "SSN last four ⟦8877⟧",
    "patientSSN=⟦402198877⟧",
]
LEFT = [
    "402198877",
    "978-402-19-8877-0",
    "402-19-88771",
    "1402-19-8877",
    "2023-04-05",
    "402-198877",
    "000.12.3456",
    "room 402 on 19 June",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.ssn"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

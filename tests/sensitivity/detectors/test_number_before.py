"""`number_before`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.number_before import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    ("number ⟦123456782⟧ (BSN), then", "pii.national_id"),
    ("⟦00482913⟧ (MRN)", "phi.mrn"),
    ("⟦AB-44120⟧ [policy no.]", "phi.health_plan"),
    ("⟦12345678Z⟧ (DNI)", "pii.national_id"),
    ("⟦1234567893⟧ (NPI)", "phi.licence"),
]
LEFT = ["1234 (MRN)", "see chart (MRN)", "12345 (bottles)", "2024 (policy)"]


@pytest.mark.parametrize(("line", "label"), FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str, label: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {label}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []


@pytest.mark.parametrize("unit", ["1", "a-", "12345 (", "12345 (mrn", "("])
def test_a_long_text_takes_time_in_proportion(unit: str) -> None:
    ENGINE.find(unit * (300_000 // len(unit)))
    assert ENGINE.failed == 0

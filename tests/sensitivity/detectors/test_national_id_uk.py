"""`national_id_uk`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.national_id_uk import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "⟦AB 12 34 56 C⟧",
    "nino=⟦AB123456C⟧",
    "NHS number ⟦943 476 5919⟧",
    "nhs_no: ⟦9434765919⟧",
    "NINO ⟦QQ123456C⟧",
]
LEFT = [
    "GB123456A",
    "943 476 5918",
    "943 476 5919",
    "AB123456E",
    "DA123456A",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"pii.national_id.uk"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

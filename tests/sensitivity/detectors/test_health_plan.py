"""`health_plan`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.health_plan import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "⟦1EG4-TE5-MK73⟧",
    "Medicare ⟦1eg4te5mk73⟧",
    "insurance ID ⟦DEF-654321⟧",
    "(Insurance: ⟦AA-987654⟧)",
    "member ID is ⟦HPX-77-40921⟧",
    "memberId=⟦W123456789⟧",
    "policy ⟦#BC-654321⟧.",
    "his plan is ⟦HP-987654⟧",
    "issues with ⟦HMO-234567⟧",
    "Medicare ⟦#AB-987654⟧",
]
LEFT = [
    "1EG4-TE5-MK7",
    "plan to follow up in 2 weeks",
    "insurance covers 80 percent of 2500 dollars",
    "policy was written in 2019",
    "group of 1500 patients",
    "planet 12345",
    "member since 2015",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.health_plan"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

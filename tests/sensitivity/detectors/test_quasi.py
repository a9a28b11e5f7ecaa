"""`quasi`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.quasi import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "Gender: ⟦Female⟧",
    "sex=⟦M⟧",
    "race: ⟦Asian⟧",
    '"ethnicity": "⟦Hispanic⟧"',
    "Occupation: ⟦bus driver⟧",
    "salary: ⟦$85,000⟧",
]
LEFT = [
    "gender studies",
    "race to the top",
    "sex: unknowable",
    "occupation of the city",
    "salary review",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"quasi.race", "quasi.gender", "quasi.occupation", "pii.salary"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

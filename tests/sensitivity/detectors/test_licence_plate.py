"""`licence_plate`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.licence_plate import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "licence plate ⟦W08-DGS⟧ exited",
    "plate ⟦B04-EGY⟧, then",
    "Kennzeichen ⟦M-AB 1234⟧ entered",
    '"reg": "⟦AB12 CDE⟧"',
    "plate ⟦AB-123-CD⟧",
    "car tag# ⟦BZN 4471⟧ (TX)",
    "plate ⟦8XYZ432⟧",
    "License plate: ⟦ABC-1234⟧",
    "licence plate ⟦AB12 CDE⟧",
    "license plate ⟦250000⟧",
]
LEFT = [
    "for tag, ai1, ai2 in tags",
    "<tag>xc3</tag>",
    "plate 12 was moved",
    "plates 250000",
    "plate was bent",
    "8XYZ432",
    "tag line 2",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.vehicle"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

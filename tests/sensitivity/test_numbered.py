"""Numbers with check digits behind words: one that fails has a lower score, right behind its word alone."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of

from interlock.sensitivity.detectors import national_id_nl, national_id_uk
from interlock.sensitivity.numbered import LOWERED

ENGINE = engine_of(national_id_nl.DETECTOR, national_id_uk.DETECTOR)


@pytest.mark.parametrize(
    "text", ["BSN 111222334", "NHS number: 943 476 5918", 'bsn: "111222334"', "NHS no. is 9434765918"]
)
def test_a_mistyped_number_counts_less(text: str) -> None:
    (found,) = ENGINE.find(text)
    assert found.score == LOWERED


@pytest.mark.parametrize("text", ["BSN 111222333", "NHS number: 943 476 5919"])
def test_a_right_one_counts_more(text: str) -> None:
    (found,) = ENGINE.find(text)
    assert found.score > LOWERED


@pytest.mark.parametrize("text", ["BSN was asked for, got 111222334", "111222334", "NHS trust, list 9434765918"])
def test_a_wrong_one_elsewhere_does_not(text: str) -> None:
    assert ENGINE.find(text) == ()

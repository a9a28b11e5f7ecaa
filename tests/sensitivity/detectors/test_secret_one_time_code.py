"""`secret_one_time_code`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.secret_one_time_code import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "Your verification code is ⟦493021⟧",
    "OTP: ⟦493021⟧",
    "PIN: ⟦4821⟧",
    "pin code is ⟦482193⟧",
]
LEFT = [
    "pin 4 of 12",
    "error code is 40412",
    "pinned: 20231",
    "code: 493021",
    "login code was changed",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"secret.code"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

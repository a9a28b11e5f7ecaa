"""`passport`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.passport import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "X-Passport-Number: ⟦C72985780⟧",
    "[passport_no] ⟦JZ6633886⟧ [x]",
    "passportNumber=⟦X4RTBPFW4⟧",
    "passport no. ⟦123456789⟧",
    "US passport ⟦483920112⟧",
    "Passport: ⟦C01X00T47⟧",
    "passport_number=⟦A12345678⟧",
    "Reisepass: ⟦C01X0006H⟧",
    "⟦P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<⟧",
    "⟦L898902C36UTO7408122F1204159ZE184226B<<<<<10⟧",
]
LEFT = [
    "passport expired 2019",
    "passport photo 35x45",
    "A12345678",
    "passport control at gate",
    "L898902C46UTO7408122F1204159ZE184226B<<<<<10",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"pii.passport"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

"""`device_serial`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.device_serial import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "device ⟦SN-DKX-759225⟧ mac",
    "device ⟦FV76-36581-LE⟧ mac",
    "DeviceSN=⟦0732-UJN5-KSWO⟧",
    "Device serial ⟦SN-CG5-881207X⟧.",
    "S/N ⟦A1B2-99881⟧",
    "UDI ⟦(01)00844588003288(17)141120(10)7654321D(21)1098d⟧",
    "IMEI ⟦490154203237518⟧",
    "serialNumber=⟦CG58812⟧",
    "pacemaker ⟦PM-77120⟧",
]
LEFT = [
    '"serial": 118,',
    "Decimal('snan'), 1.222",
    "serial creatinine 120 mmol",
    "device in place for 365 days",
    "490154203237518",
    "implant 10 years ago",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.device"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

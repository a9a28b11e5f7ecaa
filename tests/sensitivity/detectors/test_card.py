"""`card`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.card import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "my card, the number was ⟦2131-4898-8130-514⟧, please",
    "other card is ⟦5883-6687-3812⟧ and",
    "card=⟦180086518997748⟧ amount=16.00",
    "card? it's ⟦4485 2758 6014 5522⟧ ok",
    "card ⟦4111 1111 1111 1111⟧ ok",
    "⟦4111111111111111⟧",
    "cc#⟦378282246310005⟧",
    "⟦5555.5555.5555.4444⟧",
    "X⟦4111111111111111⟧X",
    "⟦4111-1111-1111-1111⟧",
    "2024 ⟦4111 1111 1111 1111⟧",
    "⟦3782-822463-10005⟧",
    "⟦4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1⟧",
    "⟦6011111111111117⟧",
    "CVV: ⟦123⟧",
    "security code ⟦9876⟧",
    "exp ⟦12/27⟧",
    "expiration date: ⟦08/2026⟧",
    "⟦4111111111111111⟧|⟦12|2027|123⟧",
    "⟦%B4111111111111111^DOE/JOHN^2512101123⟧",
]
LEFT = [
    "SIM card 8944110066778899001",
    "4485 2758 6014 5522",
    "4111 1111 1111 1112",
    "4111111111111112",
    "1700000000000000",
    "0.4111111111111111",
    "sha 4111111111111111abcdef0123",
    "order 1234 5678 9012 3456",
    "cvv required",
    "exp 2.7183",
    "expires in 12/3 of cases",
    "0000000000000000",
    "security code of conduct",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"pci.track", "pci.pan", "pci.expiry", "pci.cvv"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

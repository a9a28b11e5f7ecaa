"""`bank`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.bank import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "routing number ⟦021000021⟧",
    "ABA: ⟦021000021⟧",
    "routing_number=⟦011401533⟧",
    "bank account: ⟦123456789⟧",
    "checking account number ⟦000123456789⟧",
    "BIC ⟦COBADEFFXXX⟧",
    "swift code: ⟦DEUTDEFF⟧",
    "sort code ⟦20-00-00⟧",
]
LEFT = [
    "021000021",
    "number 021000022",
    "COBADEFFXXX",
    "bank of 12 rivers",
    "SWIFT RESPONSE team",
    "routing table 12",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"pci.bank_account", "pci.bic", "pci.routing"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

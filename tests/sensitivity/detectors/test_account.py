"""`account`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.account import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "Billing account ⟦6620148833⟧ was",
    "acct_no: ⟦0012345678⟧",
    '"account_number": "⟦88123901⟧"',
    "Acct#: ⟦SH-456789⟧",
    "his account number ⟦BA-98765432⟧",
]
LEFT = [
    "account balance is $1,234.56",
    "on account of 3 falls",
    "6620148833",
    "customer of 10 years",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.account"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

"""`iban`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.iban import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "iban=⟦GB81CGCQ4396034086332⟧ ref",
    "IBAN: ⟦NL20 INGB 0001 2345 60⟧ and",
    "IBAN of the landlord: ⟦GB13NBES8372939851842⟧. He",
    "received payment from ⟦PH976264676414318443⟧, thanks",
    "IBAN ⟦DE89 3704 0044 0532 0130 00⟧ BIC",
    "iban: ⟦gb29nwbk60161331926819⟧",
    "⟦FR14 2004 1010 0505 0001 3M02 606⟧",
    "⟦NL91ABNA0417164300⟧,x",
    "⟦DE89 3704 0044 0532 0130 00⟧",
]
LEFT = [
    "part PH976264676414318443",
    "DE89 3704 0044 0532 0130 01",
    "DE88370400440532013000",
    "XX89370400440532013000",
    "de89370400440532013000aa",
    "GB29601613319268",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"pci.iban"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

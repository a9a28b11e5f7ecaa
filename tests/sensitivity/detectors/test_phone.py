"""`phone`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.phone import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "call ⟦(312) 555-0198⟧",
    "⟦312.555.0198⟧",
    "⟦(978)645-9740x11144⟧ mobile",
    "phone ⟦3125550198⟧",
    "cell: ⟦+1 312 555 0198⟧",
    "⟦+44 20 7946 0958⟧",
    "Tel. ⟦+49 (0)89 1234567⟧",
    "Mobil: ⟦0171 1234567⟧",
    "tél ⟦01 23 45 67 89⟧",
    "reach her at ⟦555-0142⟧",
    "home ⟦312-555-0198 ext. 22⟧",
    "⟦+31612345678⟧",
    "You can call ⟦33 93 31⟧",
    "⟦089 72 63 41⟧ office",
]
LEFT = [
    "take 25 mg 3-4 times",
    "BP 120/80",
    "WBC 7.4, platelets 250000",
    "1700000000",
    "2023-04-05 10:22:11",
    "version 1.2.3.4",
    "port 8080",
    "555-0142",
    "from 1999-2004",
    "9fceb02d0ae598e95dc970b74767f19372d61af8",
    "E11.9 and 99213",
    "call in 10-14 days",
    "400-401-402-403-404-405-406-407",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.phone"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

"""`record_number`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.record_number import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "EIN ⟦12-3456789⟧",
    "order number ⟦448120⟧",
    "study code ⟦CRIMSON-0447⟧ links",
    "case number ⟦24-CV-10382⟧",
    "claim # ⟦CLM-2023-88121⟧",
    "referral no ⟦R-558120⟧",
    "employee id ⟦E004512⟧",
    "prior authorization ⟦PA-5567812⟧",
    "ref. code: ⟦EM-2554⟧",
    "(ID: ⟦987654321⟧)",
    "user ⟦550e8400-e29b-41d4-a716-446655440000⟧",
    "subject ⟦S-0041⟧",
]
LEFT = [
    "trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
    '{"id": 482137, "ok": true}',
    "txn_id=900112",
    "order_id: 100231",
    "X-Request-Id: 7f2b1c7e-5a6d-4c3b-8a7f-1e2d3c4b5a69",
    "claims-api-7d9f8b6c5d-x2k4q",
    "study of 1200 patients",
    "a case of 24 bottles",
    "in case 3 fell",
    "id: 12",
    "visit 3 of 12",
    "trace 550e8400-e29b-41d4-a716-446655440000",
    "covid 19",
    "paid 500000",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.id"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

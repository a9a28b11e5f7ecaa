"""`mrn`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.mrn import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "MRN: ⟦92-40-93⟧",
    "MRN ⟦12-11-93⟧ pulled",
    "MRN# ⟦11 20 93⟧",
    "MRN: ⟦H 002281⟧",
    "medical record number (MRN): ⟦482913⟧",
    '"Medical record number"},"value":"⟦7750123⟧"',
    "MedRecNo=⟦0592922⟧",
    "(MRN ⟦5583920⟧)",
    "chartMRN⟦04857211⟧ with",
    "MRN#: ⟦FL-987654⟧",
    "filed under mrn ⟦2280⟧ pending",
    "medical record no:        ⟦558-39-20⟧",
    "MRN: ⟦12345-JS⟧?",
    '{"mrn": "⟦04857211⟧"}',
    "<mrn>⟦04857211⟧</mrn>",
    "MRN: ⟦IN-789012⟧",
    "Patient ID: ⟦ABCD1234⟧",
    "⟦MRN-0048213⟧",
]
LEFT = [
    "MAX_RECORDS: 50000",
    "MRN unknown, DOB 01/02/1960",
    "5583920",
    "record 45 minutes",
    "chart of 12 mg",
    "patient 45 years",
    "MRN pending.",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.mrn"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

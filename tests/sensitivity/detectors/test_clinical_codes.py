"""`clinical_codes`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.clinical_codes import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "ICD-10: ⟦E11.9⟧",
    "dx code ⟦I10⟧",
    "diagnosis: ⟦C50.911⟧",
    "SNOMED CT ⟦73211009⟧",
    "LOINC ⟦4548-4⟧",
    "NDC ⟦0093-7214-01⟧",
    "CPT ⟦99213⟧",
    "HCPCS: ⟦J0135⟧",
]
LEFT = [
    "E11.9",
    "version V1.25",
    "SNOMED 73211008",
    "LOINC 4548-5",
    "4548-4",
    "0093-7214-01",
    "99213",
    "step A10.2",
    "room B12",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {
        "phi.clinical.medication",
        "phi.clinical.diagnosis",
        "phi.clinical.lab",
        "phi.clinical.procedure",
    }


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

"""Clinical codes where words show them: ICD-10-CM, SNOMED CT, LOINC, NDC, CPT and HCPCS."""

from __future__ import annotations

from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.check_digits import luhn, verhoeff
from interlock.sensitivity.numbered import told_number
from interlock.sensitivity.pattern import Structured

_DIAGNOSIS: Final = (
    "icd",
    "icd10",
    "icd-10",
    "icd-10-cm",
    "icd10cm",
    "icd code",
    "dx",
    "dx code",
    "diagnosis",
    "diagnoses",
)
_SNOMED: Final = ("snomed", "snomed ct", "sct", "sctid", "snomed code", "concept id")
_LOINC: Final = ("loinc", "loinc code", "lnc")
_NDC: Final = ("ndc", "ndc code", "ndc11", "national drug code", "drug code")
_PROCEDURE: Final = ("cpt", "cpt4", "cpt-4", "cpt code", "hcpcs", "hcpcs code", "procedure code", "proc code")


def is_snomed(digits: str) -> bool:
    """SNOMED CT identifiers end in a partition (00, 01, 02, 10, 11, 12) and Verhoeff's digit."""
    return digits[-3:-1] in ("00", "01", "02", "10", "11", "12") and verhoeff(digits)


def is_loinc(digits: str) -> bool:
    """The digit behind the hyphen is Luhn's."""
    return luhn(digits)


DETECTOR = Structured(
    "clinical_codes",
    (
        told_number(
            "clinical.icd10",
            r"[A-TV-Z][0-9][0-9AB]\.?[0-9A-Z]{0,4}",
            Label("phi.clinical.diagnosis"),
            str.isalnum,
            0.75,
            _DIAGNOSIS,
            why="form",
        ),
        told_number("clinical.snomed", r"[1-9][0-9]{5,17}", Label("phi.clinical.diagnosis"), is_snomed, 0.75, _SNOMED),
        told_number("clinical.loinc", r"[0-9]{1,5}-[0-9]", Label("phi.clinical.lab"), is_loinc, 0.75, _LOINC),
        told_number(
            "clinical.ndc",
            r"[0-9]{4,5}-[0-9]{3,4}-[0-9]{1,2}|[0-9]{11}",
            Label("phi.clinical.medication"),
            str.isdigit,
            0.75,
            _NDC,
            why="form",
        ),
        told_number(
            "clinical.procedure",
            r"[0-9]{4}[0-9FTU]|[A-V][0-9]{4}",
            Label("phi.clinical.procedure"),
            str.isalnum,
            0.75,
            _PROCEDURE,
            why="form",
        ),
    ),
    "clinical codes behind words that show them: ICD-10, SNOMED CT, LOINC, NDC, CPT",
)

"""What the fields of HL7 v2 segments hold (HL7 v2.5.1 chapters 2A, 3, 4, 6, 7; later versions add, and keep these).

A field has a type, a type's components have labels. What isn't listed is looked into like any text.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from interlock.model.label import Label

_GIVEN, _FAMILY, _NAME = Label("phi.name.given"), Label("phi.name.family"), Label("phi.name")
_STREET, _CITY, _ZIP = Label("phi.address.street"), Label("phi.address.city"), Label("phi.address.zip")
_FACILITY, _PHONE = Label("phi.address.facility"), Label("phi.phone")

WHOLE_TEXTS: Final = frozenset({"ST", "TX", "FT"})
"""Types in which a stray separator is a character: taken whole, not by components."""

CODES: Final = frozenset({"ID", "IS", "SI", "NM", "SN", "HD", "VID", "MSG", "PT"})
"""Types of codes and numbers: looked into only where they look like something else."""

COMPONENTS: Final[Mapping[str, Mapping[int, Label]]] = MappingProxyType(
    {
        "XPN": {1: _FAMILY, 2: _GIVEN, 3: _GIVEN, 4: _NAME},
        "XCN": {1: Label("phi.id"), 2: _FAMILY, 3: _GIVEN, 4: _GIVEN, 5: _NAME},
        "CNN": {1: Label("phi.id"), 2: _FAMILY, 3: _GIVEN, 4: _GIVEN, 5: _NAME},
        "XAD": {
            1: _STREET,
            2: _STREET,
            3: _CITY,
            4: Label("quasi.state"),
            5: _ZIP,
            6: Label("quasi.country"),
            8: _CITY,
            9: _CITY,
            10: Label("phi.address"),
        },
        "XTN": {
            **dict.fromkeys((1, 5, 6, 7, 8, 9, 10, 12), _PHONE),
            4: Label("phi.email"),
        },
        "CX": {1: Label("phi.id")},
        "EI": {1: Label("phi.id")},
        "DLN": {1: Label("phi.licence")},
        "XON": {1: _FACILITY},
        "PL": {4: _FACILITY, 7: _FACILITY},
        "SSN": {1: Label("phi.ssn")},
    }
)
"""Labels of components by type. Those of XTN and CX also depend on a code beside them."""

IDENTIFIERS: Final[Mapping[str, Label]] = MappingProxyType(
    {
        code: Label(label)
        for label, codes in {
            "phi.mrn": "MR MRT PI PT PRC",
            "phi.ssn": "SS",
            "phi.licence": "DL DN LN MD DO NPI DEA RN PN PRN UPIN BR CHN",
            "phi.health_plan": "MA MC MB HC SN MCR MCN NIIP PHC JHN",
            "phi.account": "AN AM ANON BC GI",
            "phi.id": "VN XX EI EN FI GN",
            "pii.passport": "PPN",
            "pii.itin": "TAX",
            "pii.national_id": "NI NH NNESP NNxxx PE INDV",
            "pci.bank_account": "BA",
            "pci.pan": "AX DI VS CC",
        }.items()
        for code in codes.split()
    }
)
"""Table 0203, identifier types; the FHIR code system v2-0203 is the same."""

_SEGMENTS: Final = """
MSH: HD 3 5; FAC 4 6; TS 7; ID 10 11 12 18 19
EVN: TS 2 3 6; XCN 5
PID: CX/phi.mrn 2 3 4; XPN 5 6 9; TS/phi.date.birth 7; ST/quasi.gender 8; CE/quasi.race 10 22; XAD 11;
    ST/phi.address.city 12 23; XTN 13 14; CX/phi.account 18; SSN 19; DLN 20; CX 21; CE/quasi.country 26 28;
    TS/phi.date.death 29; TS 33
PD1: XON 3; XCN 4
NK1: XPN 2 26 30; XAD 4 32; XTN 5 6 31; TS 8 9; ST/quasi.occupation 10; CX 12 33; XON 13; TS/phi.date.birth 16;
    SSN 37; ST/quasi.gender 15
PV1: PL 3 6 11 42 43; CX 5 50; XCN 7 8 9 17 52; CX/phi.id 19; TS 44 45
PV2: PL 1; TS 8 9 14 26 33; XCN 13; XON 23
GT1: CX 2 19; XPN 3 4 16 42 45; XAD 5 17; XTN 6 7 18 46; TS/phi.date.birth 8; SSN 12; TS 13 14; XON 21;
    ST/quasi.gender 9
IN1: CX/phi.health_plan 49; XON 9 11; XAD 5 19 44; XPN 6 16; XTN 7; ST/phi.health_plan 8 36; CX 10;
    TS 12 13 24 26 29; TS/phi.date.birth 18; XCN 27 30
IN2: CX 1 61; SSN 2; XCN 3; ST/phi.health_plan 6 8 10; XPN 7 9 22 40 49 50 52; XTN 53 58 63 64; XAD 51 55;
    TS 17 18 19
IN3: CX 2; XCN 3 8 14 25; TS 6 7 9 10 13; XTN 16 19
MRG: CX/phi.mrn 1 2 4; CX/phi.account 3; CX 5 6; XPN 7
ORC: EI 2 3 4 8; TS 9 15 27; XCN 10 11 12 19; XTN 14 23; XON 21; XAD 22 24
OBR: EI 2 3; TS 6 7 8 14 22 36; XCN 10 16 28; XTN 17; CNN 32 33 34 35
OBX: ID 1 2 11; TS 12 14 19; XCN 16 25; EI 18; XON 23; XAD 24
NTE: FT 3
DG1: CE/phi.clinical.diagnosis 3; ST/phi.clinical.diagnosis 4; TS 5 19; XCN 16
PR1: CE/phi.clinical.procedure 3; ST/phi.clinical.procedure 4; TS 5; XCN 8 11 12
AL1: TS 6
ACC: TS 1; XCN 7; XAD 11
FT1: TS 4 5; XCN 20 21 24
RXE: CE/phi.clinical.medication 2; XCN 13 14; ST/phi.id 15; TS 18 32
RXO: CE/phi.clinical.medication 1; XCN 14
RXA: CE/phi.clinical.medication 5; TS 3 4 16 22; XCN 10
RXD: CE/phi.clinical.medication 2; TS 3; ST/phi.id 7; XCN 10 11
TXA: TS 4 6 7 8; XCN 5 9 10 11; EI 12 13 14 15
SCH: EI 1 2 26 27; XCN 12 16 20; XTN 13 17 21; XAD 14 18
SPM: EI 2 3; TS 17 18
STF: CX 2; XPN 3; TS/phi.date.birth 6; XTN 10; XAD 11; TS 12 13
ROL: XCN 4; TS 5 6; XAD 11; XTN 12
CTD: XPN 2; XAD 3; XTN 5
QRD: XCN 8
"""  # segment: type of fields; a type with a label where all of it is that


def field_type(segment: str, field: int) -> tuple[str, Label | None]:
    """(type, label of the field itself) of a field; ("", None) of one that isn't listed."""
    return _FIELDS.get((segment, field), ("", None))


def _fields() -> Mapping[tuple[str, int], tuple[str, Label | None]]:
    found: dict[tuple[str, int], tuple[str, Label | None]] = {}
    for line in _SEGMENTS.replace("\n    ", " ").strip().splitlines():
        segment, _, types = line.partition(": ")
        for each in types.split("; "):
            told, *numbers = each.split()
            type_, _, label = told.partition("/")
            for number in numbers:
                found[segment, int(number)] = (type_, Label(label) if label else None)
    return MappingProxyType(found)


_FIELDS: Final = _fields()

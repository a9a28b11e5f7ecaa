"""Numbers told by the name beside them."""

from __future__ import annotations

import pytest

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.detectors.beside_names import detector
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.passage import Passage

_NAME, _MRN = Label("phi.name"), Label("phi.mrn")


def _found(text: str, name: str, label: Label = _NAME) -> list[tuple[str, str]]:
    start = text.index(name)
    passage = Passage(text, [Finding(start, start + len(name), label, 0.9, "test")])
    return [(text[f.start : f.end], f.label) for f in detector(Tables()).find(passage)]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("Jane Roe (4410023) was seen", "Jane Roe", [("4410023", "phi.mrn")]),
        ("mar of Roe, Jane (#E3501495)", "Roe, Jane", [("E3501495", "phi.mrn")]),
        ("Jane Roe (96), on oxygen", "Jane Roe", [("96", "phi.age")]),
        (
            "ROE^JANE   E4471902   F   19420305",
            "ROE^JANE",
            [("E4471902", "phi.mrn"), ("19420305", "phi.date.birth")],
        ),
        ("Guardian Jane Roe, 6042382258", "Jane Roe", [("6042382258", "phi.phone")]),
        ("(17,'Jane Roe','ZGP4921654830')", "Jane Roe", [("ZGP4921654830", "phi.id")]),
    ],
)
def test_what_stands_beside_a_name_is_found(text: str, name: str, expected: list[tuple[str, str]]) -> None:
    assert _found(text, name) == expected


@pytest.mark.parametrize(
    "text", ["Jane Roe (2019) says", "Jane Roe (34), on oxygen", "Jane Roe (2024-11-22)", "Jane Roe"]
)
def test_years_dates_and_younger_ages_stay(text: str) -> None:
    assert _found(text, "Jane Roe") == []


def test_another_number_in_a_list_with_one_is_found() -> None:
    assert _found("MRN 4711002 and 4711003", "4711002", _MRN) == [("4711003", "phi.mrn")]
    assert _found("MRN 4711002 and 12", "4711002", _MRN) == []

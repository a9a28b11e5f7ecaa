from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sensitivity.detectors.a_gazetteer import HOSTILE, TABLES, found, labels

from interlock.sensitivity.detectors.ages import detector

AGES = detector(TABLES)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("A 94-year-old man", "94-year-old"),
        ("aged 91, lives alone", "91"),
        ("ninety-two years old", "ninety-two years old"),
        ("pt is 102 yo with CHF", "102 yo"),
        ("a 95 y/o woman", "95 y/o"),
        ("93yo F", "93yo"),
        ("age: 95", "95"),
        ("94F with CHF", "94F"),
        ("she is 97 and well", "97"),
        ("her 90th birthday", "90th"),
        ("in her nineties", "nineties"),
        ("a centenarian", "centenarian"),
        ("90 years of age", "90 years of age"),
        ('{"age": 96}', "96"),
    ],
)
def test_an_age_over_89_is_found(text: str, age: str) -> None:
    assert age in " ".join(found(AGES, text))
    assert labels(AGES, text) == {"phi.age"}


@pytest.mark.parametrize(
    "text",
    [
        "a 65-year-old",
        "aged 45",
        "age: 12",
        "89 years old",
        "95% on room air",
        "weight 92 kg",
        "sat 95",
        "95 mg",
        "for 95 years",
        "100 years of history",
        "room 101",
        "HR 96",
        "the 92-year history",
        "99 bottles",
        "temp 98.6",
        "BP 120/90",
        "at 120 bpm",
        "100-year-old building",
        "in the 90s",
    ],
)
def test_what_is_none_stays(text: str) -> None:
    assert found(AGES, text) == []


def test_a_field_of_ages() -> None:
    assert found(AGES, "97", telling="patient_age") == ["97"]
    assert found(AGES, "45", telling="patient_age") == []
    assert found(AGES, "97", telling="page") == []


@given(st.text(max_size=80))
def test_any_text_is_taken_and_what_comes_after_it_is_found(text: str) -> None:
    assert found(AGES, f"{text}\n\nShe is 97 years old.")[-1:] == ["97 years old"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_hostile_texts_end_and_what_comes_after_them_is_found(piece: str) -> None:
    text = piece * (30_000 // len(piece))
    assert found(AGES, f"{text}\n\nShe is 97 years old.")[-1:] == ["97 years old"]

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sensitivity.detectors.a_gazetteer import HOSTILE, TABLES, found, labels

from interlock.sensitivity.detectors.places import detector
from interlock.sensitivity.gazetteer import Tables

PLACES = detector(TABLES)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("She lives in Quincy with a cat", "Quincy"),
        ("who lives in Fairfield, CT", "Fairfield"),
        ("treated at our Newport office", "Newport"),
        ("She moved here from Kwaxuma last year", "Kwaxuma"),
        ("I'm originally from Hrušovany u Brna", "Hrušovany u Brna"),
        ("he grew up in bauru.", "bauru"),
        ("from the marshall islands", "marshall islands"),
        ("Kenya was super fun", "Kenya"),
        ("born in Reading, he moved", "Reading"),
        ("Residents of Tulare County", "Tulare County"),
        ("flew to Los Angeles on Friday", "Los Angeles"),
        ("their home city ROSSÖN is small", "ROSSÖN"),
        ("in Chiclana de la Frontera, which", "Chiclana de la Frontera"),
        ("born in New Kwaxuma, he left", "New Kwaxuma"),
        ("a man from Port Ellory with gout", "Port Ellory"),
        ("from Maryfurt with gout", "Maryfurt"),
        ("he lives in Johnmouth, WV.", "Johnmouth"),
        ("a retired teacher from East Mary, TN with gout", "East Mary"),
        ("lives in maryport, ri", "maryport"),
    ],
)
def test_a_place_is_found(text: str, place: str) -> None:
    assert place in found(PLACES, text)


@pytest.mark.parametrize(
    "text",
    [
        "Reading is hard",
        "a Mobile phone",
        "Nice work",
        "An orange a day",
        "Dr. Paris Smith",
        "Austin Reed called",
        "Charlotte will visit",
        "the Framingham score",
        "Boston criteria",
        "Parkinson's disease",
        "the Framingham Heart Study",
        "history of cough",
        "in Metformin dosing",
        "in COPD",
        "West Nile virus",
        "Framingham risk score",
    ],
)
def test_what_is_no_place_stays(text: str) -> None:
    assert found(PLACES, text) == []


def test_a_state_counts_after_a_town_that_no_table_knows() -> None:
    assert labels(PLACES, "lives in Johnmouth, WV.") == {"phi.address.city", "quasi.state"}
    assert labels(PLACES, "lives in Johnmouth, PW 96940.") == {"phi.address.city", "quasi.state", "phi.address.zip"}


@pytest.mark.parametrize(
    "text",
    ["Jane Roe, MD", "Roe J, Wu, AL; Chen, WA", "seen by Dr. Roe, PA", "etoposide", "New Patient Visit", "Chief, OR"],
)
def test_two_letters_make_no_town_of_anything(text: str) -> None:
    assert found(PLACES, text) == []


def test_states_and_countries_are_told_apart() -> None:
    assert labels(PLACES, "from Springfield, Illinois") == {"phi.address.city", "quasi.state"}
    assert labels(PLACES, "she lives in France") == {"quasi.country"}
    assert labels(PLACES, "from Fairfield, CT") == {"phi.address.city", "quasi.state"}


def test_empty_tables_raise_nothing() -> None:
    assert found(detector(Tables()), "She lives in Quincy") == ["Quincy"]


@given(st.text(max_size=80))
def test_any_text_is_taken_and_what_comes_after_it_is_found(text: str) -> None:
    assert found(PLACES, f"{text}\n\nShe lives in Quincy.")[-1:] == ["Quincy"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_hostile_texts_end_and_what_comes_after_them_is_found(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    assert found(PLACES, f"{text}\n\nShe lives in Quincy.")[-1:] == ["Quincy"]

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sensitivity.detectors.a_gazetteer import HOSTILE, TABLES, found, labels

from interlock.sensitivity.detectors.dates import detector

DATES = detector(TABLES).in_year(2026)


@pytest.mark.parametrize(
    "date",
    [
        "03/14/2024",
        "3/14/24",
        "14.03.2024",
        "2024-03-14",
        "2024/03/14",
        "3-14-2024",
        "07-15-23",
        "02/14",
        "10-2023",
        "3/2023",
        "14-Mar-2021",
        "14MAR2021",
        "March 14, 2024",
        "March 14th 2024",
        "Mar 14",
        "Feb 14th '23",
        "14 March",
        "14th of March, 2021",
        "the third of July",
        "March 3-5, 2024",
        "March 2021",
        "Oct. 3rd",
        "December 1st, 2023",
        "12th April 2022",
        "Monday, March 4, 2024",
        "Thanksgiving 2022",
        "Christmas Day 2020",
        "3 de mayo de 2020",
        "12 mars 1948",
        "July of last year",
        "last July",
        "Monday the 14th",
        "2021-03-04T10:11:12.123Z",
        "1993-10-20 12:40:13",
        "Feb 3 at 2pm",
        "01/15/2024 at 9:30 am",
        "twenty-second of May",
        "may 5th",
        "Sep 9, 2024",
        "3/1/2021-3/5/2021",
    ],
)
def test_a_date_is_found_whole(date: str) -> None:
    assert found(DATES, f"The patient came on {date}, and left.") == [date]


@pytest.mark.parametrize(
    "text",
    [
        "diagnosed in 2018",
        "for 3 weeks",
        "q8h",
        "pain 7/10",
        "BP 120/80",
        "vision 20/40",
        "strength 5/5 throughout",
        "2/6 systolic murmur",
        "1/2 tablet",
        "24/7 care",
        "version 3.14.21",
        "she may 2 times",
        "march on",
        "a 65-year-old",
        "HbA1c 7.2",
        "10.0.0.1",
        "ICD J45.901",
        "2.5-5 mg",
        "555-12-3456",
        "4111-1111-1111-1111",
        "every Monday",
        "Mondays",
        "tomorrow",
        "IMPACT trial 2022",
        "summer of 2022",
        "last year",
        "grade 3/4",
        "call 415-555-0134",
        "ratio 1:2",
        "may 5 mg",
        "Monday through Friday",
        "order 12345678",
    ],
)
def test_what_is_no_date_stays(text: str) -> None:
    assert found(DATES, text) == []


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("DOB: 04/05/2012", "phi.date.birth"),
        ("born on April 15, 1958", "phi.date.birth"),
        ("She died on 3/4/2020", "phi.date.death"),
        ("admitted to us on 3/4/2020", "phi.date.service"),
        ("the letter of 3/4/2020", "phi.date"),
        ("seen 2/2/2020, DOB 3/3/1950", "phi.date.birth"),
    ],
)
def test_the_words_before_tell_the_kind(text: str, label: str) -> None:
    assert label in labels(DATES, text)


def test_the_fields_name_tells_too() -> None:
    assert labels(DATES, "1951-07-04", telling="birth_date") == {"phi.date.birth"}
    assert found(DATES, "19510704", telling="dob") == ["19510704"]


def test_timestamps_of_messages() -> None:
    assert found(DATES, "|20240314103000-0500|ORU") == ["20240314103000-0500"]
    assert found(DATES, "PID|1||X||19510704|F") == ["19510704"]


def test_a_birth_year_that_tells_an_age_over_89() -> None:
    assert found(DATES, "He was born in 1929 in a barn") == ["1929"]
    assert found(DATES, "He was born in 1975 in a barn") == []


@pytest.mark.parametrize(("year", "hidden"), [(2026, ["1936"]), (2025, []), (2040, ["1936"])])
def test_the_present_year_decides_which_birth_years_do(year: int, hidden: list[str]) -> None:
    assert found(DATES.in_year(year), "born in 1936") == hidden


def test_without_a_year_every_year_of_birth_counts() -> None:
    assert found(detector(TABLES), "born in 1975") == ["1975"]


@pytest.mark.parametrize(
    "text",
    [
        "A trial published in March 2021 compared the two.",
        "According to data from January 2023, it works.",
        "The FDA approved it in July 2023.",
    ],
)
def test_months_of_publications_stay(text: str) -> None:
    assert found(DATES, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "The patient was in a trial in March 2021.",
        "He read the guidelines in March 2021.",
        "The guidelines are clear. Seen in March 2021.",
    ],
)
def test_months_in_a_sentence_about_somebody_do_not(text: str) -> None:
    assert any("March 2021" in each for each in found(DATES, text))


@pytest.mark.parametrize("text", ["on may 22 '01", "jan 09 '11", "12 lutego 1984", "3. března 2020"])
def test_short_years_and_other_tongues(text: str) -> None:
    assert len(found(DATES, text)) == 1


def test_ranges_in_figures() -> None:
    assert found(DATES, "from 3/1 to 3/5") == ["3/1", "3/5"]


@given(st.text(max_size=80))
def test_any_text_is_taken_and_what_comes_after_it_is_found(text: str) -> None:
    assert found(DATES, f"{text}\n\nSeen on 03/14/2024 again.")[-1:] == ["03/14/2024"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_hostile_texts_end_and_what_comes_after_them_is_found(piece: str) -> None:
    text = piece * (30_000 // len(piece))
    assert found(DATES, f"{text}\n\nSeen on 03/14/2024 again.")[-1:] == ["03/14/2024"]

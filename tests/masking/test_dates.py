"""Dates in texts: read, and another day written the same way."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.masking.dates import read_date, year_of

OTHER = date(1979, 11, 3)
READ = [
    ("1980-03-14", date(1980, 3, 14), "1979-11-03"),
    ("1980-03-14 10:22:33.5+01", date(1980, 3, 14), "1979-11-03 10:22:33.5+01"),
    ("198003141022", date(1980, 3, 14), "197911031022"),
    ("3/14/1980", date(1980, 3, 14), "11/3/1979"),
    ("03/04/1980", date(1980, 3, 4), "11/03/1979"),
    ("14.03.1980", date(1980, 3, 14), "03.11.1979"),
    ("March 14, 1980", date(1980, 3, 14), "November 3, 1979"),
    ("Mar. 14 1980", date(1980, 3, 14), "Nov 3 1979"),
    ("SEPT 1st, 1980", date(1980, 9, 1), "NOV 3rd, 1979"),
    ("14 march 1980", date(1980, 3, 14), "3 november 1979"),
    ("14-Mar-1980", date(1980, 3, 14), "03-Nov-1979"),
    ("1st May 1980", date(1980, 5, 1), "3rd November 1979"),
]


@pytest.mark.parametrize(("text", "day", "other"), READ)
def test_a_date_is_read_and_another_written(text: str, day: date, other: str) -> None:
    found = read_date(text)
    assert found is not None and found[0] == day
    assert found[1](OTHER) == other


@pytest.mark.parametrize(
    "text",
    ["", "1980", "03/80", "March 14", "14/03/80", "1980-13-01", "31.02.1980", "Smarch 14, 1980", "99999999", "a" * 9],
)
def test_what_isnt_plainly_one_date_is_none(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("in the spring of 1980", 1980),
        ("Mar 1980", 1980),
        ("1980 and 1980", 1980),
        ("1980-1985", None),
        ("80", None),
        ("21980", None),
    ],
)
def test_one_year_is_told(text: str, year: int | None) -> None:
    assert year_of(text) == year


@given(st.text(max_size=60))
def test_nothing_raises(text: str) -> None:
    found = read_date(text)
    assert found is None or isinstance(found[1](OTHER), str)
    assert year_of(text) is None or isinstance(year_of(text), int)


@given(st.dates(date(1800, 1, 1), date(2199, 12, 31)))
def test_what_is_written_is_read(day: date) -> None:
    for like in ("1980-03-14", "03/14/1980", "March 14, 1980", "14 May 1980", "19800314", "14-Mar-1980"):
        found = read_date(like)
        assert found is not None
        again = read_date(found[1](day))
        assert again is not None and again[0] == day

"""The list of three-digit ZIP areas, as data."""

from __future__ import annotations

import pytest

from interlock.masking.zip3 import CENSUS_2020, Zip3Table

# HHS's guidance listed 17 by the census of 2000; of these the later ones count these still.
STILL = ["036", "059", "102", "203", "556", "692", "821", "823", "878", "879", "884", "893"]
GROWN = ["063", "790", "830", "831", "890"]


@pytest.mark.parametrize("three", [*STILL, "202", "204", "205", "369", "753", "772"])
def test_areas_of_few_people_are_hidden(three: str) -> None:
    assert CENSUS_2020.told(three) == "000"


@pytest.mark.parametrize("three", [*GROWN, "100", "606", "943", "999", "576"])
def test_larger_ones_are_told(three: str) -> None:
    assert CENSUS_2020.told(three) == three


@pytest.mark.parametrize("three", ["000", "001", "090", "096", "340", "987"])
def test_of_what_no_census_counts_nothing_is_told(three: str) -> None:
    assert CENSUS_2020.told(three) == "000"


def test_the_list_is_whole() -> None:
    assert (len(CENSUS_2020.few), len(CENSUS_2020.unlisted)) == (18, 106)  # 894 prefixes have areas
    assert not CENSUS_2020.few & CENSUS_2020.unlisted
    assert all(len(three) == 3 and three.isdigit() for three in CENSUS_2020.few | CENSUS_2020.unlisted)


def test_another_census_may_take_its_place() -> None:
    table = Zip3Table("another", "2030-04-01", few=frozenset({"100"}), unlisted=frozenset())
    assert (table.told("100"), table.told("036")) == ("000", "036")

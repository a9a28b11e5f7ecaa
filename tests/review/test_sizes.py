"""An estimate in words, rounded so that it doesn't say more than a planner knows; and as a cap, by a fixed rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.an_office import export
from tests.upstreams.a_question import ACTOR

from interlock.model.exposure import Exposure
from interlock.model.impact import Estimable, Impact, about, most
from interlock.model.label import Label
from interlock.model.obligation import Obligations
from interlock.model.reveal import Reveal
from interlock.review.sizes import cap_by_estimate, capped, in_words

ESTIMABLE = Estimable(b"", (), "", (), (), writes=False)


@pytest.mark.parametrize(("rows", "told", "cap"), [
    (0, 0, 1_000),
    (1, 1, 1_001),
    (99, 99, 1_099),
    (100, 100, 1_100),
    (101, 110, 1_110),
    (111, 120, 1_200),
    (112, 120, 1_200),
    (1_150, 1_200, 12_000),
    (5_000, 5_000, 50_000),
    (5_001, 5_100, 51_000),
    (99_001, 100_000, 1_000_000),
])  # fmt: skip
def test_the_rule(rows: int, told: int, cap: int) -> None:
    assert (about(rows), most(rows)) == (told, cap)


@given(st.integers(0, 10**15))
def test_a_cap_is_never_below_what_was_told_nor_that_below_the_estimate(rows: int) -> None:
    assert rows <= about(rows) <= max(rows * 1.1, 99)
    assert about(about(rows)) == about(rows)
    assert most(rows) == most(about(rows)) >= about(rows) + 1_000


@pytest.mark.parametrize(("impacts", "rows", "cappable", "words"), [
    ([Impact(estimable=ESTIMABLE)], 1_150, True, "about 1,200 rows"),
    ([Impact(estimable=ESTIMABLE)], 1, True, "about 1 row"),
    ([Impact(estimable=ESTIMABLE)], 0, True, "about 0 rows"),
    ([Impact(estimable=ESTIMABLE)], 3, False,
     "about 3 rows, and nothing stops it at more: they can't be counted as it runs"),
    ([Impact(estimable=ESTIMABLE)], None, True, "not estimated: the protected system gave no estimate"),
    ([Impact(estimable=ESTIMABLE), Impact(because="it is odd")], None, True, "not estimated: it is odd"),
    ([Impact()], None, True, "not estimated"),
    ([], None, False, "not estimated"),
])  # fmt: skip
def test_in_words(impacts: list[Impact], rows: int | None, cappable: bool, words: str) -> None:
    exposures = tuple(Exposure(impact=impact) for impact in impacts)
    action = replace(export(ACTOR), exposures=exposures, rows_estimate=rows, cappable=cappable)
    assert in_words(action) == words
    assert cap_by_estimate(action) == (most(rows) if rows is not None and cappable else None)


@pytest.mark.parametrize(("before", "after"), [(None, 1_010), (5, 5), (1_010, 1_010), (9_999, 1_010)])
def test_the_smaller_cap_holds_and_all_else_stays(before: int | None, after: int) -> None:
    owed = Obligations(frozenset({Label("phi")}), frozenset({Reveal("a", Label("phi"))}), before, reason=True)
    mine = before is None or before > 1_010
    assert capped(owed, 10) == replace(owed, row_cap=after, estimated=mine)
    assert capped(owed, 10).and_also(owed) == capped(owed, 10), "as at the release, decided anew"
    assert owed.and_also(capped(owed, 10)) == capped(owed, 10)
    lowered = capped(owed, 10).and_also(replace(owed, row_cap=2))
    assert (lowered.row_cap, lowered.estimated) == (2, False)

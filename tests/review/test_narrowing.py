"""Terms put together only ever take away."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from interlock.model.decision import Quorum, Requirements, Reuse
from interlock.model.label import Label
from interlock.model.names import GroupName
from interlock.model.narrowing import Narrowing
from interlock.model.obligation import Obligations
from interlock.model.reveal import Reveal
from interlock.review.narrowing import document_of, narrowed, shortened, united

REVEALS = st.frozensets(st.sampled_from([Reveal(f"c/t.{n}", Label("phi")) for n in "xyz"]))
TERMS = st.builds(
    Narrowing,
    st.none() | st.integers(0, 100),
    st.none() | REVEALS,
    st.none() | st.integers(1, 900).map(lambda seconds: timedelta(seconds=seconds)),
)
HELD = st.builds(Obligations, mask=st.just(frozenset({Label("phi")})), reveal=REVEALS, row_cap=st.none() | st.just(50))
ASKED = Requirements(
    (Quorum(GroupName("a"), 1),), timedelta(1), timedelta(minutes=10), reuse=Reuse(2, timedelta(minutes=10))
)


@given(TERMS, TERMS)
def test_both_at_once_is_one_after_the_other(first: Narrowing, second: Narrowing) -> None:
    both = united(first, second)
    assert both == united(second, first) == united(both, first)
    assert shortened(ASKED, both) == shortened(shortened(ASKED, first), second)


@given(HELD, TERMS)
def test_nothing_is_ever_added(held: Obligations, terms: Narrowing) -> None:
    less = narrowed(held, terms)
    assert less.mask == held.mask and less.reveal <= held.reveal | (terms.reveals or frozenset())
    assert narrowed(held, Narrowing()) == held
    if held.row_cap is not None:
        assert less.row_cap is not None and less.row_cap <= held.row_cap


@given(HELD, TERMS)
def test_reveals_are_those_of_both(held: Obligations, terms: Narrowing) -> None:
    assert narrowed(held, terms).reveal <= held.reveal


@given(TERMS)
def test_terms_come_back_from_their_document(terms: Narrowing) -> None:
    assert document_of(terms.document()) == terms


def test_the_window_of_reuse_shrinks_with_the_time() -> None:
    less = shortened(ASKED, Narrowing(valid=timedelta(minutes=1)))
    assert less.valid == timedelta(minutes=1) and less.reuse == Reuse(2, timedelta(minutes=1))

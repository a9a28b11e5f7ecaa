"""The normalised view: what it says, and that offsets lead back under any Unicode."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.normal import Normal, normalise

ANY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "ab1 -\u200b\u00ad\u202e\ufb01\uff14\u2011\u0301\u0327\u1100\u1161\u11a8½№…\u3099か\ufe0f\U000e0101İß"
        ),
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("given_", "seen"),
    [
        ("４０２－１９", "402-19"),
        ("402\u201119\u20138877", "402-19-8877"),
        ("4\u200b0\u00ad2\u2060", "402"),
        ("\u202e402\u202c", "402"),
        ("a\u00a0b\u2003c\u3000d", "a b c d"),
        ("ﬁne", "fine"),
        ("Jose\u0301", "José"),
        ("\u1112\u1161\u11ab", "한"),
        ("٤٠٢ ४०२", "402 402"),
        ("O’Brien “x”", 'O\'Brien "x"'),
        ("№ 12½", "No 121⁄2"),
        ("a\u2028b\u0085c", "a\nb\nc"),
        ("か\u3099", "が"),
    ],
)
def test_what_is_written_otherwise_is_seen_the_same(given_: str, seen: str) -> None:
    assert normalise(given_).text == seen


def test_ascii_is_the_very_object() -> None:
    text = "MRN 04857211\n"
    assert normalise(text).text is text


@given(ANY)
def test_every_character_leads_back_to_what_made_it(text: str) -> None:
    view = normalise(text)
    last = 0
    for place in range(len(view.text)):
        back = view.back(Finding(place, place + 1, Label("phi"), 1.0, ""))
        assert 0 <= back.start < back.end <= len(text)
        assert back.start >= last or text[back.start : back.end] == text[last : back.end]
        assert view.text[place] in normalise(text[back.start : back.end]).text
        last = back.start


@given(ANY)
def test_nothing_that_can_be_seen_is_lost(text: str) -> None:
    view = normalise(text)
    covered: set[int] = set()
    for place in range(len(view.text)):
        back = view.back(Finding(place, place + 1, Label("phi"), 1.0, ""))
        covered.update(range(back.start, back.end))
    for place in set(range(len(text))) - covered:
        assert normalise(text[place]).text == "" or unicodedata.combining(text[place]) or not text[place].isalnum()


@given(ANY, st.integers(0, 40), st.integers(1, 10))
def test_a_view_of_a_view_leads_back_through_both(text: str, start: int, length: int) -> None:
    first = normalise(text)
    second = normalise(first.text + "\u200b").after(first) if not first.starts else normalise(first.text).after(first)
    assert isinstance(second, Normal)
    if start + length <= len(second.text):
        back = second.back(Finding(start, start + length, Label("phi"), 1.0, ""))
        assert 0 <= back.start < back.end <= len(text) + 1


@pytest.mark.parametrize("char", ["\u0301", "\u200b", "\ufdfa", "\uff11", "か\u3099", "\u1161", "\U0001d7ce"])
def test_a_long_text_of_one_character_takes_no_time(char: str) -> None:
    assert normalise(char * 200_000).text is not None

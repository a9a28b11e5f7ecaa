"""What can't be seen is told."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.review.visible import visible, visible_block


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain, with ünïcode and 漢字", "plain, with ünïcode and 漢字"),
        ("abc\u202edef\u202c", "abc⟨U+202E⟩def⟨U+202C⟩"),
        ("a\u200bb\ufeffc\u00add", "a⟨U+200B⟩b⟨U+FEFF⟩c⟨U+00AD⟩d"),
        ("\x1b[31mred\x07", "⟨U+001B⟩[31mred⟨U+0007⟩"),
        ("a\u00a0b\u3000c", "a⟨U+00A0⟩b⟨U+3000⟩c"),
        ("\u3164\u115f\u2800\ufe0f\U000e0041", "⟨U+3164⟩⟨U+115F⟩⟨U+2800⟩⟨U+FE0F⟩⟨U+E0041⟩"),
        ("one\ntwo", "one⟨U+000A⟩two"),
        ("Vie\u0323\u0302t", "Vie\u0323\u0302t"),
        ("a\u0301\u0302\u0303b", "a⟨U+0301⟩⟨U+0302⟩⟨U+0303⟩b"),
        ("\u0489" * 3, "⟨U+0489⟩" * 3),
    ],
)
def test_the_unseen_is_numbered(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_a_block_keeps_lines_and_tells_long_empty_stretches() -> None:
    assert visible_block("SELECT 1\n\tFROM t") == "SELECT 1\n\tFROM t"
    assert visible_block("SELECT 1\n" + "\n" * 60 + "; DROP TABLE t") == "SELECT 1\n⟨60 empty lines⟩\n; DROP TABLE t"
    assert visible_block("SELECT 1" + " " * 300 + "; DROP") == "SELECT 1 ⟨300 spaces⟩ ; DROP"
    assert visible_block("a\rb") == "a⟨U+000D⟩b"


def test_marks_are_heaped_in_a_block_neither() -> None:
    assert visible_block("a\n\u0301\u0301\u0301\tb") == "a\n⟨U+0301⟩⟨U+0301⟩⟨U+0301⟩\tb"


@given(st.text(st.characters(categories=["Mn", "Me", "Mc", "Ll"]), max_size=20))
def test_no_three_marks_in_a_row_are_left(text: str) -> None:
    kinds = "".join(unicodedata.category(left)[0] for left in visible(text))
    assert "MMM" not in kinds


@given(st.text())
def test_nothing_unseen_is_left(text: str) -> None:
    for left in visible(text):
        assert left == " " or unicodedata.category(left) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
    assert all(left in "\n\t" or unicodedata.category(left)[0] != "C" for left in visible_block(text))

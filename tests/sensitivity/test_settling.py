"""Settling: no overlaps, nothing uncovered, and who wins."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.settling import settle

TEXT = "ab cd-12, 34 (ef) gh;ij 56 kl. mn op"
FINDINGS = st.lists(
    st.builds(
        lambda start, length, label, score: Finding(start, min(start + length, len(TEXT)), Label(label), score, ""),
        st.integers(0, len(TEXT) - 1),
        st.integers(1, 12),
        st.sampled_from(["phi.name", "phi.id", "phi.date"]),
        st.sampled_from([0.5, 0.7, 0.9]),
    ),
    max_size=12,
)


def covered(findings: list[Finding]) -> set[int]:
    return {place for f in findings for place in range(f.start, f.end)}


@given(FINDINGS)
def test_each_character_goes_to_one_and_none_is_uncovered(findings: list[Finding]) -> None:
    settled = settle(findings, TEXT)
    assert covered(settled) == covered(findings)
    assert sum(f.end - f.start for f in settled) == len(covered(findings))
    assert [f.start for f in settled] == sorted(f.start for f in settled)


@given(FINDINGS)
def test_the_order_in_which_they_come_changes_nothing(findings: list[Finding]) -> None:
    assert settle(findings, TEXT) == settle(reversed(findings), TEXT)


def test_the_higher_score_wins_and_the_loser_keeps_what_sticks_out() -> None:
    long, short = Finding(0, 12, Label("phi.id"), 0.7, ""), Finding(3, 8, Label("phi.name"), 0.9, "")
    settled = settle([long, short], TEXT)
    assert [(f.start, f.end, f.label) for f in settled] == [
        (0, 3, "phi.id"),
        (3, 8, "phi.name"),
        (8, 12, "phi.id"),
    ]


def test_the_longer_wins_at_equal_scores_and_then_the_earlier_label() -> None:
    long, short = Finding(0, 9, Label("phi.name"), 0.7, ""), Finding(3, 8, Label("phi.date"), 0.7, "")
    assert settle([short, long], TEXT) == [long]
    other = Finding(0, 9, Label("phi.date"), 0.7, "")
    assert settle([long, other], TEXT) == [other]


def test_a_rest_without_letters_or_digits_goes_with_its_neighbour() -> None:
    inner, outer = Finding(14, 16, Label("phi.id"), 0.9, ""), Finding(13, 17, Label("phi.name"), 0.5, "")
    assert [(f.start, f.end) for f in settle([inner, outer], TEXT)] == [(13, 17)]

"""Lists of eponyms that share a noun, and parts of the body that are named after people."""

from __future__ import annotations

import pytest

from interlock.sensitivity.names.named_after import named_after
from interlock.sensitivity.passage import Passage


def _told(text: str) -> str:
    mask = named_after(Passage(text))
    return "" if mask is None else "".join(c for c, told in zip(text, mask, strict=True) if told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Colles, Smith and Galeazzi fractures", "Colles, Smith and Galeazzi"),
        ("the Jackson or Rotterdam cohorts", "Jackson or Rotterdam"),
        ("Norwalk and West Nile viruses", "Norwalk and West Nile"),
        ("The circle of Willis is complete", "Willis"),
        ("CIRCLE OF WILLIS VARIANTS", "WILLIS"),
    ],
)
def test_what_medicine_is_named_after_is_told(text: str, told: str) -> None:
    assert _told(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "Seen by Dr Smith and Galeazzi; fractures are healing",
        "Smith has fractures",
        "Peter Smith and his signs",
        "the circle of friends",
        "a letter to Smith and Jones",
    ],
)
def test_people_are_not(text: str) -> None:
    assert "Smith" not in _told(text)


def test_each_of_many_lists_is_told() -> None:
    assert _told("Colles and Smith fractures. " * 2_000).count("Smith") == 2_000

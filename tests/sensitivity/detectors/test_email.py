"""`email`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.email import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "write ⟦jane.doe@example.org⟧.",
    "mailto:⟦jane@example.co.uk⟧",
    "⟦josé.núñez@bücher.example⟧",
    "⟦Xm.f+labs@zephyr.exampleX⟧",
    "⟦jane.doe [at] example [dot] org⟧",
    "⟦jane dot doe at gmail dot com⟧",
    "<⟦a_b-c@x-y.example.com⟧>",
]
LEFT = [
    "user@host",
    "@scope/package.name",
    "pkg@1.2.3",
    "git@github.com:org/repo",
    "look at this dot",
    "a @ b",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.email"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

"""`url`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.url import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "see ⟦https://portal.example.org/u/jane?id=4⟧.",
    "(⟦https://x.example/a_(b)⟧)",
    "⟦http://MoralBuilder.es/⟧",
    "go to ⟦www.janedoe.com/about⟧ now",
    "⟦ftp://files.example.net/x⟧, then",
    "on ⟦janedoe.com⟧ there",
]
LEFT = [
    "log.info('started')",
    "client(place.ca)",
    "http://hl7.org/fhir/sid/us-ssn",
    "http://www.w3.org/2001/XMLSchema",
    "https://",
    "e.g. this",
    "file.py and node.js",
    "org.apache.commons.lang",
    "http is a protocol",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.url"}


@pytest.mark.parametrize("text", LEFT)
def test_what_looks_like_it_is_left(text: str) -> None:
    assert found(ENGINE, text) == []

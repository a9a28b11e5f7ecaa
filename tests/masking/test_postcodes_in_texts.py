"""Only a ZIP code of the US is cut to three digits (45 CFR 164.514(b)(2)(i)(B)); what may be another country's goes."""

from __future__ import annotations

import pytest
from tests.masking.a_masker import masker

from interlock.masking.text import mask
from interlock.masking.zip3 import is_american
from interlock.model.finding import Finding
from interlock.model.label import Label


@pytest.mark.parametrize(
    ("before", "written"),
    [
        ("Dayton, OH ", "45402"),
        ("Dayton, Ohio ", "45402"),
        ('"state": "OH", "postalCode": "', "45402"),
        ("zip code: ", "45402"),
        ("ZIP: ", "45402"),
        ("somewhere ", "45402-1234"),
    ],
)
def test_a_state_or_the_word_tells_a_zip_code(before: str, written: str) -> None:
    assert is_american(written, before)


@pytest.mark.parametrize("before", ["", "Lindenweg 12, ", "F-", "PLZ ", "Paris ", '"postalCode": "', "unzipped in "])
def test_nothing_else_does(before: str) -> None:
    assert not is_american("50667", before)


@pytest.mark.parametrize(
    ("text", "postcode", "expected"),
    [
        ("lives in Dayton, OH 45402 now", "45402", "lives in Dayton, OH 454 now"),
        ("wohnt in 50667 K\u00f6ln", "50667", "wohnt in [phi.address.zip] K\u00f6ln"),
        ("45402", "45402", "454"),
    ],
)
def test_a_text_keeps_three_digits_of_a_zip_code_alone(text: str, postcode: str, expected: str) -> None:
    start = text.index(postcode)
    found = Finding(start, start + len(postcode), Label("phi.address.zip"), 0.9, "test")
    assert mask(text, [found], masker("safe_harbor")).text == expected

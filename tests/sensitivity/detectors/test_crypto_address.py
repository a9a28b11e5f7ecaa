"""`crypto_address`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.crypto_address import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "⟦1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa⟧",
    "to ⟦bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq⟧.",
    "⟦0x52908400098527886E0F7030069857D2E4169EE7⟧",
]
LEFT = [
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdx",
    "0x0000000000000000000000000000000000000000",
    "0xdeadbeef",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"pii.crypto_address"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

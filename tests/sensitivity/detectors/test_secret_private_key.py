"""`secret_private_key`: what it finds, and what it leaves."""

from __future__ import annotations

import re

import pytest
from tests.a_detector import engine_of, found, marked
from tests.sensitivity.built_values import built

from interlock.sensitivity.detectors.secret_private_key import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "⟦@PEM⟧",
    "key: |\n  ⟦@PEMI⟧\nnext: 1",
    "⟦@CUT⟧\nand then some text",
    "⟦@PUTTY⟧",
    "PrivateKey = ⟦@WG⟧",
]
LEFT = [
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "a private key is needed",
    "PrivateKey = /etc/wg/key",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    # What is marked may be of many lines.
    text, expected = marked(built(line))[0], re.findall("⟦(.*?)⟧", built(line), re.DOTALL)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"secret.key"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, built(text)) == []

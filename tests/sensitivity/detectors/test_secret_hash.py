"""`secret_hash`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked
from tests.sensitivity.built_values import built

from interlock.sensitivity.detectors.secret_hash import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "pw ⟦@B⟧ ok",
    "root:⟦@S⟧:19000:0:::",
    "⟦@A⟧",
    "⟦{SSHA}@K2⟧",
    "md5 pw ⟦md5@M⟧",
    "ntlm: ⟦@M⟧",
    "bob:⟦1001:@M:@M:::⟧",
    "⟦*@U⟧",
]
LEFT = [
    "sha256:@H",
    "commit @H",
    "$2b$12$short",
    "md5 @M  file.iso",
    "$1 and $5 each",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(built(line))
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"secret.hash"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, built(text)) == []

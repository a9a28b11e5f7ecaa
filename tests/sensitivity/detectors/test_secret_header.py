"""`secret_header`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked
from tests.sensitivity.built_values import built

from interlock.sensitivity.detectors.secret_header import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "Authorization: Basic ⟦YWRtaW46cGFzc3dvcmQ=⟧",
    "authorization: Bearer ⟦@K1⟧",
    "-H 'Authorization: token ⟦@H⟧'",
    '{"Authorization": "Bearer ⟦@K1⟧"}',
    "sent bearer ⟦@K1⟧ upstream",
    "basic: no, Basic ⟦YWRtaW46cGFzc3dvcmQ=⟧",
    "Cookie: ⟦sessionid=abc123def456ghi789; theme=dark⟧",
    "Set-Cookie: JSESSIONID=⟦ABCDEF0123456789ABCDEF⟧; Path=/",
    "PHPSESSID=⟦@K1⟧",
    "session_id: ⟦@K1⟧",
]
LEFT = [
    "Authorization: Bearer <token>",
    "Authorization: Bearer $TOKEN",
    "Authorization required",
    "Basic economics",
    "basic understanding",
    "bearer of bad news, sixteen letters",
    "session: closed",
    "cookie: chocolate",
    "sid=12",
    "cookie policy: accepted",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(built(line))
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"secret.session", "secret.authorization"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, built(text)) == []

"""`secret_key_value`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked
from tests.sensitivity.built_values import built

from interlock.sensitivity.detectors.secret_key_value import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "api_key=⟦@K1⟧",
    "X-Api-Key: ⟦@K1⟧",
    '"client_secret": "⟦3f9b8c7d6e5f4a3b⟧"',
    "auth_token = '⟦AbCd1234EfGh5678⟧'",
    "secret=⟦hunter2x⟧",
    "SECRET_KEY = '⟦dj-9s8d7f6g5h4j3k2l1⟧'",
    "encryption_key: ⟦@K2⟧",
    "  key: ⟦@K1⟧",
]
LEFT = [
    "token_count=12",
    "max_tokens: 4096",
    "token_type: bearer",
    "key: value",
    "api_key=YOUR_API_KEY",
    "api_key: ${API_KEY}",
    "secretName: tls-cert",
    "secret: null",
    "tokenizer: cl100k_base",
    "next_token=@K1",
    "cache_key: @H",
    "idempotency_key: @H",
    "author: jane",
    "primary_key: 12",
    "token_url: https://example.com/t",
    "secret_arn: arn:aws:secretsmanager:x",
    "key: @H",
    "keyboard: qwerty12345",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(built(line))
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"secret.key", "secret.token"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, built(text)) == []

"""`secret_keyed`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked
from tests.sensitivity.built_values import built

from interlock.sensitivity.detectors.secret_keyed import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "DD_API_KEY=⟦@M⟧",
    "datadog_app_key: ⟦@D⟧",
    "FASTLY_API_TOKEN=⟦@K1⟧",
    "CLOUDFLARE_API_TOKEN=⟦@K3⟧",
    "okta_api_token: ⟦@O⟧",
    "TWILIO_AUTH_TOKEN=⟦@M⟧",
    "HEROKU_API_KEY=⟦@ID⟧",
    "COHERE_API_KEY='⟦@K3⟧'",
]
LEFT = [
    "DD_API_KEY=short",
    "datadog agent 7.41",
    "cloudflare zone id: none",
    "ddkey",
    "fastly: @K1",
    "HEROKU_APP_KEY=<key>",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(built(line))
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {
        "secret.cohere",
        "secret.twilio",
        "secret.cloudflare",
        "secret.heroku",
        "secret.fastly",
        "secret.okta",
        "secret.datadog",
    }


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, built(text)) == []

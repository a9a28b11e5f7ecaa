"""`[oidc]` and whose accounts the settings name: read, and every mistake told."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.test_settings import ENVIRON, WHOLE, mistakes, write

from interlock.settings import load

OIDC = """
[oidc]
issuer = "https://sso.example.org/realms/main"
client_id = "interlock"
"""


def test_the_least_that_is_enough(tmp_path: Path) -> None:
    oidc = load(write(tmp_path, WHOLE + OIDC), ENVIRON).oidc
    assert oidc is not None
    assert (oidc.provider, oidc.issuer, oidc.client_id) == ("sso", "https://sso.example.org/realms/main", "interlock")
    assert (oidc.client_secret, oidc.scopes, oidc.groups_claim, dict(oidc.groups)) == (
        None,
        ("openid", "profile"),
        "groups",
        {},
    )


def test_groups_and_the_secret(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    more = 'name = "okta"\nclient_secret = "file:secret"\n[oidc.groups]\n"Privacy Officers" = "officers"\n'
    oidc = load(write(tmp_path, WHOLE + OIDC + more), ENVIRON).oidc
    assert oidc is not None and oidc.client_secret is not None
    assert (oidc.provider, dict(oidc.groups), oidc.client_secret.reveal()) == (
        "okta",
        {"Privacy Officers": "officers"},
        "s3cret",
    )
    assert "s3cret" not in repr(oidc)


def test_without_it_there_is_none(tmp_path: Path) -> None:
    assert load(write(tmp_path, WHOLE), ENVIRON).oidc is None


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("https://sso", "http://sso", "https://"),
        ("realms/main", "realms/main?a=b", "https://"),
        ('client_id = "interlock"', "", "client_id"),
        ('client_id = "interlock"', 'client_id = "interlock"\nscopes = ["profile"]', "openid"),
        ('client_id = "interlock"', 'client_id = "interlock"\nname = "My SSO"', "name"),
        *(
            ('client_id = "interlock"', f'client_id = "interlock"\nname = "{name}"', "name")
            for name in ("slack", "teams", "callback", "callback-desk", "callback/desk")
        ),
        ('client_id = "interlock"', 'client_id = "interlock"\nclient_secret = "in clear"', "client_secret"),
        ('client_id = "interlock"', 'client_id = "interlock"\nclientid = "x"', "clientid"),
        ('client_id = "interlock"', 'client_id = "interlock"\n[oidc.groups]\nx = "Not A Word"', "x"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in OIDC
    found = mistakes(tmp_path, WHOLE + OIDC.replace(old, new))
    assert any("oidc" in mistake and sentence in mistake for mistake in found), found
    assert "in clear" not in "\n".join(found)

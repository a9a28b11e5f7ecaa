"""`login_name`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.login_name import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    '198.51.100.7 - ⟦moe72⟧ [28/Jul/2025:22:22:20 +0000] "GET /x HTTP/1.1" 200 1',
    "sshd[61822]: Failed password for invalid user ⟦david_r⟧ from 198.51.100.7 port 1 ssh2",
    "sshd[61822]: Accepted publickey for ⟦jkuisma⟧ from 198.51.100.7 port 1 ssh2",
    'type=USER_LOGIN uid=0 acct="⟦jade.kelly⟧" res=failed',
    'ldap: bind failed dn="uid=⟦shane_b⟧,ou=people,dc=acme"',
    "actor=⟦d.okonkwo⟧ action=open",
    '{"user": "⟦tolliver87⟧"}',
]
LEFT = [
    '198.51.100.7 - - [28/Jul/2025:22:22:20 +0000] "GET /x HTTP/1.1" 200 1',
    "sshd[1]: Failed password for root from 198.51.100.7 port 1 ssh2",
    "sshd[1]: Failed password for invalid user oracle from 198.51.100.7 port 1 ssh2",
    'acct="postgres" res=success',
    "user=ehr_app database=ehr",
    "user: apikey",
    "user = svc.etl2",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} == {"phi.id"}


@pytest.mark.parametrize("text", LEFT)
def test_accounts_of_services_are_left(text: str) -> None:
    assert found(ENGINE, text) == []

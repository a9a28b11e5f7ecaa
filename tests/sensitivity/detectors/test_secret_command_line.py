"""`secret_command_line`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.secret_command_line import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "mysql -u root -p⟦S3cretPw!⟧ -h db",
    "mysqldump --password ⟦foo123⟧ db",
    "sshpass -p '⟦Tr0ub4dor⟧' ssh a@b",
    "curl -u admin:⟦S3cr3t⟧ https://x",
    "redis-cli -h x -a ⟦myR3dis⟧",
    "tool --api-key ⟦abcdef12⟧ run",
    "docker login -u me -p ⟦hunter22⟧ reg",
    "curl --user 'bob:⟦pw12345⟧' x",
]
LEFT = [
    "ssh -p 2222 host",
    "docker run -u 1000:1000 alpine",
    "mysql -p -h db",
    "tool --password-file /run/x",
    "tool --password $PW run",
    "tool --token <token>",
    "mkdir -p src/main",
    "zip -r out.zip dir",
    "curl -u $USER:$PASS x",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"secret.password"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []

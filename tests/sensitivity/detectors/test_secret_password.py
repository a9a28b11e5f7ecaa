"""`secret_password`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.secret_password import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "define('DB_PASSWORD', '⟦correct3139#⟧');",
    "sorry, ⟦hunter2⟧ is my password, don't tell",
    "password=⟦hunter2⟧",
    '{"password": "⟦s3cr3t!x⟧"}',
    "password: ⟦changeme⟧\nuser: x",
    "DB_PASSWORD='⟦it is long, with spaces⟧'",
    'String dbPassword = "⟦abc\\"def⟧";',
    '{\\"password\\":\\"⟦hunter22⟧\\"}',
    "config['password'] = '⟦Tr0ub4dor&3⟧'",
    "url?user=a&password=⟦b33fcafe⟧&x=1",
    "Server=x;User ID=sa;Password=⟦P@ssw0rd!⟧;Encrypt=True",
    'pwd := "⟦xyzzy99⟧"',
    "userPass=⟦Kitten55⟧",
    "spring.datasource.password=⟦abcd1234⟧",
    "<password>⟦hunter2⟧</password>",
    "- name: DB_PASSWORD\n  value: ⟦s3cr3tv⟧",
    '{"name":"DB_PASSWORD","value":"⟦s3cr3tv⟧"}',
    "CREATE ROLE x LOGIN PASSWORD '⟦abc123⟧'",
    "ALTER USER a IDENTIFIED BY '⟦n3wpass⟧'",
    "the password is ⟦Sommer2024!⟧",
    "Your temporary password is '⟦kitten55⟧'.",
    "machine x login octocat password ⟦abc123xyz⟧",
    "password: ⟦päßwort1⟧",
    "passphrase=⟦correct-horse⟧",
    "PASSWORD   =   ⟦12345678⟧",
]
LEFT = [
    "pw = pw[:-1]",
    "self.user, self.password = user, password",
    "f(pass_fds=fds_to_keep)",
    "LPWSTR = ctypes.c_wchar_p",
    "MAX_PASSWORD = tokens.MAX_TOKEN + 1",
    "`password: must be`",
    '"secret.password": "a password or its hash"',
    "mgr.add_password('basic_test_realm', x)",
    "password: <redacted>",
    "password=${PASSWORD}",
    "password=os.environ['DB_PASSWORD']",
    "password=getpass.getpass()",
    "password: {{ vault }}",
    "password=********",
    "password=xxxxxxxx",
    "password_min_length=12",
    "passwordField.focus()",
    "Password: must be at least 12 characters",
    "bypass=true",
    "compass: north",
    "pass: 12 fail: 3",
    "pass=4",
    "password=self.password",
    "if password == stored:",
    "password: str",
    "<password></password>",
    "IDENTIFIED BY '<password>'",
    "The password is required.",
    "reset your password now",
    "password_file=/run/secrets/db",
    "password=",
    "password: null",
    "password=$DB_PASSWORD",
    'password=data["password"]',
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"secret.password"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []


def test_the_name_of_a_field_tells() -> None:
    assert found(ENGINE, "dragon", telling="password") == ["dragon"]
    assert found(ENGINE, "dragon", telling="animal") == []

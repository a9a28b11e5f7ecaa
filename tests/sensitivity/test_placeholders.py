"""Placeholders, references, and what machines make up."""

from __future__ import annotations

import pytest

from interlock.sensitivity.credentials import bits, is_placeholder, looks_random
from interlock.sensitivity.placeholders import is_nothing, is_reference

REFERENCES = [
    "${PASSWORD}", "$(cat x)", "$TOKEN", "%PASS%", "{{ password }}", "<password>", "ENC[abc]", "vault:secret/x",
    "os.environ['X']", "process.env.X", "getpass()", "self.password", "config.db.password", "!Ref Db", "request.form",
]  # fmt: skip
NOTHINGS = ["none", "null", "***", "xxxxxxxx", "<redacted>", "YOUR_API_KEY", "your-token-here", "required", "", "-----"]
VALUES = ["hunter2", "changeme", "Sommer2024!", "P@ss.word1", "$2secret", "letmein", "dragon", "abc.def1", "12345678"]


@pytest.mark.parametrize("value", REFERENCES)
def test_a_reference_is_no_secret(value: str) -> None:
    assert is_reference(value)


@pytest.mark.parametrize("value", NOTHINGS)
def test_a_filler_is_no_secret(value: str) -> None:
    assert is_nothing(value)


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_neither(value: str) -> None:
    assert not is_reference(value)
    assert not is_nothing(value)


def test_placeholders_of_tokens() -> None:
    assert is_placeholder("abc_" + "x" * 20)
    assert is_placeholder("abc_YOUR_TOKEN")
    assert not is_placeholder("abc_" + "a1B2" * 9)


def test_what_looks_random() -> None:
    assert looks_random("a1B2" * 9)
    assert not looks_random("some-long-name-of-a-class")
    assert not looks_random("a1B2")
    assert bits("aaaa") == 0
    assert bits("abcd") == 2


@pytest.mark.parametrize("char", ["a", "A", "1", "$", "{", "<", "[", ".", "_", "-", "x", "(", '"', " ", "é"])
def test_long_runs_take_linear_time(char: str) -> None:
    for long, short in ((char * 200_000, char * 200), (("a" + char) * 100_000, ("a" + char) * 100)):
        for look in (is_reference, is_nothing, is_placeholder):
            assert look(long) is look(short), "however long, it is the same"

"""Values as JSON where that is exact."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.doors.mcp.own.cells import cell, type_name
from interlock.sql.ddl.builtin_types import OIDS

CASES: list[tuple[str, bytes | None, Any]] = [
    ("int4", None, None),
    ("int4", b"7", 7),
    ("int4", b"-7", -7),
    ("int8", b"9007199254740991", 2**53 - 1),
    ("int8", b"9007199254740992", "9007199254740992"),
    ("int4", b"MASKED", "MASKED"),
    ("int4", b"007", "007"),
    ("bool", b"t", True),
    ("bool", b"f", False),
    ("bool", b"x", "x"),
    ("float8", b"1.5", 1.5),
    ("float8", b"NaN", "NaN"),
    ("float8", b"-Infinity", "-Infinity"),
    ("numeric", b"1.50", "1.50"),
    ("text", b"7", "7"),
    ("text", b"\xff", "\ufffd"),
    ("jsonb", b'{"a": [1, true, null, "x", 1.5]}', {"a": [1, True, None, "x", 1.5]}),
    ("json", b'{"a": 1, "a": 2}', '{"a": 1, "a": 2}'),
    ("json", b"[9007199254740993]", "[9007199254740993]"),
    ("json", b"[1.10]", "[1.10]"),
    ("json", b"null", "null"),
    ("json", b'"\\ud800"', '"\\ud800"'),
    ("json", b"[" * 100_000, "[" * 100_000),
    ("jsonb", b"[" * 33 + b"]" * 33, "[" * 33 + "]" * 33),
    ("_int4", b"{1,2}", "{1,2}"),
]


@pytest.mark.parametrize(("kind", "value", "expected"), CASES, ids=range(len(CASES)))
def test_values(kind: str, value: bytes | None, expected: Any) -> None:
    found = cell(value, OIDS[kind])
    assert found == expected and type(found) is type(expected)


def test_names() -> None:
    assert [type_name(OIDS["int4"]), type_name(OIDS["_text"]), type_name(99_999)] == ["int4", "text[]", "type 99999"]


@given(st.sampled_from(sorted(OIDS.values())), st.binary(max_size=200))
def test_whatever_comes_can_be_sent_and_says_the_same(oid: int, value: bytes) -> None:
    found = cell(value, oid)
    sent = json.loads(json.dumps(found, ensure_ascii=False, allow_nan=False).encode())
    assert (sent, type(sent)) == (found, type(found))
    text = value.decode("utf-8", "replace")
    match found:
        case bool():
            assert text == ("t" if found else "f") or json.loads(text) is found
        case int():
            assert text == str(found) or json.loads(text) == found
        case float():
            assert float(text) == found
        case str():
            assert text == found or json.loads(text) == found
        case _:
            assert json.loads(text) == found


@given(st.integers(-(2**70), 2**70), st.sampled_from(["int2", "int4", "int8"]))
def test_integers_are_numbers_where_every_reader_takes_them_exactly(number: int, kind: str) -> None:
    exact = abs(number) < 2**53
    assert cell(str(number).encode(), OIDS[kind]) == (number if exact else str(number))

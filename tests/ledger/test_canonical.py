from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import MalformedInput
from interlock.ledger.canonical import parse
from interlock.model.canonical import MAX_INTEGER, encode

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
keys = st.from_regex(r"[a-z0-9_]{1,40}", fullmatch=True)
scalars = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | texts
values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)
objects = st.dictionaries(keys, values, max_size=6)


@given(objects)
def test_inside_the_profile_our_encoding_is_that_of_rfc8785(value: dict[str, Any]) -> None:
    assert encode(value, max_depth=40) == rfc8785.dumps(value)


@given(st.dictionaries(keys, scalars | st.lists(scalars), max_size=6))
def test_what_was_encoded_is_parsed_back(value: dict[str, Any]) -> None:
    assert parse(encode(value)) == value


@given(objects, st.data())
@settings(max_examples=300)
def test_whatever_is_parsed_has_one_spelling(value: dict[str, Any], data: st.DataObject) -> None:
    line = bytearray(rfc8785.dumps(value))
    line[data.draw(st.integers(0, len(line) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        parsed = parse(bytes(line))
    except MalformedInput:
        return
    assert rfc8785.dumps(dict(parsed)) == bytes(line)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b'{"a":1,"a":1}', id="duplicate key"),
        pytest.param(b'{"a":1,"a":2}', id="duplicate key with another value"),
        pytest.param(b'{"a": 1}', id="space"),
        pytest.param(b'{"a":1}\n', id="newline"),
        pytest.param(b' {"a":1}', id="space before"),
        pytest.param(b'{"b":1,"a":1}', id="order"),
        pytest.param(b'{"a":1.0}', id="float"),
        pytest.param(b'{"a":1e2}', id="exponent"),
        pytest.param(b'{"a":-0}', id="minus nought"),
        pytest.param(b'{"a":01}', id="leading zero"),
        pytest.param(b'{"a":9007199254740992}', id="2^53"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", id="a very long number"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(b'{"a":"\\u0041"}', id="needless escape"),
        pytest.param(b'{"a":"\\/"}', id="escaped slash"),
        pytest.param(b'{"a":"\\ud800"}', id="lone surrogate, escaped"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', id="lone surrogate, encoded"),
        pytest.param(b'{"a":"\xff"}', id="not UTF-8"),
        pytest.param(b'{"a":"\xc1\x81"}', id="overlong UTF-8"),
        pytest.param(b'{"a":"\x01"}', id="raw control character"),
        pytest.param(b'\xef\xbb\xbf{"a":1}', id="byte order mark"),
        pytest.param(b'{"A":1}', id="upper-case key"),
        pytest.param(b'{"":1}', id="empty key"),
        pytest.param(b'{"' + b"a" * 41 + b'":1}', id="long key"),
        pytest.param(b'{"a":' * 12 + b"1" + b"}" * 12, id="too deep"),
        pytest.param(b"[" * 60_000, id="far too deep"),
        pytest.param(b'{"a":' * 12_000, id="far too deep, objects"),
        pytest.param(b"[]", id="array"),
        pytest.param(b'"a"', id="string"),
        pytest.param(b"1", id="number"),
        pytest.param(b"null", id="null"),
        pytest.param(b"", id="nothing"),
        pytest.param(b'{"a":1}{', id="something behind"),
        pytest.param(b'{"a":"' + b"x" * 65_535 + b'"}', id="too long"),
    ],
)
def test_what_would_encode_to_other_bytes_is_refused(line: bytes) -> None:
    with pytest.raises(MalformedInput):
        parse(line)


def test_what_needs_an_escape_has_the_one_of_rfc8785() -> None:
    text = "".join(map(chr, range(0x80))) + "\u2028é\U0001f512"
    assert encode({"a": text}) == rfc8785.dumps({"a": text})
    assert parse(encode({"a": text})) == {"a": text}

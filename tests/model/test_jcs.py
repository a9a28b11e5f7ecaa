"""Canonical JSON of foreign documents: one reading, one spelling, and nothing else than `MalformedInput`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import MalformedInput
from interlock.model import jcs
from interlock.model.jcs import MAX_DEPTH, Json, encode, read, values_in

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x != 0 or math.copysign(1, x) > 0)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | NUMBERS | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)


@given(VALUES)
def test_it_writes_what_rfc_8785_writes(value: Json) -> None:
    assert encode(value) == rfc8785.dumps(value)


@given(VALUES)
def test_what_was_written_reads_as_itself(value: Json) -> None:
    written = encode(value)
    assert encode(read(written)) == written


@given(VALUES)
def test_spelling_doesnt_matter(value: Json) -> None:
    spelt = json.dumps(value, indent=3, ensure_ascii=True).encode()
    assert encode(read(spelt)) == encode(value)


SOUP = st.text('{}[],:"0123456789eE+-.\\u truefalsnd\ud800', max_size=40).map(
    lambda t: t.encode("utf-8", "surrogatepass")
)


@given(st.binary(max_size=60) | SOUP)
def test_anything_else_is_malformed(text: bytes) -> None:
    try:
        value = read(text)
    except MalformedInput:
        return
    assert read(encode(value)) == value


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("1.0", "1"),
        ("1e2", "100"),
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("0.000001", "0.000001"),
        ("1e-7", "1e-7"),
        ("-12.50", "-12.5"),
        ("0e99", "0"),
        ("5e-324", "5e-324"),
        ("9007199254740991", "9007199254740991"),
        ("333333333.3333333", "333333333.3333333"),
    ],
)
def test_numbers(number: str, written: str) -> None:
    assert encode(read(number.encode())).decode() == written


@pytest.mark.parametrize(
    "text", [b'"a\\ud800"', b'{"x":[1,"\\udc00"]}', b'{"x":{"\\ud800":1}}', b'"\\ude00\\ud83d"', b'"\\ud800\\u0041"']
)
def test_a_lone_surrogate_is_not_read(text: bytes) -> None:
    with pytest.raises(MalformedInput, match="surrogate"):
        read(text)


def test_a_pair_of_escapes_is_one_character() -> None:
    assert read(b'["\\ud83d\\ude00", "\\\\ud800"]') == ["\U0001f600", "\\ud800"]


def test_a_whole_number_is_an_int() -> None:
    assert type(read(b"1.0")) is int
    assert type(read(b"1.5")) is float


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"\\u0061":2}',
        b'{"x":{"a":1,"a":1}}',
        b"9007199254740993",
        b"1152921504606846976",
        b"0.1000000000000000055",
        b"1e400",
        b"-1e400",
        b"1e-400",
        b"1e-99999999999999999999",
        b"-0",
        b"-0.0",
        b"1" * 5000,
        b"NaN",
        b"Infinity",
        b'"\\ud800"',
        b'{"\\udc00":1}',
        b'"\xed\xa0\x80"',
        b"\xff\xfe1\x00",
        b'\xef\xbb\xbf"bom"',
        b'"a\nb"',
        b"[1,]",
        b"01",
        b"",
        b"1 2",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_has_no_one_meaning_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedInput):
        encode(read(text))


@pytest.mark.parametrize("value", [b"x", {1: 2}, math.nan, math.inf, -0.0, 2**60, 10**400, "\ud800", object(), {1, 2}])
def test_what_isnt_json_has_no_encoding(value: object) -> None:
    with pytest.raises(MalformedInput):
        encode(value)  # type: ignore[arg-type]


def test_depth_and_size_are_bounded() -> None:
    nest: Json = 1
    for _ in range(MAX_DEPTH):
        nest = [nest]
    assert encode(nest)
    with pytest.raises(MalformedInput):
        encode([nest])
    with pytest.raises(MalformedInput):
        read(b'"123456789"', limit=10)
    assert read(b'"12345678"', limit=10) == "12345678"


@given(VALUES, st.sampled_from([None, 0, 3]))
def test_values_are_counted_before_they_are_made(value: Json, indent: int | None) -> None:
    text, count = json.dumps(value, indent=indent).encode(), values_in(value, 1_000)
    assert encode(read(text, most_values=count)) == encode(value)
    with pytest.raises(MalformedInput, match=f"more than {count - 1} values"):
        read(text, most_values=count - 1)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (b"1", 1),
        (b'"[,{,"', 1),
        (b'["\\"[,{,"]', 2),
        (b'["a\\\\", 2, "\\\\\\",3"]', 4),
        (b"[ ]", 1),
        (b'{"a,": {"[": [], "b": {}}}', 4),
        (b"[[1,2],[3]]", 6),
    ],
)
def test_only_values_count(text: bytes, count: int) -> None:
    assert values_in(read(text, most_values=count), 99) == count
    with pytest.raises(MalformedInput, match="values"):
        read(text, most_values=count - 1)


@pytest.mark.parametrize("text", [b"[" + b"1," * 30_000 + b"1]", b"[" + b"1e22," * 30_000 + b"1]", b"[" * 30_000])
def test_no_number_of_too_many_values_is_looked_at(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(jcs, "_number", looked.append)
    with pytest.raises(MalformedInput, match="values"):
        read(text, most_values=jcs.MANY)
    assert looked == []


def test_counting_stops() -> None:
    assert 10 < values_in([[1] * 9] * 9, 10) < 40


INTEGERS = st.integers(-(10**16), 10**16) | st.sampled_from(
    [s * 10**n + d for s in (1, -1) for n in (14, 15, 16) for d in (-1, 0, 1)]
)


@given(INTEGERS | NUMBERS)
def test_the_short_way_and_the_long_way_agree(value: float) -> None:
    for text in (repr(value), str(int(value))):
        assert _told(jcs._number, text) == _told(jcs._any_number, text)
    assert jcs._ecma(float(value)) == jcs._any_ecma(float(value))
    assert _told(jcs._integer, int(value)) == _told(jcs._any_integer, int(value))


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,17})([.][0-9]{1,18})?([eE][+-]?[0-9]{1,3})?", fullmatch=True))
def test_they_agree_on_every_spelling(text: str) -> None:
    assert _told(jcs._number, text) == _told(jcs._any_number, text)


def _told(way: Callable[[Any], int | float | str], what: object) -> object:
    try:
        return repr(way(what))
    except MalformedInput as wrong:
        return wrong.sentence


def test_plain_integers_need_no_decimal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jcs, "Decimal", None)
    text = b"[0,1,-7,999999999999999,-999999999999999,1.5]"
    assert encode(read(text)) == text

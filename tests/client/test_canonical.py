"""Canonical JSON: as another implementation of RFC 8785 has it, and as the gateway reads it."""

from __future__ import annotations

import json
import struct
from enum import IntEnum, StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from interlock.model import jcs
from interlock_client import NotSendable
from interlock_client.canonical import MAX_BYTES, MAX_DEPTH, MAX_EXACT, decode, encode

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-MAX_EXACT, MAX_EXACT) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_it_is_the_one_encoding(value: Any) -> None:
    text = encode(value)
    assert text == rfc8785.dumps(value)
    assert encode(decode(text)) == text
    assert jcs.encode(jcs.read(text)) == text  # what is signed for is what was sent


@given(st.integers(0, 2**64 - 1))
def test_numbers_of_every_size(bits: int) -> None:
    (number,) = struct.unpack(">d", bits.to_bytes(8, "big"))
    if number != number or number in (float("inf"), float("-inf")):
        with pytest.raises(NotSendable):
            encode(number)
        return
    text = encode(number)
    assert text == rfc8785.dumps(number)
    assert float(text) == number


# RFC 8785, appendix B.
@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
    ],
)
def test_numbers_of_the_standard(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert encode(number).decode() == text


class Kind(StrEnum):
    A = "a"


class Number(IntEnum):
    A = 1


class Lying(dict[str, int]):
    def items(self) -> Any:
        return {}.items()


@pytest.mark.parametrize("value", [Kind.A, Number.A, Lying(a=1), {Kind.A: 1}, MAX_EXACT + 1, -(2**53), "\udc00"])
def test_what_only_looks_like_json_is_refused(value: Any) -> None:
    with pytest.raises(NotSendable):
        encode({"value": value})


def test_its_bounds() -> None:
    nested: Any = []
    for _ in range(MAX_DEPTH):
        nested = [nested]
    assert json.loads(encode(nested)) == nested
    with pytest.raises(NotSendable):
        encode([nested])
    assert len(encode("x" * (MAX_BYTES - 2))) == MAX_BYTES
    with pytest.raises(NotSendable):
        encode("x" * (MAX_BYTES - 1))
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(NotSendable):
        encode(circle)

"""JWK Sets: which keys are taken for checking signatures."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from testkit.issuer import b64, jwk

from interlock.errors import MalformedInput
from interlock.identity.signing_keys import MAX_KEYS, read_key_set

KEY = jwk(ec.generate_private_key(ec.SECP256R1()), "one")
WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)


def keys(*listed: Any) -> list[str]:
    return [key.kid for key in read_key_set(json.dumps({"keys": list(listed)}).encode()).keys]


def test_keys_for_signatures() -> None:
    assert keys(KEY, {**KEY, "kid": "two", "use": "jwt-svid"}, {**KEY, "kid": "three", "key_ops": ["verify"]}) == [
        "one",
        "two",
        "three",
    ]


@pytest.mark.parametrize(
    "other",
    [
        {**KEY, "use": "enc"},
        {**KEY, "use": "x509-svid"},
        {**KEY, "key_ops": ["sign"]},
        {**KEY, "kid": 7},
        {**KEY, "x": "AAAA"},
        {**KEY, "crv": "Ed25519"},
        {**KEY, "crv": "secp256k1"},
        {"kty": "oct", "k": b64(b"a shared secret of good length."), "kid": "s", "alg": "HS256"},
        jwk(WEAK, "weak"),
        {"kty": "RSA", "kid": "r", "n": "", "e": ""},
        {"kty": "RSA", "kid": "r"},
        {"kty": "RSA", "kid": "r", "n": b64(b"\xff" * 1100), "e": "AQAB"},
        {},
        "one",
    ],
)
def test_others_are_left_out(other: Any) -> None:
    assert keys(other, KEY) == ["one"]


def test_private_members_give_nobody_a_private_key() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    d = private.private_numbers().private_value.to_bytes(32)
    (found,) = read_key_set(json.dumps({"keys": [{**jwk(private, "one"), "d": b64(d)}]}).encode()).keys
    assert not found.key.is_private


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"keys": {}}', b'{"keys": []', b"\xff"])
def test_what_isnt_a_set(text: bytes) -> None:
    with pytest.raises(MalformedInput):
        read_key_set(text)


def test_too_many_keys() -> None:
    with pytest.raises(MalformedInput):
        keys(*[KEY] * (MAX_KEYS + 1))


_VALUES = st.text(max_size=50) | st.integers(-(2**53), 2**53) | st.none() | st.lists(st.text(max_size=5), max_size=2)


@given(st.dictionaries(st.sampled_from(["kty", "crv", "n", "e", "x", "y", "use", "alg", "kid", "key_ops"]), _VALUES))
@settings(max_examples=200, deadline=None)
def test_any_key(members: dict[str, Any]) -> None:
    for kty in ("RSA", "EC", "OKP"):
        assert keys({"kty": kty, **members}, KEY)[-1] == "one"

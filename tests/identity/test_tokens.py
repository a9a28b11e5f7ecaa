"""Tokens: what is taken, and every known way of forging one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from testkit.issuer import PrivateKey, algorithm_of, b64, compact, jwk

from interlock.errors import AuthenticationFailed, MalformedInput
from interlock.identity import tokens
from interlock.identity.signing_keys import SigningKeys, read_key_set
from interlock.model.names import ConnectionName
from interlock.model.settings import IssuerSettings

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
KEY = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = ec.generate_private_key(ec.SECP256R1())
ISSUER = IssuerSettings("ci", "https://ci.test", "interlock", "discovery", ("ES256", "RS256", "EdDSA"))
CLAIMS = {"iss": "https://ci.test", "sub": "etl", "aud": "interlock", "iat": SECONDS, "exp": SECONDS + 600}


def key_set(*keys: tuple[str, PrivateKey], **more: Any) -> SigningKeys:
    return read_key_set(json.dumps({"keys": [{**jwk(key, kid), **more} for kid, key in keys]}).encode())


KEYS = key_set(("one", KEY), ("rsa", RSA))


def made(header: dict[str, Any] | None = None, key: PrivateKey | None = KEY, **claims: Any) -> str:
    said = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return compact({"alg": "ES256", "kid": "one", "typ": "JWT", **(header or {})}, said, key)


def verified(token: str, issuer: IssuerSettings = ISSUER, keys: SigningKeys = KEYS) -> tokens.Verified:
    return tokens.verify(tokens.read(token), issuer, keys, NOW)


def refused(token: str, issuer: IssuerSettings = ISSUER, keys: SigningKeys = KEYS) -> None:
    with pytest.raises((AuthenticationFailed, MalformedInput)):
        verified(token, issuer, keys)


def test_a_good_token_tells_who_and_until_when() -> None:
    found = verified(made(jti="run-7"))
    assert (found.subject, found.issuer.name) == ("etl", "ci")
    assert found.expires_at == NOW + timedelta(seconds=630)
    told = hashlib.sha256(b"https://ci.test\0etl\0run-7").hexdigest()[:16]
    assert found.key == f"jwt:ci:{told}"


@pytest.mark.parametrize("key", [KEY, RSA, ed25519.Ed25519PrivateKey.generate()])
def test_each_kind_of_key(key: PrivateKey) -> None:
    token = made({"alg": algorithm_of(key), "kid": "k"}, key)
    assert verified(token, keys=key_set(("k", key))).subject == "etl"
    refused(token[:-8] + "AAAAAAAA", keys=key_set(("k", key)))


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "HS256", "ES384", "RS256", "PS256", "ES256K", "dir", ""])
def test_the_algorithm_is_the_settings_to_choose(algorithm: str) -> None:
    refused(made({"alg": algorithm}))
    refused(made({"alg": algorithm}, None))


def test_no_signature_is_none() -> None:
    with pytest.raises(MalformedInput):
        tokens.read(made({"alg": "none"}, None))


def test_a_public_key_is_no_shared_secret() -> None:
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret in (pem, pem.strip(), base64.urlsafe_b64decode(jwk(RSA, "rsa")["n"] + "==")):
        signed = made({"alg": "HS256", "kid": "rsa"}, None).rstrip(".")
        refused(f"{signed}.{b64(hmac.new(secret, signed.encode(), 'sha256').digest())}")


def test_an_issuer_that_names_an_algorithm_doesnt_lend_it_to_other_keys() -> None:
    only_rsa = IssuerSettings("ci", "https://ci.test", "interlock", "discovery", ("RS256",))
    refused(made(), only_rsa)
    refused(made({"alg": "RS256"}, KEY), only_rsa)


@pytest.mark.parametrize("kid", ["two", "../../dev/null", "one'; DROP TABLE keys; --", "one\0", "", "x" * 300])
def test_a_key_id_only_picks_among_our_keys(kid: str) -> None:
    refused(made({"kid": kid}))


def test_without_an_id_only_a_single_key_can_be_meant() -> None:
    token = compact({"alg": "ES256"}, CLAIMS, KEY)
    assert verified(token, keys=key_set(("one", KEY))).subject == "etl"
    refused(token)


def test_what_a_header_says_about_keys_is_never_looked_at() -> None:
    told = {"jku": "http://evil.test/keys", "x5u": "http://evil.test/x", "jwk": jwk(OTHER, "one"), "x5c": ["AAAA"]}
    refused(made(told, OTHER))
    assert verified(made(told, KEY)).subject == "etl"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://ci.test/"},
        {"iss": "https://CI.test"},
        {"iss": None},
        {"iss": 7},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 3000},
        {"aud": "other"},
        {"aud": None},
        {"aud": []},
        {"aud": ["other", "interlocks"]},
        {"aud": ["interlock", 7]},
        {"aud": {"interlock": 1}},
        {"aud": ["interlock", "interlock"]},
        {"aud": ["interlock", *(str(n) for n in range(100))]},
        {"exp": None},
        {"exp": SECONDS - 31},
        {"exp": SECONDS + 86_401},
        {"exp": "never"},
        {"exp": True},
        {"exp": -1},
        {"exp": 1e300},
        {"exp": SECONDS + 90_000, "iat": None},
        {"nbf": SECONDS + 31},
        {"nbf": "soon"},
        {"iat": SECONDS + 31},
        {"iat": SECONDS - 86_400 * 365, "exp": SECONDS + 60},
        {"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}},
        {"cnf": "x"},
        {"cnf": {"x5t#S256": "AAAA"}},
    ],
)
def test_claims_that_arent_ours_or_not_now(claims: dict[str, Any]) -> None:
    refused(made(**claims))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["other", "interlock"]},
        {"exp": SECONDS - 29},
        {"nbf": SECONDS + 29, "iat": SECONDS + 29},
        {"exp": SECONDS + 86_400},
        {"iat": SECONDS - 1.5},
        {"iat": None},
    ],
)
def test_clocks_may_differ_a_little(claims: dict[str, Any]) -> None:
    assert verified(made(**claims)).subject == "etl"


def test_ten_thousand_audiences_are_too_many_to_read() -> None:
    refused(made(aud=["interlock", *(str(n) for n in range(10_000))]))


def test_a_token_for_one_mcp_connection() -> None:
    tracker, other = ConnectionName("tracker"), ConnectionName("other")
    resources = {name: f"https://gateway.test/mcp/{name}" for name in (tracker, other)}

    def taken(at: ConnectionName | None) -> bool:
        try:
            tokens.verify(tokens.read(made(aud=resources[tracker])), ISSUER, KEYS, NOW, at, resources)
        except AuthenticationFailed:
            return False
        return True

    assert [taken(at) for at in (tracker, other, None)] == [True, False, False]


@pytest.mark.parametrize("kind", ["dpop+jwt", "logout+jwt", "secevent+jwt", "at+jwt+x", 7])
def test_a_token_made_for_another_end(kind: object) -> None:
    refused(made({"typ": kind}))


@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"crit": []}, {"b64": False, "crit": ["b64"]}, {"b64": True}])
def test_extensions_that_must_be_understood(header: dict[str, Any]) -> None:
    refused(made(header))


def test_keys_that_stand_twice() -> None:
    twice = json.dumps(CLAIMS)[:-1].encode() + b', "sub": "admin"}'
    refused(compact({"alg": "ES256", "kid": "one"}, twice, KEY))
    refused(compact(b'{"alg": "none", "alg": "ES256", "kid": "one"}', CLAIMS, KEY))


@pytest.mark.parametrize(
    "text",
    ["", "..", "a.b.c", "a.b", "a.b.c.d", "e30.e30.", " e30.e30.e30", "e30=.e30.e30", "e31.e30.e30", "W10.W10.W10"],
)
def test_what_isnt_a_token(text: str) -> None:
    with pytest.raises(MalformedInput):
        tokens.read(text)


def test_a_huge_token_isnt_read() -> None:
    with pytest.raises(MalformedInput):
        tokens.read(made(padding="x" * 7_000))
    deep = b'{"a":' * 1_000 + b"1" + b"}" * 1_000
    with pytest.raises(MalformedInput):
        tokens.read(compact({"alg": "ES256"}, deep, KEY))


def test_a_signature_has_one_spelling() -> None:
    token = made()
    last = token[-1]
    other = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    near = other[other.index(last) ^ 1]
    refused(token[:-1] + near)


def test_a_token_bound_to_a_certificate_says_so() -> None:
    digest = hashlib.sha256(b"a certificate")
    assert verified(made(cnf={"x5t#S256": b64(digest.digest())})).certificate == digest.hexdigest()


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_parts(header: bytes, claims: bytes, signature: bytes) -> None:
    try:
        verified(f"{b64(header)}.{b64(claims)}.{b64(signature)}")
    except (MalformedInput, AuthenticationFailed):
        return
    raise AssertionError("nobody signed this")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "act", "cnf", "typ", "alg", "kid"])


@given(st.dictionaries(_NAMES, _JSON, max_size=6), st.dictionaries(_NAMES, _JSON, max_size=3))
@settings(max_examples=200, deadline=None)
def test_any_claims_signed_with_the_right_key(claims: dict[str, Any], header: dict[str, Any]) -> None:
    """Whatever an issuer signs, nothing but these two errors comes of it."""
    token = compact({"alg": "ES256", "kid": "one", **header}, {**CLAIMS, **claims}, KEY)
    try:
        assert verified(token).subject
    except (MalformedInput, AuthenticationFailed):
        return


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text(text: str) -> None:
    with pytest.raises(MalformedInput):
        tokens.read(text)

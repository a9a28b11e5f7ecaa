"""ID tokens: what is accepted is exactly what was asked for; each check is broken once."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from interlock.errors import AuthenticationFailed
from interlock.identity.id_tokens import ALGORITHMS, MAX_TOKEN, Expected, groups_of, key_id, read_id_token
from interlock.identity.signing_keys import SigningKeys, read_key_set

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ISSUER, CLIENT, NONCE = "https://sso.example.org", "interlock", "a nonce"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER = ECKey.generate_key("P-256", {"kid": "two"})
EDWARDS = OKPKey.generate_key("Ed25519", {"kid": "three"})
KEYS = read_key_set(json.dumps(KeySet([KEY, OTHER, EDWARDS]).as_dict()).encode())
EXPECTED = Expected(ISSUER, CLIENT, NONCE, timedelta(hours=1))


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def claims(**changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "iss": ISSUER,
        "sub": "sub-priya",
        "aud": CLIENT,
        "exp": seconds(NOW) + 300,
        "iat": seconds(NOW),
        "nonce": NONCE,
        "auth_time": seconds(NOW) - 60,
        "name": "Priya Raman",
    }
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def signed(said: dict[str, Any], key: Any = KEY, algorithm: str = "RS256", **header: Any) -> str:
    return jwt.encode({"alg": algorithm, "kid": key.kid, **header}, said, key, algorithms=[algorithm])


def half(token: str, function: Callable[..., Any] = hashlib.sha256) -> str:
    hashed = function(token.encode()).digest()
    return base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=").decode()


def refused(token: str, expected: Expected = EXPECTED, keys: SigningKeys = KEYS, **more: Any) -> str:
    with pytest.raises(AuthenticationFailed) as told:
        read_id_token(token, keys, expected, NOW, **more)
    assert "sub-priya" not in told.value.sentence
    return told.value.code.removeprefix("id_token_")


def test_a_token_that_is_as_expected_says_whose_account_and_when_the_login_was() -> None:
    read = read_id_token(signed(claims()), KEYS, EXPECTED, NOW)
    assert (read.subject, read.name, read.auth_time) == ("sub-priya", "Priya Raman", NOW - timedelta(minutes=1))


@pytest.mark.parametrize(("key", "algorithm"), [(KEY, "RS256"), (KEY, "PS256"), (OTHER, "ES256")])
def test_each_algorithm_with_its_own_key(key: Any, algorithm: str) -> None:
    said = claims(at_hash=half("the access token"))
    token = signed(said, key, algorithm)
    assert read_id_token(token, KEYS, EXPECTED, NOW, access_token="the access token").subject == "sub-priya"
    assert refused(token, access_token="another") == "access_token"


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"iss": ISSUER + "/"}, "issuer"),
        ({"aud": "another"}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": {"interlock": 1}}, "audience"),
        ({"aud": [CLIENT, "another"]}, "audience"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "audience"),
        ({"azp": "another"}, "audience"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": 1}, "nonce"),
        ({"nonce": "\ud83d nonce".encode("utf-8", "replace").decode()}, "nonce"),
        ({"exp": None}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"exp": seconds(NOW) - 31}, "expired"),
        ({"iat": None}, "iat"),
        ({"iat": seconds(NOW) + 31}, "issued_at"),
        ({"iat": seconds(NOW) - 700}, "issued_at"),
        ({"nbf": seconds(NOW) + 31}, "not_before"),
        ({"auth_time": None}, "auth_time"),
        ({"auth_time": seconds(NOW) + 31}, "auth_time"),
        ({"auth_time": seconds(NOW) - 3631}, "auth_time"),
        ({"auth_time": -1}, "auth_time"),
        ({"sub": None}, "subject"),
        ({"sub": ""}, "subject"),
        ({"sub": "s" * 256}, "subject"),
        ({"sub": "a\u202eb"}, "subject"),
        ({"sub": 7}, "subject"),
        ({"at_hash": 7}, "access_token"),
        ({"at_hash": ""}, "access_token"),
    ],
)
def test_each_claim_is_checked(changes: dict[str, Any], check: str) -> None:
    assert refused(signed(claims(**changes))) == check


def test_more_audiences_count_where_we_are_the_one_it_was_made_for() -> None:
    token = signed(claims(aud=["another", CLIENT], azp=CLIENT))
    assert read_id_token(token, KEYS, EXPECTED, NOW).subject == "sub-priya"


def test_a_clock_a_little_ahead_doesnt_make_a_login_of_the_future() -> None:
    token = signed(claims(auth_time=seconds(NOW) + 20))
    assert read_id_token(token, KEYS, EXPECTED, NOW).auth_time == NOW


def test_a_login_may_be_as_old_as_was_asked_and_no_older() -> None:
    token = signed(claims(auth_time=seconds(NOW) - 3000))
    assert read_id_token(token, KEYS, EXPECTED, NOW).subject == "sub-priya"
    assert refused(token, Expected(ISSUER, CLIENT, NONCE, timedelta(minutes=5))) == "auth_time"


def test_what_isnt_signed_by_the_provider_isnt_looked_into() -> None:
    header, body, _ = signed(claims()).split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"one"}').rstrip(b"=").decode()
    assert refused(f"{none}.{body}.") == "form"
    assert refused(f"{none}.{body}.AA") == "algorithm"
    assert refused(signed(claims(), OctKey.import_key(b"s" * 32, {"kid": "one"}), "HS256")) == "algorithm"
    public = json.dumps(KEY.as_dict(private=False)).encode()
    assert refused(signed(claims(), OctKey.import_key(public, {"kid": "one"}), "HS256")) == "algorithm"
    assert refused(signed(claims(), RSAKey.generate_key(2048, {"kid": "one"}))) == "signature"
    assert refused(f"{header}.{body}.{'A' * 342}") == "signature"
    assert refused(signed(claims(), KEY, "RS256", kid="unknown")) == "signature"


def test_only_the_algorithms_that_the_provider_says_it_signs_with() -> None:
    strict = Expected(ISSUER, CLIENT, NONCE, timedelta(hours=1), algorithms=("ES256", "HS256", "none"))
    assert refused(signed(claims()), strict) == "algorithm"
    assert read_id_token(signed(claims(), OTHER, "ES256"), KEYS, strict, NOW).subject == "sub-priya"
    assert not {"none", "HS256", "HS384", "HS512"} & set(ALGORITHMS)


@pytest.mark.parametrize("header", [{"crit": ["b64"], "b64": False}, {"typ": "logout+jwt"}])
def test_a_token_of_another_kind_is_none(header: dict[str, Any]) -> None:
    parts = signed(claims()).split(".")
    made = base64.urlsafe_b64encode(json.dumps({"alg": "RS256", "kid": "one", **header}).encode()).rstrip(b"=").decode()
    assert refused(".".join([made, *parts[1:]])) == "form"


def test_the_key_it_wants_is_read_before_anything_is_verified() -> None:
    assert key_id(signed(claims())) == "one"
    for text in ("", "a.b", "a.b.c", "é.b.c", "A" * (MAX_TOKEN + 1), "e30.e30.", "W10.e30.AA"):
        with pytest.raises(AuthenticationFailed):
            key_id(text)


def test_groups_are_the_providers_own_words_and_absent_means_none() -> None:
    assert groups_of({"groups": ["a", "b"]}, "groups") == {"a", "b"}
    assert groups_of({"roles": "a"}, "roles") == {"a"}
    assert groups_of({}, "groups") == frozenset()


@pytest.mark.parametrize(
    "said", [{"groups": {"a": 1}}, {"groups": ["a", 1]}, {"groups": None}, {"_claim_names": {"groups": "src1"}}]
)
def test_groups_that_cant_be_read_arent_no_groups(said: dict[str, Any]) -> None:
    with pytest.raises(AuthenticationFailed):
        groups_of(said, "groups")


@pytest.mark.parametrize("name", [None, "", " ", 7, ["a"]])
def test_who_has_no_name_there_goes_by_the_account(name: Any) -> None:
    assert read_id_token(signed(claims(name=name)), KEYS, EXPECTED, NOW).name == "sub-priya"


GOOD = signed(claims())


@given(st.integers(0, len(GOOD) - 1), st.characters(codec="ascii"))
def test_no_changed_character_is_accepted_unless_it_means_the_same(at: int, character: str) -> None:
    changed = GOOD[:at] + character + GOOD[at + 1 :]
    if changed == GOOD:
        return
    with pytest.raises(AuthenticationFailed):
        read_id_token(changed, KEYS, EXPECTED, NOW)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_claims_of_any_type_raise_one_thing(value: Any) -> None:
    for name in ("iss", "aud", "azp", "exp", "iat", "nbf", "nonce", "auth_time", "sub", "at_hash"):
        said = {**claims(), name: value}
        try:
            token = signed(said)
        except (ValueError, UnicodeError):
            return
        try:
            read_id_token(token, KEYS, EXPECTED, NOW)
        except AuthenticationFailed:
            continue


@given(st.text(max_size=300))
def test_hostile_texts_raise_one_thing(text: str) -> None:
    for token in (text, f"{text}.{text}.{text}"):
        with pytest.raises(AuthenticationFailed):
            read_id_token(token, KEYS, EXPECTED, NOW)

"""Passkeys: what a challenge binds, and which answers are refused."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testkit.authenticator import Answer, Authenticator

from interlock.errors import AuthenticationFailed
from interlock.identity import passkeys
from interlock.model.names import Digest, PersonId, ReviewId
from interlock.model.narrowing import Narrowing
from interlock.model.passkey import Assertion, Passkey

ORIGIN, RP_ID = "https://interlock.test", "interlock.test"
REVIEW, DANA = ReviewId("0192f0c1-0000-7000-8000-000000000000"), PersonId("dana")
ACTION, CARD = Digest("a" * 64), Digest("c" * 64)
APPROVE = passkeys.challenge(REVIEW, DANA, "approve", ACTION, CARD)


def authenticator(**how: object) -> Authenticator:
    return Authenticator(ORIGIN, RP_ID, **how)  # type: ignore[arg-type]


def registered(device: Authenticator) -> Passkey:
    return Passkey(base64url(device.credential), DANA, device.public_key(), device.count or 0, "laptop")


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read(answer: Answer) -> Assertion:
    return passkeys.read_assertion(**answer.fields())


def verify(passkey: Passkey, answer: Answer | Assertion, challenge: bytes = APPROVE) -> int:
    assertion = read(answer) if isinstance(answer, Answer) else answer
    return passkeys.verify_assertion(passkey, assertion, challenge, ORIGIN, RP_ID)


def make(device: Authenticator, challenge: bytes = b"n" * 32) -> Passkey:
    made = device.register(challenge)
    return passkeys.verify_registration(
        DANA, "laptop", unpadded(made.attestation), unpadded(made.client_data), b"n" * 32, ORIGIN, RP_ID
    )


# -- challenges --------------------------------------------------------------------------------------------------------


def test_a_challenge_is_what_the_docs_say() -> None:
    said = {"action_digest": ACTION, "card_digest": CARD, "person": "dana", "review": REVIEW, "verdict": "approve"}
    text = json.dumps(said, separators=(",", ":"), sort_keys=True)
    assert hashlib.sha256(b"interlock/vote/v1\0" + text.encode()).digest() == APPROVE


def test_no_two_things_that_can_be_said_have_one_challenge() -> None:
    one = passkeys.terms_digest(Narrowing(row_cap=1))
    other = passkeys.terms_digest(Narrowing(row_cap=2))
    said = [
        APPROVE,
        passkeys.challenge(ReviewId(REVIEW[:-1] + "1"), DANA, "approve", ACTION, CARD),
        passkeys.challenge(REVIEW, PersonId("remy"), "approve", ACTION, CARD),
        passkeys.challenge(REVIEW, DANA, "deny", ACTION, CARD),
        passkeys.challenge(REVIEW, DANA, passkeys.BREAK_GLASS, ACTION, CARD),
        passkeys.challenge(REVIEW, DANA, passkeys.NARROW, ACTION, CARD, one),
        passkeys.challenge(REVIEW, DANA, passkeys.NARROW, ACTION, CARD, other),
        passkeys.challenge(REVIEW, DANA, "approve", CARD, CARD),
        passkeys.challenge(REVIEW, DANA, "approve", ACTION, ACTION),
        passkeys.adding(DANA, b"n" * 32),
        passkeys.adding(DANA, b"m" * 32),
        passkeys.removing(DANA, "YQ"),
        passkeys.removing(PersonId("remy"), "YQ"),
    ]
    assert len(set(said)) == len(said)


# -- assertions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("eddsa", [False, True])
def test_the_answer_to_this_challenge_counts_and_the_counter_moves(eddsa: bool) -> None:
    device = authenticator(eddsa=eddsa)
    key = make(device)
    assert (key.person, key.name, key.count) == (DANA, "laptop", 0)
    assert verify(key, device.answer(APPROVE)) == 1
    assert verify(replace(key, count=1), device.answer(APPROVE)) == 2


def test_an_authenticator_without_counter_stays_at_nought() -> None:
    device = authenticator(count=None)
    key = make(device)
    assert [verify(key, device.answer(APPROVE)) for _ in range(2)] == [0, 0]


def test_a_clone_whose_counter_went_back_is_refused() -> None:
    device = authenticator()
    key, clone = make(device), device.clone()
    key = replace(key, count=verify(key, device.answer(APPROVE)))
    with pytest.raises(AuthenticationFailed) as refused:
        verify(key, clone.answer(APPROVE))
    assert refused.value.code == "passkey_cloned"
    clone.count = None
    with pytest.raises(AuthenticationFailed):
        verify(key, clone.answer(APPROVE))


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://interlock.test.evil.test"},
        {"origin": "http://interlock.test"},
        {"rp_id": "test"},
        {"verifies_user": False},
        {"user_present": False},
        {"cross_origin": True},
    ],
)
def test_what_isnt_as_it_should_be_is_refused(wrong: dict[str, object]) -> None:
    device = authenticator()
    key = registered(device)
    assert verify(key, device.answer(APPROVE))
    for name, value in wrong.items():
        setattr(device, name, value)
    with pytest.raises(AuthenticationFailed):
        verify(key, device.answer(APPROVE))
    with pytest.raises(AuthenticationFailed):
        make(device)


def test_an_answer_to_another_question_is_refused() -> None:
    device = authenticator()
    key = registered(device)
    for other in (
        passkeys.challenge(REVIEW, DANA, "deny", ACTION, CARD),
        passkeys.challenge(REVIEW, DANA, "approve", ACTION, Digest("d" * 64)),
        passkeys.removing(DANA, key.credential),
        b"",
    ):
        with pytest.raises(AuthenticationFailed):
            verify(key, device.answer(other))


def test_somebody_elses_passkey_is_refused() -> None:
    mine, theirs = authenticator(), authenticator()
    with pytest.raises(AuthenticationFailed):
        verify(registered(mine), theirs.answer(APPROVE))
    with pytest.raises(AuthenticationFailed):  # their key under my credential's id
        verify(registered(mine), replace(theirs.answer(APPROVE), credential=base64url(mine.credential)))


def test_a_registration_isnt_a_vote_nor_a_vote_a_registration() -> None:
    device = authenticator()
    made = device.register(APPROVE)
    answer = device.answer(APPROVE)
    with pytest.raises(AuthenticationFailed):
        verify(registered(device), replace(answer, client_data=made.client_data))
    with pytest.raises(AuthenticationFailed):
        client_data = unpadded(answer.client_data)
        passkeys.verify_registration(DANA, "", unpadded(made.attestation), client_data, APPROVE, ORIGIN, RP_ID)


@pytest.mark.parametrize("part", ["authenticator_data", "client_data", "signature"])
def test_any_bit_flipped_is_refused(part: str) -> None:
    device = authenticator()
    key, assertion = registered(device), read(device.answer(APPROVE))
    data = getattr(assertion, part)
    for at in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(AuthenticationFailed):
            verify(key, replace(assertion, **{part: bytes(flipped)}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 2000,
        b'{"type":"webauthn.get","type":"webauthn.get"}',
        b"\xff",
        b'{"type":1,"challenge":[],"origin":{}}',
        b"x" * 3000,
    ],
)
def test_client_data_that_isnt_any_is_refused(said: bytes) -> None:
    device = authenticator()
    with pytest.raises(AuthenticationFailed):
        verify(registered(device), replace(read(device.answer(APPROVE)), client_data=said))


@pytest.mark.parametrize("text", ["", "a", "YQ==", "YR", "Y Q", "Yé", "A" * 2000])
def test_only_the_one_spelling_of_base64url_is_read(text: str) -> None:
    with pytest.raises(AuthenticationFailed):
        passkeys.unbase64url(text, 1023)
    assert passkeys.unbase64url("YQ", 1023) == b"a"


def test_an_assertion_comes_back_from_its_entry() -> None:
    assertion = read(authenticator().answer(APPROVE))
    assert passkeys.read_assertion(**passkeys.assertion_fields(assertion)) == assertion


# -- registration ------------------------------------------------------------------------------------------------------


def registration(attestation: bytes) -> Passkey:
    client_data = unpadded(authenticator().register(b"n" * 32).client_data)
    return passkeys.verify_registration(DANA, "", attestation, client_data, b"n" * 32, ORIGIN, RP_ID)


def test_a_stale_challenge_registers_nothing() -> None:
    with pytest.raises(AuthenticationFailed):
        make(authenticator(), challenge=b"m" * 32)


def test_attestation_is_neither_asked_for_nor_taken() -> None:
    made = cbor2.loads(unpadded(authenticator().register(b"n" * 32).attestation))
    assert registration(cbor2.dumps(made))
    for form in ("tpm", "android-safetynet", "android-key", "fido-u2f", "apple", "new", 1):
        with pytest.raises(AuthenticationFailed):
            registration(cbor2.dumps({**made, "fmt": form}))
    with pytest.raises(AuthenticationFailed):
        registration(cbor2.dumps({**made, "fmt": "packed", "attStmt": {"alg": -7, "sig": b"", "x5c": [b""]}}))


def test_weak_or_unknown_keys_are_refused() -> None:
    device = authenticator()
    weak: list[object] = [
        {1: 2, 3: -65535, -1: 1, -2: b"x" * 32, -3: b"y" * 32},  # SHA-1
        {1: 3, 3: -65535, -1: b"n" * 256, -2: b"\1\0\1"},
        {1: 4, 3: -7},
        [],
    ]
    for key in weak:
        device.public_key = lambda key=key: cbor2.dumps(key)  # type: ignore[method-assign, misc]
        with pytest.raises(AuthenticationFailed):
            make(device)


# -- hostile bytes -----------------------------------------------------------------------------------------------------

_TREE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.binary(max_size=40) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(-4, 4) | st.text(max_size=8), inner),
    max_leaves=8,
)
_OBJECT = st.fixed_dictionaries(
    {"fmt": st.sampled_from(["none", "packed"]) | _TREE, "attStmt": _TREE, "authData": st.binary(max_size=200) | _TREE}
)


def only_ever_refused(attestation: bytes, answer: bytes) -> None:
    device = authenticator()
    assertion = read(device.answer(APPROVE))
    with pytest.raises(AuthenticationFailed):
        registration(attestation)
    with pytest.raises(AuthenticationFailed):
        verify(registered(device), replace(assertion, authenticator_data=answer))
    with pytest.raises(AuthenticationFailed):
        verify(replace(registered(device), public_key=answer), assertion)
    with pytest.raises(AuthenticationFailed):
        verify(registered(device), replace(assertion, client_data=answer))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | _OBJECT.map(cbor2.dumps), st.binary(max_size=200) | _TREE.map(cbor2.dumps))
def test_hostile_bytes_are_only_ever_refused(attestation: bytes, answer: bytes) -> None:
    only_ever_refused(attestation, answer)


@pytest.mark.slow
@settings(max_examples=5_000, deadline=None)
@given(st.binary(max_size=300) | _OBJECT.map(cbor2.dumps), st.binary(max_size=200) | _TREE.map(cbor2.dumps))
def test_hostile_bytes_are_only_ever_refused_at_length(attestation: bytes, answer: bytes) -> None:
    only_ever_refused(attestation, answer)

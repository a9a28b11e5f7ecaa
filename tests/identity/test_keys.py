"""Interlock keys: form, hash, constant refusals."""

from __future__ import annotations

import pytest

from interlock.errors import AuthenticationFailed
from interlock.identity import keys
from interlock.model.secret import Secret


def test_a_made_key_checks_against_its_own_hash_only() -> None:
    key, secret, recorded = keys.make(b"\1" * 8, b"\2" * 32)
    _, _, other = keys.make(b"\1" * 8, b"\3" * 32)
    assert keys.key_id(secret) == key
    keys.check(secret, recorded)
    with pytest.raises(AuthenticationFailed):
        keys.check(secret, other)


def test_the_hash_is_bound_to_the_id() -> None:
    _, _, first = keys.make(b"\1" * 8, b"\2" * 32)
    _, second, _ = keys.make(b"\4" * 8, b"\2" * 32)
    with pytest.raises(AuthenticationFailed):
        keys.check(second, first)


@pytest.mark.parametrize("presented", ["", "ilk_", "ilk_00_x", "ilk_" + "0" * 16 + "_" + "x" * 42, "x" * 10_000])
def test_what_hasnt_a_keys_form_is_refused_like_a_wrong_one(presented: str) -> None:
    with pytest.raises(AuthenticationFailed) as refusal:
        keys.check(Secret(presented), None)
    assert presented == "" or presented not in refusal.value.sentence


def test_an_unknown_key_fails_even_if_its_hash_were_all_zeros() -> None:
    _, secret, _ = keys.make(b"\1" * 8, b"\2" * 32)
    with pytest.raises(AuthenticationFailed):
        keys.check(secret, None)


def test_the_secret_is_in_no_repr() -> None:
    _, secret, _ = keys.make(b"\1" * 8, b"\2" * 32)
    assert secret.reveal() not in repr(secret) and secret.reveal() not in f"{secret}"

"""Sealing binds a ciphertext to its key and to what it is about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stores.a_store import ENTROPY

from interlock.errors import LedgerCorrupt
from interlock.model.secret import Secret
from interlock.ports import Sealer
from interlock.stores.seals import AesGcmSealer

SEALER: Sealer = AesGcmSealer(Secret(b"S" * 32), ENTROPY)


@given(about=st.text(), plain=st.binary(max_size=2000))
def test_what_is_sealed_opens(about: str, plain: bytes) -> None:
    assert SEALER.open(about, SEALER.seal(about, plain)).reveal() == plain


def test_a_seal_does_not_show_what_it_holds_and_never_repeats() -> None:
    one, two = SEALER.seal("r1", b"123-45-6789"), SEALER.seal("r1", b"123-45-6789")
    assert b"123-45-6789" not in one
    assert one[:12] != two[:12]
    assert one != two


def test_it_holds_for_its_review_only() -> None:
    with pytest.raises(LedgerCorrupt):
        SEALER.open("r2", SEALER.seal("r1", b"payload"))


def test_it_holds_under_its_key_only() -> None:
    with pytest.raises(LedgerCorrupt):
        AesGcmSealer(Secret(b"T" * 32), ENTROPY).open("r1", SEALER.seal("r1", b"payload"))


@given(at=st.integers(0, (12 + 7 + 16) * 8 - 1))
def test_any_bit_flipped_breaks_it(at: int) -> None:
    sealed = bytearray(SEALER.seal("r1", b"payload"))
    sealed[at // 8] ^= 1 << at % 8
    with pytest.raises(LedgerCorrupt):
        SEALER.open("r1", bytes(sealed))


@pytest.mark.parametrize("length", [0, 1, 12, 27])
def test_what_is_too_short_is_refused(length: int) -> None:
    with pytest.raises(LedgerCorrupt):
        SEALER.open("r1", bytes(length))


def test_a_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32"):
        AesGcmSealer(Secret(b"short"), ENTROPY)

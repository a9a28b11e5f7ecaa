"""Certificates: which say who somebody is, and hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testkit.certificates import Authority

from interlock.errors import MalformedInput
from interlock.identity import certificates

CA = Authority()
LEAF = CA.leaf("etl", uris=["spiffe://acme.test/ns/data/sa/etl"])


def test_a_leaf_with_a_spiffe_id() -> None:
    found = certificates.read(LEAF.der)
    assert (found.spiffe_id, found.sha256) == ("spiffe://acme.test/ns/data/sa/etl", LEAF.sha256)
    assert found.key == f"x509:{LEAF.sha256[:16]}"
    assert found.begins_at < found.expires_at


def test_a_leaf_without_one() -> None:
    assert certificates.read(CA.leaf("etl").der).spiffe_id == ""
    assert certificates.read(CA.leaf("etl", uris=["https://acme.test/etl"]).der).spiffe_id == ""


@pytest.mark.parametrize(
    "uris",
    [
        ["spiffe://acme.test/a", "spiffe://acme.test/b"],
        ["spiffe://acme.test/a", "https://acme.test/"],
        ["spiffe://acme.test"],
        ["spiffe://acme.test/"],
        ["spiffe://acme.test/a//b"],
        ["spiffe://acme.test/a/../b"],
        ["spiffe://acme.test:8443/a"],
        ["spiffe://u@acme.test/a"],
        ["spiffe://ACME.test/a"],
        ["SPIFFE://acme.test/a"],
        ["spiffe://acme.test/a?b"],
        ["spiffe://acme.test/%61"],
    ],
)
def test_names_that_tell_nobody(uris: list[str]) -> None:
    with pytest.raises(MalformedInput):
        certificates.read(CA.leaf("etl", uris=uris).der)


def test_an_authority_doesnt_ask() -> None:
    with pytest.raises(MalformedInput):
        certificates.read(CA.leaf("sub", uris=["spiffe://acme.test/a"], ca=True).der)
    with pytest.raises(MalformedInput):
        certificates.read(CA.leaf("etl").der + b"\0" * certificates.MAX_CERTIFICATE)


def test_the_digest_of_a_file(tmp_path: Path) -> None:
    pem, _ = LEAF.write(tmp_path, "etl")
    assert certificates.digest_of_file(pem.read_bytes()) == certificates.digest_of_file(LEAF.der) == LEAF.sha256
    with pytest.raises(MalformedInput):
        certificates.digest_of_file(b"-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")


@given(st.integers(0, len(LEAF.der) - 1), st.integers(0, 7))
@settings(max_examples=300, deadline=None)
def test_any_bit_turned_over(at: int, bit: int) -> None:
    der = bytearray(LEAF.der)
    der[at] ^= 1 << bit
    try:
        assert certificates.read(bytes(der)).sha256 != LEAF.sha256
    except MalformedInput:
        return


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes(der: bytes) -> None:
    with pytest.raises(MalformedInput):
        certificates.read(der)


def test_a_version_that_there_is_not_is_refused() -> None:
    der = bytearray(LEAF.der)
    version = der.index(b"\xa0\x03\x02\x01\x02")
    der[version + 4] = 3
    with pytest.raises(MalformedInput):
        certificates.read(bytes(der))

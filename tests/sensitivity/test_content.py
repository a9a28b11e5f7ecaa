"""What values give away by their form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.ports import ContentDetector
from interlock.sensitivity.content import MOST_CANDIDATES, PatternDetector
from interlock.sensitivity.labels import KNOWN

DETECTOR: ContentDetector = PatternDetector()
JWT = b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2VhbA"
CANARIES = [
    (b"123-45-6789", "pii.ssn"),
    (b"SSN-123-45-6789", "pii.ssn"),
    (b"ssn 123 45 6789.", "pii.ssn"),
    (b"\\n899-99-9999\\n", "pii.ssn"),
    (b"4111111111111111", "pci.pan"),
    (b"x4111111111111111x", "pci.pan"),
    (b"a4111111111111111", "pci.pan"),
    (b"card4111111111111111", "pci.pan"),
    (b"4111 1111 1111 1111", "pci.pan"),
    (b"5555-5555-5555-4444", "pci.pan"),
    (b"2223003122003222", "pci.pan"),
    (b"5234 4111 1111 1111 1111", "pci.pan"),
    (b"4111 1111 1111 1111 123", "pci.pan"),
    (b"3782 822463 10005", "pci.pan"),
    (b"378282246310005", "pci.pan"),
    (b"3056 930902 5904", "pci.pan"),
    (b"4222222222222", "pci.pan"),
    (b"6011111111111117", "pci.pan"),
    (b"3530111333300000", "pci.pan"),
    (b'{"pan":4111111111111111}', "pci.pan"),
    (b"mail dana.o'neil+x@clinic.example.org now", "pii.email"),
    ("zo\u00eb@b\u00fccher.example".encode(), "pii.email"),
    (b"AKIAIOSFODNN7EXAMPLE", "secret.aws.access_key"),
    (b"key=ASIAIOSFODNN7EXAMPLE;", "secret.aws.access_key"),
    (b"ACCAIOSFODNN7EXAMPLE", "secret.aws.access_key"),
    (b"-----BEGIN PRIVATE KEY-----", "secret.key"),
    (b"-----BEGIN RSA PRIVATE KEY-----\nMIIE", "secret.key"),
    (b"-----BEGIN PGP PRIVATE KEY BLOCK-----", "secret.key"),
    (JWT, "secret.jwt"),
    (b"Bearer\\n" + JWT, "secret.jwt"),
    (b"a." + JWT, "secret.jwt"),
]
HARMLESS = [
    b"",
    b"123456789",
    b"000-45-6789",
    b"666-45-6789",
    b"900-45-6789",
    b"123-00-6789",
    b"123-45-0000",
    b"123-45 6789",
    b"978-123-45-6789-0",
    b"1123-45-6789",
    b"123-45-67890",
    b"2024-03-05 12:33:10.123456+00",
    b"+1 415-555-2671",
    b"4111111111111112",
    b"4111 1111-1111 1111",
    b"1234567812345670",
    b"0000000000000000",
    b"14111111111111111111111",
    b"0.4111111111111111",
    b"4111111111111111.25",
    b"9f4111111111111111ab",
    b"1700000000000000",
    b"user@host",
    b"@scope/package.name",
    b"pkg@1.2.3",
    b"a @ b.example",
    b"AKIAIOSFODNN7EXAMPL",
    b"XAKIAIOSFODNN7EXAMPLE",
    b"-----BEGIN PUBLIC KEY-----",
    b"-----BEGIN CERTIFICATE-----",
    b"eyJhbGciOiJIUzI1NiJ9",
    b"550e8400-e29b-41d4-a716-446655440000",
    b"d2f1c0ff5b1a4e4bb2f6a0e9a3a7c1d4",
    b"[pii.ssn]",
]


@pytest.mark.parametrize(("value", "label"), CANARIES)
def test_canaries_are_found(value: bytes, label: str) -> None:
    assert DETECTOR.find(value) == {label} and label in KNOWN


@pytest.mark.parametrize("value", HARMLESS)
def test_harmless_neighbours_are_not(value: bytes) -> None:
    assert DETECTOR.find(value) == frozenset()


def test_everything_in_a_value_is_found_wherever_it_stands() -> None:
    value = b"quiet words, " * 20_000 + b"a@b.example 123-45-6789 4111 1111 1111 1111" + b" and more" * 20_000
    assert DETECTOR.find(value) == {"pii.email", "pii.ssn", "pci.pan"}


def test_more_candidates_than_are_tried_count_as_one_that_was_found() -> None:
    wrong = b"4111111111111112 "
    assert DETECTOR.find(wrong * MOST_CANDIDATES) == frozenset()
    assert DETECTOR.find(wrong * (MOST_CANDIDATES + 1)) == {"pci.pan"}


PIECES = [b"4532 ", b"0.4", b"@", b"a.", b"eyJ", b".eyJ", b"-----BEGIN ", b"AKIA", b"123-", b"45", b" ", b"\xff", b"9"]


@given(st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(PIECES), max_size=80).map(b"".join)))
def test_hostile_bytes_never_raise(value: bytes) -> None:
    assert DETECTOR.find(value) <= set(KNOWN)


@given(st.sampled_from(CANARIES), st.text(alphabet="ghxyz ,;\n\u00e9", max_size=40), st.text("ghxyz ,;\n", max_size=40))
def test_harmless_words_around_hide_nothing(canary: tuple[bytes, str], before: str, behind: str) -> None:
    value = before.encode() + b" " + canary[0] + b" " + behind.encode()
    assert canary[1] in DETECTOR.find(value)


@pytest.mark.parametrize("piece", [*PIECES, b"1", b"4", b"a@a.", b"eyJaaaaa", b"123-45-"])
def test_it_takes_no_time(piece: bytes) -> None:
    """No pattern may look at the same bytes again for each beginning: a square of this length wouldn't end."""
    assert DETECTOR.find(piece * (2_000_000 // len(piece)) + b"~") <= set(KNOWN)

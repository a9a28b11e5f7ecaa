"""Columns' bytes to values and back, in both formats."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.masking import forms
from interlock.masking.value import Kind, Special, Value

BOTH: list[tuple[int, Value, bytes, bytes | None]] = [
    (25, "Ünal", "Ünal".encode(), "Ünal".encode()),
    (21, -7, b"-7", struct.pack("!h", -7)),
    (23, 7, b"7", struct.pack("!i", 7)),
    (20, 2**62, b"4611686018427387904", struct.pack("!q", 2**62)),
    (1700, Decimal("1.50"), b"1.50", None),
    (1082, date(1980, 3, 14), b"1980-03-14", struct.pack("!i", -7232)),
    (1114, datetime(2000, 1, 1, 0, 0, 1), b"2000-01-01 00:00:01", struct.pack("!q", 1_000_000)),
    (1184, datetime(2000, 1, 1, 0, 0, 1, tzinfo=UTC), b"2000-01-01 00:00:01+00:00", struct.pack("!q", 1_000_000)),
]


@pytest.mark.parametrize(("type_oid", "value", "text", "binary"), BOTH)
def test_both_formats(type_oid: int, value: Value, text: bytes, binary: bytes | None) -> None:
    assert forms.read(text, type_oid, 0) == value
    assert forms.write(value, type_oid, 0) == text
    if binary is not None:
        assert forms.read(binary, type_oid, 1) == value
        assert forms.write(value, type_oid, 1) == binary


@pytest.mark.parametrize(
    ("type_oid", "raw"),
    [
        (1082, b"infinity"),
        (1082, b"0044-03-15 BC"),
        (1082, b"14/03/1980"),
        (1184, b"infinity"),
        (23, b"NaN"),
        (23, b""),
        (1700, b"NaN"),
        (25, b"\xff"),
        (16, b"t"),
    ],
)
def test_what_python_has_no_value_for_is_refused(type_oid: int, raw: bytes) -> None:
    assert forms.read(raw, type_oid, 0) is Special.REFUSED


def test_infinity_in_binary_is_refused() -> None:
    assert forms.read(struct.pack("!i", 2**31 - 1), 1082, 1) is Special.REFUSED
    assert forms.read(struct.pack("!q", -(2**63)), 1114, 1) is Special.REFUSED


@given(st.binary(max_size=30), st.sampled_from([25, 21, 23, 20, 1700, 1082, 1114, 1184, 99]), st.sampled_from([0, 1]))
def test_hostile_bytes_never_raise(raw: bytes, type_oid: int, format: int) -> None:
    value = forms.read(raw, type_oid, format)
    if not isinstance(value, Special):
        assert forms.read(forms.write(value, type_oid, format) or b"", type_oid, format) in (value, Special.REFUSED)


@pytest.mark.parametrize(
    ("type_oid", "value"), [(21, 40_000), (23, "x"), (23, True), (1082, datetime(2020, 1, 1)), (25, "\ud800"), (16, 1)]
)
def test_what_doesnt_fit_becomes_null(type_oid: int, value: Value) -> None:
    assert forms.write(value, type_oid, 0) is None


def test_kinds_and_limits() -> None:
    assert forms.kind_of(1043, 1) is Kind.TEXT
    assert forms.kind_of(1700, 1) is None and forms.kind_of(17, 0) is None
    assert [forms.most_of(oid) for oid in (21, 23, 20)] == [2**15 - 1, 2**31 - 1, 2**63 - 1]

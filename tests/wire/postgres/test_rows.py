from __future__ import annotations

import struct
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.wire.postgres.cuts import cut, places

from interlock.errors import MalformedInput
from interlock.wire.postgres.answers import write_data_row
from interlock.wire.postgres.frames import Batch, RunReader
from interlock.wire.postgres.rows import ColumnMask, RowMasker, values_of


@dataclass(frozen=True)
class Constant:
    replacement: bytes | None
    keeps_null: bool

    def __call__(self, value: bytes | None) -> bytes | None:
        return None if value is None and self.keeps_null else self.replacement


def reversed_value(value: bytes | None) -> bytes | None:
    return None if value is None else value[::-1]


MASKS: st.SearchStrategy[ColumnMask | None] = st.one_of(
    st.none(),
    st.builds(Constant, st.none() | st.binary(max_size=5), st.booleans()),
    st.just(reversed_value),
)
FIELDS = st.none() | st.binary(max_size=12)


@st.composite
def results(draw: st.DrawFn) -> tuple[list[ColumnMask | None], list[list[bytes | None]]]:
    masks = draw(st.lists(MASKS, max_size=6))
    rows = draw(st.lists(st.lists(FIELDS, min_size=len(masks), max_size=len(masks)), max_size=6))
    return masks, rows


def masked(masks: list[ColumnMask | None], row: list[bytes | None]) -> list[bytes | None]:
    return [value if mask is None else mask(value) for mask, value in zip(masks, row, strict=True)]


@given(results(), places())
def test_rows_are_masked_as_their_masks_say_however_cut(
    result: tuple[list[ColumnMask | None], list[list[bytes | None]]], where: list[int]
) -> None:
    masks, rows = result
    data = b"".join(map(write_data_row, rows))
    expected = b"".join(write_data_row(masked(masks, row)) for row in rows)
    assert RowMasker(masks).rewrite_batch(data) == expected
    one_by_one = RowMasker(masks)
    assert b"".join(one_by_one.rewrite(write_data_row(row)[5:]) for row in rows) == expected
    assert one_by_one.rows == len(rows)
    reader, in_chunks = RunReader([], 1_000, [b"D"]), RowMasker(masks)
    batches = [piece for chunk in cut(data, where) for piece in reader.feed(chunk)]
    assert all(isinstance(piece, Batch) for piece in batches)
    assert (
        b"".join(in_chunks.rewrite_batch(bytes(piece.data)) for piece in batches if isinstance(piece, Batch))
        == expected
    )
    assert in_chunks.counts == one_by_one.counts


def test_what_is_counted() -> None:
    masker = RowMasker([Constant(b"x", True), Constant(b"x", False), None, reversed_value])
    for row in ([b"1", b"2", b"3", b"4"], [None, None, None, None]):
        masker.rewrite(write_data_row(row)[5:])
    assert (masker.rows, masker.counts) == (2, (1, 2, 0, 2))


def row_body(*fields: bytes, columns: int = 2) -> bytes:
    return struct.pack(">H", columns) + b"".join(fields)


ONE = b"\0\0\0\x01a"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        row_body(),
        row_body(ONE),
        row_body(ONE, ONE, ONE),
        row_body(ONE, ONE, columns=1),
        row_body(ONE, ONE, columns=3),
        row_body(ONE, columns=1),
        row_body(ONE, ONE, b"\0"),
        row_body(ONE, b"\xff\xff\xff\xfe"),
        row_body(b"\x80\0\0\0", ONE),
        row_body(ONE, b"\0\0\0\x02a"),
        row_body(b"\0\0\0\x06a", ONE),
        row_body(ONE, b"\x7f\xff\xff\xffa"),
    ],
)
@pytest.mark.parametrize("masks", [[None, None], [Constant(b"x", True), None], [None, Constant(None, False)]])
def test_rows_that_lie_are_malformed(masks: list[ColumnMask | None], body: bytes) -> None:
    with pytest.raises(MalformedInput):
        RowMasker(masks).rewrite(body)


def test_a_field_that_reaches_into_the_next_row_is_malformed() -> None:
    # The first row's last length takes the second row's header for its value; together the two add up.
    second = write_data_row([b"b", b"b"])
    first = row_body(ONE, struct.pack(">i", 1 + len(second)) + b"a")
    data = b"D" + struct.pack(">I", len(first) + 4) + first + second
    with pytest.raises(MalformedInput):
        RowMasker([None, Constant(b"x", True)]).rewrite_batch(data)


def test_a_batch_of_anything_but_rows_is_malformed() -> None:
    with pytest.raises(MalformedInput):
        RowMasker([None]).rewrite_batch(write_data_row([b"a"]).replace(b"D", b"d"))


def fuzzed(masks: list[ColumnMask | None], data: bytes) -> None:
    for call in (RowMasker(masks).rewrite, RowMasker(masks).rewrite_batch):
        try:
            call(data)
        except MalformedInput:
            continue


@given(st.lists(MASKS, max_size=3), st.binary(max_size=60))
def test_any_bytes_are_masked_or_malformed(masks: list[ColumnMask | None], data: bytes) -> None:
    fuzzed(masks, data)
    fuzzed(masks, struct.pack(">H", len(masks)) + data)


@given(results(), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_changed_byte_gives_rows_or_malformed_input(
    result: tuple[list[ColumnMask | None], list[list[bytes | None]]], changes: list[tuple[int, int]]
) -> None:
    masks, rows = result
    data = bytearray(b"".join(map(write_data_row, rows)))
    for at, byte in changes:
        if data:
            data[at % len(data)] = byte
    fuzzed(masks, bytes(data))


@pytest.mark.slow
@hypothesis_settings(max_examples=20_000)
@given(st.lists(MASKS, max_size=4), st.binary(max_size=200))
def test_any_bytes_are_masked_or_malformed_at_length(masks: list[ColumnMask | None], data: bytes) -> None:
    fuzzed(masks, struct.pack(">H", len(masks)) + data)


@given(
    st.lists(st.lists(st.none() | st.binary(max_size=9), min_size=4, max_size=4), max_size=6),
    st.sets(st.integers(0, 3)),
)
def test_the_values_of_columns_are_those_that_masks_get(values: list[list[bytes | None]], wanted: set[int]) -> None:
    columns = tuple(sorted(wanted))
    noted: dict[int, list[bytes | None]] = {at: [] for at in columns}

    def noting(at: int) -> ColumnMask:
        def mask(value: bytes | None) -> bytes | None:
            noted[at].append(value)
            return value

        return mask

    data = b"".join(map(write_data_row, values))
    RowMasker([noting(at) if at in wanted else None for at in range(4)]).rewrite_batch(data)
    assert values_of(data, columns) == [noted[at] for at in columns]


@pytest.mark.parametrize(
    "data",
    [
        b"D",
        b"T\0\0\0\x06\0\x01",
        b"D\0\0\0\x06\0\x01",
        b"D\0\0\0\x0a\0\x01\0\0\0\x09",
        b"D\0\0\0\x0a\0\x01\xff\xff\xff\xfe",
        b"D\0\0\0\x0b\0\x01\0\0\0\x01",
        b"D\0\0\0\x06\0\0",
    ],
)
def test_values_of_rows_that_lie_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        values_of(data, (0,))


@given(st.binary(max_size=80), st.sets(st.integers(0, 5), max_size=3))
def test_any_bytes_have_values_or_are_malformed(data: bytes, wanted: set[int]) -> None:
    for given_ in (data, b"D" + len(data).to_bytes(4) + b"\0\x03" + data):
        try:
            values_of(given_, tuple(sorted(wanted)))
        except MalformedInput:
            continue

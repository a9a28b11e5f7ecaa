"""Masking COPY's binary format: whatever the cut, the same rows come out, and anything odd stops it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.postgres.cuts import cut, places, single_bytes

from interlock.errors import MalformedInput
from interlock.wire.postgres.answers import write_copy_data
from interlock.wire.postgres.copy_binary import SIGNATURE, TRAILER, BinaryCopyMasker, BinaryTuples
from interlock.wire.postgres.copy_data import CopyMasker, binary_options, copy_masker, text_options

LIMIT = 1_000
HEADER = SIGNATURE + struct.pack(">II", 0, 0)
Row = list[bytes | None]
ROWS = st.lists(st.lists(st.none() | st.binary(max_size=12), min_size=3, max_size=3), max_size=5)


@dataclass(frozen=True)
class Constant:
    replacement: bytes | None = b"*****"
    keeps_null: bool = True

    def __call__(self, value: bytes | None) -> bytes | None:
        return None if value is None and self.keeps_null else self.replacement


def written(row: Row) -> bytes:
    fields = (struct.pack(">i", -1) if v is None else struct.pack(">i", len(v)) + v for v in row)
    return struct.pack(">h", len(row)) + b"".join(fields)


def stream(rows: list[Row]) -> bytes:
    return HEADER + b"".join(map(written, rows)) + TRAILER


def masker() -> BinaryCopyMasker:
    return BinaryCopyMasker([None, Constant(), lambda value: None if value is None else value[::-1]], LIMIT)


@given(ROWS, places())
def test_no_cut_changes_what_comes_out(rows: list[Row], at: list[int]) -> None:
    data = stream(rows)
    hidden = [[a, None if b is None else b"*****", None if c is None else c[::-1]] for a, b, c in rows]
    for pieces in (cut(data, at), single_bytes(data), [HEADER, data[len(HEADER) :]]):
        masking = masker()
        outs = [masking.feed(piece) for piece in pieces]
        assert b"".join(outs) == stream(hidden)
        assert all(out == b"" or not out.startswith(SIGNATURE) or len(out) > len(HEADER) for out in outs)
        assert masking.finish() == b""
        assert masking.rows == len(rows)
        assert masking.counts == (0, sum(b is not None for _, b, _ in rows), len(rows))


@given(ROWS)
def test_messages_are_rewritten_one_for_one_where_each_holds_a_row(rows: list[Row]) -> None:
    first, rest = [HEADER], [written(row) for row in rows]
    payloads = [HEADER + rest[0], *rest[1:]] if rest else first
    batch = b"".join(map(write_copy_data, [*payloads, TRAILER]))
    masking = masker()
    out = masking.feed_batch(batch)
    assert out.count(b"d\0\0") >= (len(rows) or 1)
    assert masking.rows == len(rows)
    assert masking.finish() == b""


BROKEN = {
    "another signature": b"PGCOPY\n\xff\r\n\1" + bytes(8) + TRAILER,
    "a short other signature": b"PGCOPX",
    "rows with OIDs": SIGNATURE + struct.pack(">II", 1 << 16, 0) + TRAILER,
    "a critical flag": SIGNATURE + struct.pack(">II", 1 << 31, 0) + TRAILER,
    "a small flag": SIGNATURE + struct.pack(">II", 1, 0) + TRAILER,
    "an extension": SIGNATURE + struct.pack(">II", 0, 4) + b"1234" + TRAILER,
    "too many fields": HEADER + written([b"1", b"2", b"3", b"4"]) + TRAILER,
    "too few fields": HEADER + written([b"1", b"2"]) + TRAILER,
    "a negative count": HEADER + b"\xff\xfe",
    "a negative length": HEADER + b"\0\3" + struct.pack(">i", -2) + TRAILER,
    "a row over the limit": HEADER + written([b"x" * LIMIT, None, None]) + TRAILER,
    "a length that lies": HEADER + b"\0\3" + struct.pack(">i", 2**31 - 1),
    "more behind the end": stream([]) + b"\0",
    "no trailer": HEADER + written([b"1", b"2", b"3"]),
    "half a row": HEADER + written([b"1", b"2", b"3"])[:-1],
    "nothing": b"",
    "half a header": HEADER[:-1],
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("bytewise", [False, True])
def test_what_is_not_the_format_stops_it(data: bytes, bytewise: bool) -> None:
    masking = masker()
    with pytest.raises(MalformedInput):
        for piece in single_bytes(data) if bytewise else [data]:
            masking.feed(piece)
        masking.finish()


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_malformed(data: bytes, begun: bool) -> None:
    masking = masker()
    try:
        masking.feed((HEADER if begun else b"") + data)
        masking.finish()
    except MalformedInput:
        return
    assert masking.rows >= 0


def test_an_extension_is_skipped_when_it_is_only_read() -> None:
    data = SIGNATURE + struct.pack(">II", 7, 4) + b"1234" + written([b"1"]) + TRAILER
    for pieces in ([data], single_bytes(data)):
        tuples = BinaryTuples(LIMIT)
        assert [found for piece in pieces for found in tuples.feed(piece)] == [written([b"1"])]
        assert tuples.ended
        assert tuples.between


def test_a_huge_field_in_small_pieces_is_not_walked_again_and_again() -> None:
    tuples = BinaryTuples(2_000_000)
    tuples.feed(HEADER + struct.pack(">hi", 2, 1_000_000))
    assert not any(tuples.feed(b"x" * 1_000) for _ in range(1_000))
    assert len(tuples.feed(struct.pack(">i", -1))) == 1


def test_the_format_decides_who_masks() -> None:
    assert isinstance(copy_masker(binary_options(), [None], LIMIT), BinaryCopyMasker)
    assert isinstance(copy_masker(text_options(), [None], LIMIT), CopyMasker)

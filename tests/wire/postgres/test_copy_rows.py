from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.wire.postgres.test_rows import Constant

from interlock.errors import MalformedInput
from interlock.wire.postgres.copy_data import CopyMasker, CopyOptions, csv_options, text_options
from interlock.wire.postgres.rows import ColumnMask

LIMIT = 40
# Much of what matters, and little else.
BYTES = st.lists(st.sampled_from([b"a", b"bc", b"\t", b",", b"\n", b"\\N", b"\\t", b"\\", b'"', b"\0"]), max_size=12)
MASKS: st.SearchStrategy[ColumnMask | None] = st.one_of(
    st.none(), st.builds(Constant, st.none() | st.sampled_from([b"", b"x", b"longer than it was"]), st.booleans())
)
OPTIONS = st.sampled_from([text_options(), csv_options(), csv_options(header=True), text_options(header=True)])


def message(payload: bytes, kind: bytes = b"d") -> bytes:
    return kind + (len(payload) + 4).to_bytes(4) + payload


def outcome(options: CopyOptions, masks: list[ColumnMask | None], batches: list[bytes], *, quick: bool) -> object:
    masker = CopyMasker(options, masks, LIMIT)
    masker._plain_rows = masker._compiled_rows() if quick else None
    assert not quick or not masks or masker._plain_rows is not None
    sent = []
    for batch in batches:
        try:
            sent.append(masker.feed_batch(batch))
        except MalformedInput:
            return sent, "malformed"
    return sent, masker.rows, masker.counts


def same(options: CopyOptions, masks: list[ColumnMask | None], batches: list[bytes]) -> None:
    assert outcome(options, masks, batches, quick=True) == outcome(options, masks, batches, quick=False)


def rows_of(columns: int) -> st.SearchStrategy[bytes]:
    field = st.sampled_from([b"", b"a", b"value", b"\\N", b"\\\\"])
    return st.lists(field, min_size=columns, max_size=columns).map(lambda fields: b"\t".join(fields) + b"\n")


@given(st.data(), st.lists(MASKS, min_size=1, max_size=4), OPTIONS)
def test_plain_rows_come_out_as_by_the_general_way(
    data: st.DataObject, masks: list[ColumnMask | None], options: CopyOptions
) -> None:
    payloads = data.draw(st.lists(rows_of(len(masks)) | BYTES.map(b"".join), max_size=8))
    if options != text_options():
        payloads = [payload.replace(b"\t", b",") for payload in payloads]
    batch = b"".join(map(message, payloads))
    same(options, masks, [batch])
    same(options, masks, [message(payload) for payload in payloads])


@given(st.lists(MASKS, max_size=3), st.binary(max_size=30), st.integers(0, 9))
def test_batches_that_lie_are_malformed_either_way(masks: list[ColumnMask | None], data: bytes, short: int) -> None:
    for batch in (data, message(b"a\tb\n") + data, message(b"a\n", b"D"), message(b"a\tb\n")[: 9 - short]):
        same(text_options(), masks, [batch])


@pytest.mark.parametrize(
    ("row", "sent"),
    [
        (b"1\tAda\t2\n", b"1\tX\t2\n"),
        (b"1\t\t\n", b"1\tX\t\n"),
        (b"1\t\\N\t2\n", b"1\t\\N\t2\n"),
    ],
)
def test_a_row_and_what_it_becomes(row: bytes, sent: bytes) -> None:
    masks: list[ColumnMask | None] = [None, Constant(b"X", True), None]
    masker = CopyMasker(text_options(), masks, LIMIT)
    masker._plain_rows = masker._compiled_rows()
    assert masker.feed_batch(message(row)) == message(sent)
    assert (masker.rows, masker.counts) == (1, (0, 1 if b"X" in sent else 0, 0))


@pytest.mark.parametrize("row", [b"1\n", b"1\t2\n", b"1\t2\t3\t4\n", b"\n", b"1\t2\t" + b"3" * LIMIT + b"\n"])
@pytest.mark.parametrize("masked", [0, 1, 2])
def test_other_columns_and_long_rows_are_malformed(row: bytes, masked: int) -> None:
    masks: list[ColumnMask | None] = [Constant(b"X", True) if column == masked else None for column in range(3)]
    masker = CopyMasker(text_options(), masks, LIMIT)
    masker._plain_rows = masker._compiled_rows()
    with pytest.raises(MalformedInput):
        masker.feed_batch(message(row))


@pytest.mark.slow
@hypothesis_settings(max_examples=20_000)
@given(st.lists(MASKS, max_size=3), st.lists(BYTES.map(b"".join), max_size=6))
def test_any_payloads_come_out_as_by_the_general_way_at_length(
    masks: list[ColumnMask | None], payloads: list[bytes]
) -> None:
    same(text_options(), masks, [b"".join(map(message, payloads))])

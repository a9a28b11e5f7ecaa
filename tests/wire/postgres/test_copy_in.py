"""Reading what goes into a COPY FROM STDIN: each value lies whole in one piece, however it is written and cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.postgres.cuts import cut, places, single_bytes
from tests.wire.postgres.test_copy_binary import HEADER, LIMIT, ROWS, Row, stream, written

from interlock.errors import MalformedInput
from interlock.wire.postgres.copy_data import CopyOptions, binary_options, csv_options, text_options
from interlock.wire.postgres.copy_format import dialect
from interlock.wire.postgres.copy_in import copy_in_reader

OPTIONS = st.sampled_from(
    [
        text_options(),
        text_options(header=True),
        text_options(delimiter=b"|"),
        csv_options(),
        csv_options(header=True),
        csv_options(delimiter=b";", null=b"\\N"),
        csv_options(quote=b"'", escape=b"\\"),
    ]
)
VALUES = st.none() | st.lists(st.sampled_from([bytes((b,)) for b in b"\\\t\n\r\b'\",;|[].NxUab01\xc3"])).map(b"".join)
TABLES = st.lists(st.lists(VALUES, min_size=2, max_size=2), max_size=5)


def read(options: CopyOptions, pieces: list[bytes], limit: int = LIMIT) -> tuple[bytes, int]:
    """All that there is to search but for newlines, and the number of rows.

    A newline may end a row or be a value's own, and pieces end with or without one.
    """
    reader = copy_in_reader(options, limit)
    found = [piece for fed in pieces for piece in reader.feed(fed)]
    found += reader.finish()
    return b"".join(found).replace(b"\n", b""), reader.rows


@given(OPTIONS, TABLES, places(), st.booleans())
def test_no_cut_changes_what_is_found(options: CopyOptions, table: list[Row], at: list[int], ended: bool) -> None:
    write = dialect(options).encode
    data = b"\n".join(options.delimiter.join(write(value) for value in row) for row in table)
    if ended and table:
        data += b"\n"
    whole, rows = read(options, [data])
    assert (whole, rows) == read(options, single_bytes(data))
    assert (whole, rows) == read(options, cut(data, at))
    quotes = options.quote if options.delimiter in b",;" and options.escape == options.quote else b"no quote"
    values = [value for row in table for value in row if value is not None]
    assert all(value.replace(quotes, b"").replace(b"\n", b"") in whole for value in values)
    assert rows == max(0, len(table) - options.header)


HIDDEN = [
    (text_options(), b"1\t[phi.mrn]\n"),
    (text_options(), b"1\t\\133phi.mrn\\135\n"),
    (text_options(), b"1\t\\x5bphi\\.m\\162n]"),
    (text_options(), b"x\\\n1\\\t[\\phi.mrn]\r\n"),
    (text_options(header=True), b"a\tb\n1\t[phi.mrn]\n"),
    (csv_options(), b'1,"[phi".mrn]\n'),
    (csv_options(), b'"two\nlines",["phi.mrn"]\n'),
    (csv_options(), b'"a ""b""",[phi.mrn]'),
    (csv_options(null=b"[phi.mrn]"), b"[phi.mrn]\n"),
    (csv_options(quote=b"'", escape=b"\\"), b"'it\\'s [ph'i.mrn]\n"),
    (binary_options(), stream([[b"1", b"\1[phi.mrn]", None]])),
    (binary_options(), HEADER + written([b"[phi.mrn]"])),
]


@pytest.mark.parametrize(("options", "data"), HIDDEN)
def test_a_value_is_found_as_the_server_would_store_it(options: CopyOptions, data: bytes) -> None:
    for pieces in ([data], single_bytes(data)):
        found, rows = read(options, pieces)
        assert b"[phi.mrn]" in found
        assert rows >= 1


@given(ROWS, places())
def test_binary_tuples_come_whole(rows: list[Row], at: list[int]) -> None:
    reader = copy_in_reader(binary_options(), LIMIT)
    found = [piece for fed in cut(stream(rows), at) for piece in reader.feed(fed)]
    assert found == [written(row) for row in rows]
    assert reader.finish() == []
    assert reader.rows == len(rows)


@pytest.mark.parametrize(
    ("options", "begin", "more"),
    [(text_options(), b"", b"x"), (text_options(), b"", b"x\\\n"), (csv_options(), b'"', b"x\n")],
)
def test_a_row_has_a_limit(options: CopyOptions, begin: bytes, more: bytes) -> None:
    reader = copy_in_reader(options, 100)
    reader.feed(begin)
    with pytest.raises(MalformedInput):
        for _ in range(101):
            reader.feed(more)


@pytest.mark.parametrize("data", [b"", HEADER[:-1], HEADER + written([b"12"])[:-1], HEADER + b"\xff\xfe", b"1,2\n"])
def test_binary_that_is_cut_or_is_none_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        read(binary_options(), [data])


@given(OPTIONS, st.binary(max_size=200), places())
def test_any_bytes_are_read(options: CopyOptions, data: bytes, at: list[int]) -> None:
    assert read(options, cut(data, at)) == read(options, [data])


@given(st.binary(max_size=200), places())
def test_any_binary_bytes_are_read_or_malformed(data: bytes, at: list[int]) -> None:
    def result(pieces: list[bytes]) -> object:
        try:
            return read(binary_options(), pieces)
        except MalformedInput:
            return None

    assert result([HEADER + data]) == result(cut(HEADER + data, at))

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.wire.postgres.cuts import cut, places, single_bytes

from interlock.errors import MalformedInput
from interlock.wire.postgres.body import frame
from interlock.wire.postgres.frames import Batch, Frame, FrameReader, Piece, Run, RunReader, first_messages

TYPES = [b"D", b"T", b"C", b"Z", b"d"]
MESSAGES = st.lists(st.tuples(st.sampled_from(TYPES), st.binary(max_size=40)), max_size=20)


def read_frames(pieces: list[bytes], limit: int = 1_000) -> list[Frame]:
    reader = FrameReader(limit)
    found: list[Frame] = []
    for piece in pieces:
        reader.feed(piece)
        while (message := reader.next()) is not None:
            found.append(message)
    return found


def joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbouring runs, and neighbouring batches of one type, made one: how they are cut isn't promised."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        if isinstance(piece, Run) and isinstance(last, Run):
            found[-1] = Run(bytes(last.data) + bytes(piece.data))
        elif isinstance(piece, Batch) and isinstance(last, Batch) and piece.type == last.type:
            found[-1] = Batch(piece.type, last.data + piece.data)
        else:
            found.append(Run(bytes(piece.data)) if isinstance(piece, Run) else piece)
    return found


def read_runs(reader: RunReader, pieces: list[bytes]) -> list[Piece]:
    return joined([found for piece in pieces for found in reader.feed(piece)])


def as_bytes(pieces: list[Piece]) -> bytes:
    return b"".join(frame(p.type, p.body) if isinstance(p, Frame) else bytes(p.data) for p in pieces)


@given(MESSAGES, places())
def test_messages_come_out_as_they_went_in_however_cut(messages: list[tuple[bytes, bytes]], where: list[int]) -> None:
    data = b"".join(frame(kind, body) for kind, body in messages)
    expected = [Frame(kind, body) for kind, body in messages]
    assert read_frames(cut(data, where)) == expected
    assert read_frames(single_bytes(data)) == expected


@pytest.mark.parametrize("length", [-(2**31), -1, 0, 3, 1_005])
def test_lying_lengths_are_malformed_at_the_header(length: int) -> None:
    header = struct.pack(">ci", b"D", length)
    with pytest.raises(MalformedInput):
        read_frames([header])
    with pytest.raises(MalformedInput):
        RunReader([b"D"], 1_000).feed(header)
    with pytest.raises(MalformedInput):
        RunReader([], 1_000, gathered=[b"D"]).feed(header)


@pytest.mark.parametrize("length", [-(2**31), -1, 0, 3])
def test_lying_lengths_of_unwanted_messages_are_malformed_too(length: int) -> None:
    for pieces in ([struct.pack(">ci", b"D", length)], single_bytes(struct.pack(">ci", b"D", length))):
        with pytest.raises(MalformedInput):
            read_runs(RunReader([], 1_000), pieces)


def test_a_broken_stream_stays_broken() -> None:
    reader = FrameReader(10)
    reader.feed(b"D\0\0\0\x01")
    for _ in range(2):
        with pytest.raises(MalformedInput):
            reader.next()


def test_the_limit_may_change_between_messages() -> None:
    reader = FrameReader(1)
    reader.feed(frame(b"p", b"x") + frame(b"Q", b"long"))
    assert reader.next() == Frame(b"p", b"x")
    reader.limit = 4
    assert reader.next() == Frame(b"Q", b"long")
    assert reader.buffered == 0


def test_many_messages_through_one_reader_leave_nothing_behind() -> None:
    reader = FrameReader(100_000)
    message = frame(b"d", b"x" * 50_000)
    reader.feed(message * 4 + message[:10])
    assert [len(f.body) for f in iter(reader.next, None) if f] == [50_000] * 4
    assert reader.buffered == 10


@given(MESSAGES, places(), st.sets(st.sampled_from(TYPES)), st.sets(st.sampled_from(TYPES)))
def test_no_cut_changes_runs_frames_and_batches(
    messages: list[tuple[bytes, bytes]], where: list[int], wanted: set[bytes], gathered: set[bytes]
) -> None:
    data = b"".join(frame(kind, body) for kind, body in messages)
    whole = read_runs(RunReader(wanted, 100, gathered), [data])
    assert as_bytes(whole) == data
    assert {p.type for p in whole if isinstance(p, Frame)} == {k for k, _ in messages} & (wanted - gathered)
    assert {p.type for p in whole if isinstance(p, Batch)} == {k for k, _ in messages} & gathered
    for pieces in (cut(data, where), single_bytes(data)):
        reader = RunReader(wanted, 100, gathered)
        assert read_runs(reader, pieces) == whole
        assert not reader.mid_message


def fuzzed(data: bytes, where: list[int]) -> None:
    # Type bytes and small lengths are put in often, or hardly any stream would get past its first header.
    data = data.replace(b"\x01", b"D\0\0\0").replace(b"\x02", b"\0\0\0\x07")
    outcomes: list[list[Piece] | None] = []
    for pieces in ([data], cut(data, where), single_bytes(data)):
        try:
            outcomes.append(read_runs(RunReader([b"D", b"\0"], 50, [b"d", b"\x03"]), pieces))
        except MalformedInput:
            outcomes.append(None)
    assert outcomes[0] == outcomes[1] == outcomes[2]
    try:
        read_frames([data], 50)
    except MalformedInput:
        return


@given(st.binary(max_size=60), places())
def test_any_bytes_give_pieces_or_malformed_input_however_cut(data: bytes, where: list[int]) -> None:
    fuzzed(data, where)


@pytest.mark.slow
@hypothesis_settings(max_examples=30_000)
@given(st.binary(max_size=200), places())
def test_any_bytes_give_pieces_or_malformed_input_at_length(data: bytes, where: list[int]) -> None:
    fuzzed(data, where)


def test_runs_are_views_of_the_chunk() -> None:
    chunk = frame(b"D", b"row") * 100 + frame(b"Z", b"I")
    run, ready = RunReader([b"Z"], 10).feed(chunk)
    assert isinstance(run, Run)
    assert isinstance(run.data, memoryview)
    assert run.data.obj is chunk
    assert ready == Frame(b"Z", b"I")


def test_an_unwanted_message_larger_than_the_chunk_and_the_limit_isnt_held_back() -> None:
    data = frame(b"D", b"x" * 1_000) + frame(b"Z", b"I")
    reader = RunReader([b"Z"], 10)
    first = reader.feed(data[:400])
    assert as_bytes(first) == data[:400]
    assert reader.mid_message
    assert as_bytes(reader.feed(data[400:500])) == data[400:500]
    assert read_runs(reader, [data[500:]]) == [Run(data[500:-6]), Frame(b"Z", b"I")]


def test_wanted_may_change_between_feeds_and_holds_from_the_next_message_on() -> None:
    row = frame(b"D", b"row")
    reader = RunReader([b"Z"], 10)
    assert read_runs(reader, [row + row[:6]]) == [Run(row + row[:6])]
    reader.wanted = [b"D"]
    assert read_runs(reader, [row[6:] + row]) == [Run(row[6:]), Frame(b"D", b"row")]
    reader.gathered = [b"D"]
    assert read_runs(reader, [row + row]) == [Batch(b"D", row + row)]
    assert read_runs(reader, [row[:7]]) == []
    reader.wanted, reader.gathered = [], []
    assert read_runs(reader, [row[7:]]) == [Run(row)]


def test_frames_dont_show_their_bodies() -> None:
    assert "secret" not in repr([Frame(b"Q", b"secret"), Run(b"secret"), Batch(b"D", b"secret")])


@given(st.lists(st.binary(max_size=9), max_size=6), st.integers(-1, 8))
def test_the_first_messages_of_a_batch(bodies: list[bytes], most: int) -> None:
    messages = [frame(b"D", body) for body in bodies]
    stop, count = first_messages(b"".join(messages), most)
    assert count == max(0, min(most, len(bodies)))
    assert stop == len(b"".join(messages[:count]))
    if count > 1:
        assert first_messages(b"".join(messages), 1, len(messages[0])) == (len(messages[0] + messages[1]), 1)


@pytest.mark.parametrize("batch", [b"D", b"D\0\0\0", b"D\0\0\0\3", b"D\0\0\0\5", b"D\xff\xff\xff\xff"])
def test_a_batch_that_lies_about_its_lengths(batch: bytes) -> None:
    with pytest.raises(MalformedInput):
        first_messages(frame(b"D", b"x") + batch, 2)

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.postgres.cuts import cut, places, single_bytes

from interlock.errors import MalformedInput
from interlock.wire.postgres import frontend
from interlock.wire.postgres.startup import (
    MAX_STARTUP,
    CancelRequest,
    GSSENCRequest,
    SSLRequest,
    Startup,
    StartupPacket,
    StartupReader,
)

SSL = bytes.fromhex("00000008 04d2162f")
GSSENC = bytes.fromhex("00000008 04d21630")
CANCEL = bytes.fromhex("00000010 04d2162e 00000fa0 deadbeef")
STARTUP = b"\x00\x00\x00\x22\x00\x03\x00\x00user\0etl\0database\0clinic\0\0"


def read_all(pieces: list[bytes]) -> list[StartupPacket]:
    reader = StartupReader()
    found: list[StartupPacket] = []
    for piece in pieces:
        reader.feed(piece)
        while (packet := reader.next()) is not None:
            found.append(packet)
    return found


def packet(body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 4) + body


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (SSL, SSLRequest()),
        (GSSENC, GSSENCRequest()),
        (CANCEL, CancelRequest(4000, b"\xde\xad\xbe\xef")),
        (struct.pack(">IIi", 44, 80877102, 7) + bytes(range(32)), CancelRequest(7, bytes(range(32)))),  # of 3.2
        (struct.pack(">IIi", 268, 80877102, 7) + bytes(256), CancelRequest(7, bytes(256))),
        (STARTUP, Startup(196608, {"user": "etl", "database": "clinic"})),
    ],
)
def test_each_packet_whole_and_byte_by_byte(data: bytes, expected: StartupPacket) -> None:
    assert read_all([data]) == [expected]
    assert read_all(single_bytes(data)) == [expected]


@given(places())
def test_no_cut_changes_the_packets(where: list[int]) -> None:
    data = SSL + GSSENC + STARTUP
    assert read_all(cut(data, where)) == read_all([data])


def test_bytes_behind_an_ssl_request_are_told() -> None:
    reader = StartupReader()
    reader.feed(SSL + b"smuggled")
    assert reader.next() == SSLRequest()
    assert reader.leftover == b"smuggled"


def test_bytes_behind_a_startup_are_given() -> None:
    reader = StartupReader()
    reader.feed(STARTUP + b"p\0\0\0\x05\0")
    assert isinstance(reader.next(), Startup)
    assert reader.leftover == b"p\0\0\0\x05\0"


def test_minor_version_and_protocol_options_are_told() -> None:
    (found,) = read_all([packet(b"\0\x03\0\x02user\0u\0_pq_.test\x00on\0\0")])
    assert isinstance(found, Startup)
    assert (found.minor, found.protocol_options) == (2, ("_pq_.test",))


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">I", 0),
        struct.pack(">I", 7),
        struct.pack(">I", MAX_STARTUP + 5),
        struct.pack(">I", 0xFFFFFFFF),
        b"GET / HTTP/1.1\r\n\r\n",
        packet(b"\x04\xd2\x16\x2f\0"),  # an SSLRequest with something in it
        packet(b"\x04\xd2\x16\x2e\0\0\0\x01\0\0"),  # a cancel without its whole key
        packet(b"\0\x02\0\0user\0u\0\0"),  # protocol 2
        packet(b"\0\x03\0\0user\0u\0"),  # no terminator
        packet(b"\0\x03\0\0user\0u\0\0x"),  # bytes behind it
        packet(b"\0\x03\0\0user\0a\0user\0b\0\0"),
        packet(b"\0\x03\0\0user\0\xff\0\0"),
    ],
)
def test_what_is_no_startup_packet_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        read_all([data])


def test_the_longest_packet_allowed() -> None:
    head = b"\0\x03\0\0user\0"
    body = head + b"u" * (MAX_STARTUP - len(head) - 2) + b"\0\0"
    assert len(read_all([packet(body)])) == 1


@given(st.binary(max_size=200))
def test_any_bytes_give_packets_or_malformed_input(data: bytes) -> None:
    for body in (data, packet(b"\0\x03\0\0" + data)):
        try:
            read_all([body])
        except MalformedInput:
            continue


@given(st.dictionaries(st.text(min_size=1).filter(lambda t: "\0" not in t), st.text().filter(lambda t: "\0" not in t)))
def test_what_is_written_is_read(parameters: dict[str, str]) -> None:
    try:
        data = frontend.write_startup(parameters)
    except UnicodeEncodeError:
        return
    if len(data) <= MAX_STARTUP:
        assert read_all([data]) == [Startup(196608, parameters)]


def test_a_cancel_written_is_read() -> None:
    assert read_all([frontend.write_cancel(7, b"abcd")]) == [CancelRequest(7, b"abcd")]

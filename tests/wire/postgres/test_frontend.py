from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from interlock.errors import MalformedInput
from interlock.model.secret import Secret
from interlock.wire.postgres import frontend
from interlock.wire.postgres.frontend import Bind, Close, Describe, Execute, Parse, Query, Target

NAMES = st.binary(max_size=63).filter(lambda name: b"\0" not in name)
TEXTS = st.binary(max_size=60).filter(lambda text: b"\0" not in text)
OIDS = st.integers(0, 2**32 - 1)
FORMATS = st.lists(st.sampled_from([0, 1]), max_size=4).map(tuple)
VALUES = st.lists(st.none() | st.binary(max_size=20), max_size=4).map(tuple)

READERS: list[Callable[[bytes], object]] = [
    frontend.read_query,
    frontend.read_parse,
    frontend.read_bind,
    frontend.read_describe,
    frontend.read_execute,
    frontend.read_close,
    frontend.read_empty,
    frontend.read_password,
    frontend.read_sasl_initial,
]


def body(message: bytes, kind: bytes) -> bytes:
    """The body of one whole message, whose type and length are checked."""
    assert message[:1] == kind
    assert struct.unpack(">I", message[1:5]) == (len(message) - 1,)
    return message[5:]


@pytest.mark.parametrize(
    ("read", "data", "expected"),
    [
        (frontend.read_query, b"SELECT 1\0", Query(b"SELECT 1")),
        (frontend.read_query, b"\0", Query(b"")),
        (frontend.read_parse, b"s\0SELECT $1\0\0\x01\0\0\0\x17", Parse(b"s", b"SELECT $1", (23,))),
        (frontend.read_parse, b"\0\0\0\0", Parse(b"", b"", ())),
        (
            frontend.read_bind,
            b"p\0s\0\0\x01\0\x01\0\x02\0\0\0\x01x\xff\xff\xff\xff\0\x01\0\0",
            Bind(b"p", b"s", (1,), (b"x", None), (0,)),
        ),
        (frontend.read_bind, b"\0\0\0\0\0\0\0\0", Bind(b"", b"")),
        (frontend.read_describe, b"Ss\0", Describe(Target.STATEMENT, b"s")),
        (frontend.read_describe, b"P\0", Describe(Target.PORTAL, b"")),
        (frontend.read_execute, b"\0\0\0\0\x05", Execute(b"", 5)),
        (frontend.read_close, b"Sname\0", Close(Target.STATEMENT, b"name")),
    ],
)
def test_bodies_by_hand(read: Callable[[bytes], object], data: bytes, expected: object) -> None:
    assert read(data) == expected
    for stop in range(len(data)):  # every shorter body lacks something
        with pytest.raises(MalformedInput):
            read(data[:stop])
    with pytest.raises(MalformedInput):
        read(data + b"\0")


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (frontend.read_query, b"SELECT 1\0; DROP TABLE t\0"),
        (frontend.read_parse, b"\0SELECT\0\xff\xff"),
        (frontend.read_parse, b"s" * 64 + b"\0\0\0\0"),
        (frontend.read_bind, b"\0\0\0\x01\0\x02\0\0\0\0"),  # format 2
        (frontend.read_bind, b"\0\0\0\x02\0\0\0\0\0\0\0\0"),  # two formats, no values
        (frontend.read_bind, b"\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0"),  # length -2
        (frontend.read_bind, b"\0\0\0\0\0\x01\x7f\xff\xff\xffx\0\0"),  # a length beyond the body
        (frontend.read_bind, b"\0\0\0\0\0\0\0\x01\0\x02"),
        (frontend.read_describe, b"Xname\0"),
        (frontend.read_execute, b"\0\xff\xff\xff\xff"),
        (frontend.read_close, b"s\0"),
        (frontend.read_empty, b"\0"),
        (frontend.read_password, b"pass\0word\0"),
        (frontend.read_sasl_initial, b"\xff\0\xff\xff\xff\xff"),
    ],
)
def test_bodies_that_lie_are_malformed(read: Callable[[bytes], object], data: bytes) -> None:
    with pytest.raises(MalformedInput):
        read(data)


@given(st.sampled_from(READERS), st.binary(max_size=80))
def test_any_body_is_read_or_malformed(read: Callable[[bytes], object], data: bytes) -> None:
    try:
        read(data)
    except MalformedInput:
        return


@pytest.mark.slow
@hypothesis_settings(max_examples=30_000)
@given(st.sampled_from(READERS), st.binary(max_size=300))
def test_any_body_is_read_or_malformed_at_length(read: Callable[[bytes], object], data: bytes) -> None:
    try:
        read(data)
    except MalformedInput:
        return


@given(NAMES, TEXTS, st.lists(OIDS, max_size=4).map(tuple))
def test_parse_written_is_read(name: bytes, text: bytes, types: tuple[int, ...]) -> None:
    written = frontend.write_parse(name, text, types)
    assert frontend.read_parse(body(written, b"P")) == Parse(name, text, types)


@given(NAMES, NAMES, FORMATS, VALUES, FORMATS)
def test_bind_written_is_read(
    portal: bytes,
    statement: bytes,
    formats: tuple[int, ...],
    values: tuple[bytes | None, ...],
    result_formats: tuple[int, ...],
) -> None:
    bind = Bind(portal, statement, formats[: len(values)] if len(formats) > 1 else formats, values, result_formats)
    if len(bind.formats) not in (0, 1, len(values)):
        return
    assert frontend.read_bind(body(frontend.write_bind(bind), b"B")) == bind


@given(NAMES, st.sampled_from(Target), st.integers(0, 2**31 - 1))
def test_the_short_messages_written_are_read(name: bytes, target: Target, rows: int) -> None:
    assert frontend.read_describe(body(frontend.write_describe(target, name), b"D")) == Describe(target, name)
    assert frontend.read_close(body(frontend.write_close(target, name), b"C")) == Close(target, name)
    assert frontend.read_execute(body(frontend.write_execute(name, rows), b"E")) == Execute(name, rows)
    assert frontend.read_query(body(frontend.write_query(name), b"Q")) == Query(name)


def test_the_most_parameters_a_server_takes() -> None:
    bind = Bind(b"", b"", (), (b"1",) * 65_535)
    assert frontend.read_bind(body(frontend.write_bind(bind), b"B")) == bind


def test_logging_in() -> None:
    written = frontend.write_password(Secret("päss"))
    assert frontend.read_password(body(written, b"p")).password == Secret("päss".encode())
    first = frontend.read_sasl_initial(body(frontend.write_sasl_initial("SCRAM-SHA-256", b"n,,"), b"p"))
    assert (first.mechanism, first.data) == ("SCRAM-SHA-256", b"n,,")
    assert frontend.read_sasl_initial(b"M\0\xff\xff\xff\xff").data is None
    assert frontend.read_sasl(body(frontend.write_sasl(b"c=biws"), b"p")).data == b"c=biws"


def test_messages_without_contents() -> None:
    written = [frontend.write_sync(), frontend.write_flush(), frontend.write_terminate()]
    assert written == [b"S\0\0\0\x04", b"H\0\0\0\x04", b"X\0\0\0\x04"]
    assert body(frontend.write_copy_fail("no"), b"f") == b"no\0"


def test_a_nul_inside_a_string_is_never_sent() -> None:
    with pytest.raises(MalformedInput):
        frontend.write_query(b"a\0b")
    with pytest.raises(MalformedInput):
        frontend.write_startup({"user": "a\0database"})


def test_texts_and_values_dont_show() -> None:
    shown = repr([Query(b"canary"), Parse(b"", b"canary"), Bind(b"", b"", (), (b"canary",))])
    assert "canary" not in shown

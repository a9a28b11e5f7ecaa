from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import MalformedInput
from interlock.model.snapshot import DescribedColumn
from interlock.wire.postgres import answers, backend

ID = DescribedColumn("id", 16384, 1, 23, 4, -1, 0)
SSN = DescribedColumn("ssn", 16384, 5, 25, -1, -1, 1)

READERS: list[Callable[[bytes], object]] = [
    backend.read_authentication,
    backend.read_parameter_status,
    backend.read_backend_key_data,
    backend.read_ready_for_query,
    backend.read_row_description,
    backend.read_parameter_description,
    backend.read_command_complete,
    backend.read_complaint,
    backend.read_copy_out_response,
    backend.read_copy_in_response,
    backend.read_notification,
    backend.read_negotiate_protocol_version,
]

# (what we write, its type, who reads it, what it is): bodies are also tried one byte shorter and longer.
ROUND_TRIPS: list[tuple[bytes, bytes, Callable[[bytes], object], object]] = [
    (answers.write_authentication_ok(), b"R", backend.read_authentication, backend.AuthenticationOk()),
    (answers.write_cleartext_password(), b"R", backend.read_authentication, backend.CleartextPassword()),
    (answers.write_parameter_status("a", "b"), b"S", backend.read_parameter_status, backend.ParameterStatus("a", "b")),
    (
        answers.write_backend_key_data(7, b"abcd"),
        b"K",
        backend.read_backend_key_data,
        backend.BackendKeyData(7, b"abcd"),
    ),
    (answers.write_ready_for_query(b"T"), b"Z", backend.read_ready_for_query, backend.ReadyForQuery(b"T")),
    (answers.write_row_description([ID, SSN]), b"T", backend.read_row_description, (ID, SSN)),
    (answers.write_parameter_description([23, 25]), b"t", backend.read_parameter_description, (23, 25)),
    (answers.write_command_complete("SELECT 5"), b"C", backend.read_command_complete, "SELECT 5"),
    (
        answers.write_copy_out_response(2),
        b"H",
        backend.read_copy_out_response,
        backend.CopyOutResponse(0, (0, 0)),
    ),
    (
        answers.write_copy_out_response(1, binary=True),
        b"H",
        backend.read_copy_out_response,
        backend.CopyOutResponse(1, (1,)),
    ),
    (
        answers.write_copy_in_response(2, binary=True),
        b"G",
        backend.read_copy_in_response,
        backend.CopyOutResponse(1, (1, 1)),
    ),
    (
        answers.write_notification(7, "news", "hello"),
        b"A",
        backend.read_notification,
        backend.NotificationResponse(7, "news", "hello"),
    ),
    (
        answers.write_negotiate_protocol_version(3 << 16, ["_pq_.x"]),
        b"v",
        backend.read_negotiate_protocol_version,
        backend.NegotiateProtocolVersion(196608, ("_pq_.x",)),
    ),
]


@pytest.mark.parametrize(("written", "kind", "read", "expected"), ROUND_TRIPS)
def test_what_is_written_is_read_and_nothing_shorter_or_longer(
    written: bytes, kind: bytes, read: Callable[[bytes], object], expected: object
) -> None:
    assert written[:1] == kind
    assert struct.unpack(">I", written[1:5]) == (len(written) - 1,)
    assert read(written[5:]) == expected
    for stop in range(5, len(written)):
        with pytest.raises(MalformedInput):
            read(written[5:stop])
    with pytest.raises(MalformedInput):
        read(written[5:] + b"\0")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\0\0\0\x05salt", backend.MD5Password(b"salt")),
        (b"\0\0\0\x0aSCRAM-SHA-256\0\0", backend.SASL(("SCRAM-SHA-256",))),
        (b"\0\0\0\x0br=x", backend.SASLContinue(b"r=x")),
        (b"\0\0\0\x0cv=x", backend.SASLFinal(b"v=x")),
    ],
)
def test_the_other_authentications(data: bytes, expected: object) -> None:
    assert backend.read_authentication(data) == expected


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (backend.read_authentication, b"\0\0\0\x07"),  # GSSAPI
        (backend.read_authentication, b"\0\0\0\x0aSCRAM-SHA-256\0"),
        (backend.read_ready_for_query, b"X"),
        (backend.read_row_description, b"\xff\xff"),
        (backend.read_row_description, b"\x06\x81"),  # 1,665 columns
        (backend.read_copy_out_response, b"\0\0\x01\0\x01"),  # a binary column in a text COPY
        (backend.read_copy_out_response, b"\x02\0\0"),
        (backend.read_complaint, b"Sno terminator"),
        (backend.read_negotiate_protocol_version, b"\0\x03\0\0\xff\xff\xff\xff"),
        (backend.read_parameter_status, b"name\0\xff\0"),
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


def test_a_complaint_keeps_its_texts_to_itself() -> None:
    complaint = backend.read_complaint(b"SFEHLER\0VERROR\0C23505\0MKey (ssn)=(canary) \xff\0\0")
    assert (complaint.severity, complaint.sqlstate) == ("ERROR", "23505")
    assert "canary" in complaint.fields["M"]
    assert "canary" not in repr(complaint)
    assert backend.read_complaint(b"\0").sqlstate == "XX000"


def test_our_own_complaints_are_read_back() -> None:
    written = answers.write_error("ERROR", "42501", "No.", "Because.", "Ask.")
    fields = backend.read_complaint(written[5:]).fields
    assert fields == {"S": "ERROR", "V": "ERROR", "C": "42501", "M": "No.", "D": "Because.", "H": "Ask."}
    assert set(backend.read_complaint(answers.write_notice("NOTICE", "00000", "Hm.")[5:]).fields) == set("SVCM")


def test_a_notification() -> None:
    notification = backend.read_notification(b"\0\0\0\x07jobs\0canary\0")
    assert (notification.pid, notification.channel, notification.payload) == (7, "jobs", "canary")
    assert "canary" not in repr(notification)


@pytest.mark.parametrize(
    ("tag", "rows"),
    [("SELECT 5", 5), ("INSERT 0 3", 3), ("COPY 12", 12), ("BEGIN", 0), ("", 0), ("SELECT ²", 0), ("X " + "9" * 99, 0)],
)
def test_rows_in_a_command_tag(tag: str, rows: int) -> None:
    assert backend.rows_in(tag) == rows


def test_messages_without_contents() -> None:
    written = [
        answers.write_parse_complete(),
        answers.write_bind_complete(),
        answers.write_close_complete(),
        answers.write_no_data(),
        answers.write_empty_query_response(),
        answers.write_portal_suspended(),
        answers.write_copy_done(),
    ]
    assert b"".join(written) == b"".join(kind + b"\0\0\0\x04" for kind in (b"1", b"2", b"3", b"n", b"I", b"s", b"c"))


def test_rows_and_copy_data() -> None:
    assert answers.write_data_row([b"a", None]) == b"D\0\0\0\x0f\0\x02\0\0\0\x01a\xff\xff\xff\xff"
    assert answers.write_copy_data(b"a\n") == b"d\0\0\0\x06a\n"

"""What we say to a client in the server's place: the writing side of `backend.py`.

Source: PostgreSQL documentation, "Frontend/Backend Protocol", section "Message Formats".
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

from interlock.model.snapshot import DescribedColumn
from interlock.wire.postgres.body import cstring, frame, i32, u16, u32, value

_COLUMN = Struct(">IhIhiH")


def write_authentication_ok() -> bytes:
    """AuthenticationOk."""
    return frame(b"R", u32(0))


def write_cleartext_password() -> bytes:
    """AuthenticationCleartextPassword: asks for the password in clear (over TLS or loopback only)."""
    return frame(b"R", u32(3))


def write_parameter_status(name: str, setting: str) -> bytes:
    """ParameterStatus."""
    return frame(b"S", cstring(name) + cstring(setting))


def write_backend_key_data(pid: int, key: bytes) -> bytes:
    """BackendKeyData; in 3.0 the key has four bytes, since 3.2 up to 256."""
    return frame(b"K", i32(pid) + key)


def write_ready_for_query(status: bytes) -> bytes:
    """ReadyForQuery: b"I" idle, b"T" in a transaction, b"E" in a failed one."""
    return frame(b"Z", status)


def write_negotiate_protocol_version(version: int, unknown_options: Sequence[str]) -> bytes:
    """NegotiateProtocolVersion: we speak `version` and decline these options.

    The number is the whole version, as servers send it and libpq reads it, though the documentation says minor version.
    """
    return frame(b"v", u32(version) + u32(len(unknown_options)) + b"".join(map(cstring, unknown_options)))


def write_row_description(columns: Sequence[DescribedColumn]) -> bytes:
    """RowDescription."""
    return frame(b"T", u16(len(columns)) + b"".join(map(_column, columns)))


def write_data_row(values: Sequence[bytes | None]) -> bytes:
    """DataRow; None is NULL."""
    return frame(b"D", u16(len(values)) + b"".join(map(value, values)))


def write_command_complete(tag: str) -> bytes:
    """CommandComplete."""
    return frame(b"C", cstring(tag))


def write_error(
    severity: str,
    sqlstate: str,
    message: str,
    detail: str = "",
    hint: str = "",
    position: int = 0,
    names: Sequence[tuple[str, str]] = (),
) -> bytes:
    """ErrorResponse; severity ERROR leaves the session usable, FATAL ends it. No text may quote a value, but for what
    the client itself has just sent. `position` in its text: characters from 1; 0 tells none. `names`: (field, name)."""
    return frame(b"E", _complaint(severity, sqlstate, message, detail, hint, position, names))


def write_notice(severity: str, sqlstate: str, message: str, detail: str = "", hint: str = "") -> bytes:
    """NoticeResponse; severity NOTICE, WARNING, INFO, LOG or DEBUG. No text may quote a value."""
    return frame(b"N", _complaint(severity, sqlstate, message, detail, hint))


def write_parse_complete() -> bytes:
    """ParseComplete."""
    return frame(b"1")


def write_bind_complete() -> bytes:
    """BindComplete."""
    return frame(b"2")


def write_close_complete() -> bytes:
    """CloseComplete."""
    return frame(b"3")


def write_no_data() -> bytes:
    """NoData: the described statement gives no rows."""
    return frame(b"n")


def write_empty_query_response() -> bytes:
    """EmptyQueryResponse: the query text was empty."""
    return frame(b"I")


def write_parameter_description(types: Sequence[int]) -> bytes:
    """ParameterDescription."""
    return frame(b"t", u16(len(types)) + b"".join(map(u32, types)))


def write_portal_suspended() -> bytes:
    """PortalSuspended: Execute's row limit was reached."""
    return frame(b"s")


def write_copy_out_response(columns: int, binary: bool = False) -> bytes:
    """CopyOutResponse, every column in the same format."""
    return frame(b"H", bytes((binary,)) + u16(columns) + u16(binary) * columns)


def write_copy_in_response(columns: int, binary: bool = False) -> bytes:
    """CopyInResponse, every column in the same format."""
    return frame(b"G", bytes((binary,)) + u16(columns) + u16(binary) * columns)


def write_notification(pid: int, channel: str, payload: str) -> bytes:
    """NotificationResponse: a NOTIFY of the session with this process id."""
    return frame(b"A", i32(pid) + cstring(channel) + cstring(payload))


def write_copy_data(data: bytes) -> bytes:
    """CopyData."""
    return frame(b"d", data)


def write_copy_done() -> bytes:
    """CopyDone."""
    return frame(b"c")


def _column(column: DescribedColumn) -> bytes:
    return cstring(column.name) + _COLUMN.pack(
        column.table_oid,
        column.number,
        column.type_oid,
        column.type_size,
        column.type_modifier,
        column.format,
    )


def _complaint(
    severity: str,
    sqlstate: str,
    message: str,
    detail: str,
    hint: str,
    position: int = 0,
    names: Sequence[tuple[str, str]] = (),
) -> bytes:
    fields = (("S", severity), ("V", severity), ("C", sqlstate), ("M", message), ("D", detail), ("H", hint))
    told = (*fields, ("P", str(position) if position else ""), *names)
    return b"".join(cstring(code + text) for code, text in told if text) + b"\0"

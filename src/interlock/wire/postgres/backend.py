"""What a server says: reading the messages that somebody acts on. Writing them is in `answers.py`.

Readers take a message's body and raise `MalformedInput` on anything that isn't its exact layout.
Source: PostgreSQL documentation, "Frontend/Backend Protocol", section "Message Formats".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from interlock.errors import MalformedInput
from interlock.model.snapshot import DescribedColumn
from interlock.wire.postgres.body import Body, utf8
from interlock.wire.postgres.startup import CANCEL_KEY_SIZE

# MaxTupleAttributeNumber bounds a tuple, 1664 target entries a result (src/include/access/htup_details.h).
MAX_COLUMNS = 1664


@dataclass(frozen=True, slots=True)
class AuthenticationOk:
    """Logged in."""


@dataclass(frozen=True, slots=True)
class CleartextPassword:
    """The server wants the password in clear."""


@dataclass(frozen=True, slots=True)
class MD5Password:
    """The server wants an MD5 response; refused for now, since MD5 is broken and SCRAM is the default since 14."""

    salt: bytes


@dataclass(frozen=True, slots=True)
class SASL:
    """The server offers these SASL mechanisms."""

    mechanisms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SASLContinue:
    """A further server message of the SASL exchange."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SASLFinal:
    """The server's last SASL message; it must be verified."""

    data: bytes


Authentication = AuthenticationOk | CleartextPassword | MD5Password | SASL | SASLContinue | SASLFinal


@dataclass(frozen=True, slots=True)
class ParameterStatus:
    """A run-time parameter's value, at start and whenever it changes."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class BackendKeyData:
    """What a cancel needs: the server process and its key (four bytes in 3.0, up to 256 since 3.2)."""

    pid: int
    key: bytes


@dataclass(frozen=True, slots=True)
class ReadyForQuery:
    """The server waits: `status` is b"I" idle, b"T" in a transaction, b"E" in a failed one."""

    status: bytes


@dataclass(frozen=True, slots=True)
class Complaint:
    """An ErrorResponse or NoticeResponse. Its texts may quote stored values: `complaints.py` says what of
    it may be passed on."""

    fields: Mapping[str, str] = field(repr=False)

    @property
    def severity(self) -> str:
        """ERROR, FATAL, PANIC, WARNING, NOTICE..., not translated where the server tells (field V)."""
        return self.fields.get("V") or self.fields.get("S", "ERROR")

    @property
    def sqlstate(self) -> str:
        """The five-character code; XX000 when the server gave none."""
        return self.fields.get("C", "XX000")


@dataclass(frozen=True, slots=True)
class CopyOutResponse:
    """A COPY TO STDOUT begins: overall format (0 text or CSV, 1 binary) and that of each column."""

    format: int
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NotificationResponse:
    """A NOTIFY; the payload may carry anything."""

    pid: int
    channel: str
    payload: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NegotiateProtocolVersion:
    """The server speaks at most `version` and knows none of `unknown_options`."""

    version: int
    unknown_options: tuple[str, ...]


def read_authentication(body: bytes) -> Authentication:
    """Authentication*, 'R'; a kind that isn't listed (GSSAPI, SSPI) is malformed: we never ask for it."""
    reader = Body(body)
    kind = reader.u32()
    if kind in (11, 12):
        return SASLContinue(reader.rest()) if kind == 11 else SASLFinal(reader.rest())
    known: Authentication
    if kind == 0:
        known = AuthenticationOk()
    elif kind == 3:
        known = CleartextPassword()
    elif kind == 5:
        known = MD5Password(reader.take(4))
    elif kind == 10:
        known = SASL(_strings(reader))
    else:
        raise MalformedInput("the server asks for a kind of authentication that isn't known here")
    reader.end()
    return known


def read_parameter_status(body: bytes) -> ParameterStatus:
    """ParameterStatus, 'S'."""
    reader = Body(body)
    status = ParameterStatus(reader.text(), reader.text())
    reader.end()
    return status


def read_backend_key_data(body: bytes) -> BackendKeyData:
    """BackendKeyData, 'K', as in protocol 3.0."""
    reader = Body(body)
    data = BackendKeyData(reader.i32(), reader.take(CANCEL_KEY_SIZE))
    reader.end()
    return data


def read_ready_for_query(body: bytes) -> ReadyForQuery:
    """ReadyForQuery, 'Z'."""
    if body not in (b"I", b"T", b"E"):
        raise MalformedInput("the server's transaction status isn't known")
    return ReadyForQuery(body)


def read_row_description(body: bytes) -> tuple[DescribedColumn, ...]:
    """RowDescription, 'T'."""
    reader = Body(body)
    columns = tuple(_column(reader) for _ in range(_count(reader)))
    reader.end()
    return columns


def read_parameter_description(body: bytes) -> tuple[int, ...]:
    """ParameterDescription, 't': a type OID a parameter."""
    reader = Body(body)
    types = tuple(reader.u32() for _ in range(reader.u16()))
    reader.end()
    return types


def read_command_complete(body: bytes) -> str:
    """CommandComplete, 'C': the command tag, such as `SELECT 5`."""
    reader = Body(body)
    tag = reader.text()
    reader.end()
    return tag


def read_complaint(body: bytes) -> Complaint:
    """ErrorResponse, 'E', or NoticeResponse, 'N'. Texts that aren't UTF-8 are patched up: nobody is shown them."""
    reader = Body(body)
    fields: dict[str, str] = {}
    while code := reader.u8():
        fields.setdefault(chr(code), reader.cstring().decode(errors="replace"))
    reader.end()
    return Complaint(fields)


def read_copy_out_response(body: bytes) -> CopyOutResponse:
    """CopyOutResponse, 'H'."""
    reader = Body(body)
    overall = reader.u8()
    columns = tuple(reader.format() for _ in range(_count(reader)))
    reader.end()
    if overall > 1 or any(code != overall for code in columns):
        raise MalformedInput("a COPY's formats aren't known or contradict each other")
    return CopyOutResponse(overall, columns)


def read_copy_in_response(body: bytes) -> CopyOutResponse:
    """CopyInResponse, 'G': the other way round, and laid out the same."""
    return read_copy_out_response(body)


def read_notification(body: bytes) -> NotificationResponse:
    """NotificationResponse, 'A'."""
    reader = Body(body)
    notification = NotificationResponse(reader.i32(), reader.text(), reader.text())
    reader.end()
    return notification


def read_negotiate_protocol_version(body: bytes) -> NegotiateProtocolVersion:
    """NegotiateProtocolVersion, 'v'."""
    reader = Body(body)
    version, count = reader.u32(), reader.u32()
    if count > len(body):
        raise MalformedInput("a count of protocol options is more than the message holds")
    options = tuple(reader.text() for _ in range(count))
    reader.end()
    return NegotiateProtocolVersion(version, options)


def rows_in(tag: str) -> int:
    """The number of rows a command tag tells (`INSERT 0 3`, `SELECT 5`, `COPY 7`); 0 when it tells none."""
    last = tag.rpartition(" ")[2]
    return int(last) if last.isascii() and last.isdigit() and len(last) <= 19 else 0


def _column(reader: Body) -> DescribedColumn:
    return DescribedColumn(
        name=utf8(reader.cstring()),
        table_oid=reader.u32(),
        number=reader.i16(),
        type_oid=reader.u32(),
        type_size=reader.i16(),
        type_modifier=reader.i32(),
        format=reader.format(),
    )


def _count(reader: Body) -> int:
    count = reader.u16()
    if count > MAX_COLUMNS:
        raise MalformedInput("a result has more columns than a server can make")
    return count


def _strings(reader: Body) -> tuple[str, ...]:
    found: list[str] = []
    while text := reader.text():
        found.append(text)
    return tuple(found)

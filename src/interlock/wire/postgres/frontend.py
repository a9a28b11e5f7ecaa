"""What a client says: reading it from downstream, writing it upstream.

Readers take a message's body and raise `MalformedInput` on a missing terminator, a lying length or count, an unknown
format code or bytes left over. Names and texts stay bytes: their encoding is the session's, and the exact bytes are
what is sealed and digested. Counts are unsigned, as the server reads them.

Source: PostgreSQL documentation, "Frontend/Backend Protocol", section "Message Formats".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from interlock.errors import MalformedInput
from interlock.model.secret import Secret
from interlock.wire.postgres.body import Body, cstring, frame, i32, u16, u32, utf8, value
from interlock.wire.postgres.startup import CANCEL_CODE, VERSION_3_0

# The server keeps statements and portals by the first 63 bytes of their name (NAMEDATALEN - 1): two longer names could
# be one thing to it and two to us.
MAX_NAME = 63


class Target(Enum):
    """What a Describe or Close is about."""

    STATEMENT = b"S"
    PORTAL = b"P"


@dataclass(frozen=True, slots=True)
class Query:
    """A simple query: one or more statements."""

    text: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Parse:
    """Prepares `text` under `name` (empty: the unnamed one); a type OID of 0 leaves the type to the server."""

    name: bytes
    text: bytes = field(repr=False)
    parameter_types: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Bind:
    """Makes a portal of a prepared statement. Formats: none (all text), one for all, or one each; None is NULL."""

    portal: bytes
    statement: bytes
    formats: tuple[int, ...] = ()
    values: tuple[bytes | None, ...] = field(default=(), repr=False)
    result_formats: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Describe:
    """Asks for the shape of a statement or portal."""

    target: Target
    name: bytes


@dataclass(frozen=True, slots=True)
class Execute:
    """Runs a portal, to its end or until `max_rows` rows (0: no limit)."""

    portal: bytes
    max_rows: int = 0


@dataclass(frozen=True, slots=True)
class Close:
    """Forgets a statement or portal."""

    target: Target
    name: bytes


@dataclass(frozen=True, slots=True)
class PasswordMessage:
    """A password in clear, as asked for by AuthenticationCleartextPassword."""

    password: Secret[bytes]


@dataclass(frozen=True, slots=True)
class SASLInitialResponse:
    """The chosen SASL mechanism and its first message, if it has one."""

    mechanism: str
    data: bytes | None


@dataclass(frozen=True, slots=True)
class SASLResponse:
    """A further message of the SASL exchange."""

    data: bytes


def read_query(body: bytes) -> Query:
    """Query, 'Q'."""
    reader = Body(body)
    query = Query(reader.cstring())
    reader.end()
    return query


def read_parse(body: bytes) -> Parse:
    """Parse, 'P'."""
    reader = Body(body)
    name, text = _name(reader), reader.cstring()
    types = tuple(reader.u32() for _ in range(reader.u16()))
    reader.end()
    return Parse(name, text, types)


def read_bind(body: bytes) -> Bind:
    """Bind, 'B'."""
    reader = Body(body)
    portal, statement, formats = _name(reader), _name(reader), reader.formats()
    values = tuple(reader.value() for _ in range(reader.u16()))
    if len(formats) > 1 and len(formats) != len(values):
        raise MalformedInput("a Bind has as many format codes as neither one nor its parameters")
    result_formats = reader.formats()
    reader.end()
    return Bind(portal, statement, formats, values, result_formats)


def read_describe(body: bytes) -> Describe:
    """Describe, 'D'."""
    return Describe(*_target(body))


def read_execute(body: bytes) -> Execute:
    """Execute, 'E'. A negative row limit, which the server takes for none, is malformed."""
    reader = Body(body)
    portal, max_rows = _name(reader), reader.i32()
    reader.end()
    if max_rows < 0:
        raise MalformedInput("an Execute asks for a negative number of rows")
    return Execute(portal, max_rows)


def read_close(body: bytes) -> Close:
    """Close, 'C'."""
    return Close(*_target(body))


def read_empty(body: bytes) -> None:
    """The body of Sync, Flush, Terminate and CopyDone: nothing."""
    Body(body).end()


def read_password(body: bytes) -> PasswordMessage:
    """PasswordMessage, 'p' in answer to a request for a password."""
    reader = Body(body)
    password = Secret(reader.cstring())
    reader.end()
    return PasswordMessage(password)


def read_sasl_initial(body: bytes) -> SASLInitialResponse:
    """SASLInitialResponse, 'p' in answer to AuthenticationSASL."""
    reader = Body(body)
    mechanism, data = utf8(reader.cstring()), reader.value()
    reader.end()
    return SASLInitialResponse(mechanism, data)


def read_sasl(body: bytes) -> SASLResponse:
    """SASLResponse, 'p' in answer to AuthenticationSASLContinue."""
    return SASLResponse(body)


def write_startup(parameters: Mapping[str, str]) -> bytes:
    """StartupMessage for protocol 3.0; `parameters` must name the user."""
    body = u32(VERSION_3_0) + b"".join(cstring(k) + cstring(v) for k, v in parameters.items()) + b"\0"
    return u32(len(body) + 4) + body


def write_cancel(pid: int, key: bytes) -> bytes:
    """CancelRequest: alone on a connection of its own."""
    body = u32(CANCEL_CODE) + i32(pid) + key
    return u32(len(body) + 4) + body


def write_password(password: Secret[str]) -> bytes:
    """PasswordMessage."""
    return frame(b"p", cstring(password.reveal()))


def write_sasl_initial(mechanism: str, data: bytes) -> bytes:
    """SASLInitialResponse."""
    return frame(b"p", cstring(mechanism) + value(data))


def write_sasl(data: bytes) -> bytes:
    """SASLResponse."""
    return frame(b"p", data)


def write_query(text: bytes) -> bytes:
    """Query."""
    return frame(b"Q", cstring(text))


def write_parse(name: bytes, text: bytes, parameter_types: Sequence[int] = ()) -> bytes:
    """Parse."""
    types = u16(len(parameter_types)) + b"".join(u32(t) for t in parameter_types)
    return frame(b"P", cstring(name) + cstring(text) + types)


def write_bind(bind: Bind) -> bytes:
    """Bind."""
    names = cstring(bind.portal) + cstring(bind.statement)
    values = u16(len(bind.values)) + b"".join(value(v) for v in bind.values)
    return frame(b"B", names + _formats(bind.formats) + values + _formats(bind.result_formats))


def write_describe(target: Target, name: bytes) -> bytes:
    """Describe."""
    return frame(b"D", target.value + cstring(name))


def write_execute(portal: bytes, max_rows: int = 0) -> bytes:
    """Execute."""
    return frame(b"E", cstring(portal) + i32(max_rows))


def write_close(target: Target, name: bytes) -> bytes:
    """Close."""
    return frame(b"C", target.value + cstring(name))


def write_sync() -> bytes:
    """Sync: ends a unit, and an error's effect."""
    return frame(b"S")


def write_flush() -> bytes:
    """Flush: asks for the answers so far."""
    return frame(b"H")


def write_terminate() -> bytes:
    """Terminate."""
    return frame(b"X")


def write_copy_fail(because: str) -> bytes:
    """CopyFail: ends a COPY FROM STDIN with an error."""
    return frame(b"f", cstring(because))


def _name(reader: Body) -> bytes:
    name = reader.cstring()
    if len(name) > MAX_NAME:
        raise MalformedInput("the name of a statement or portal is longer than 63 bytes")
    return name


def _target(body: bytes) -> tuple[Target, bytes]:
    reader = Body(body)
    try:
        target = Target(reader.take(1))
    except ValueError:
        raise MalformedInput("a Describe or Close is about neither a statement nor a portal") from None
    name = _name(reader)
    reader.end()
    return target, name


def _formats(codes: Sequence[int]) -> bytes:
    return u16(len(codes)) + b"".join(u16(code) for code in codes)

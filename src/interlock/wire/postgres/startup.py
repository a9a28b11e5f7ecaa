"""The untyped first packet of a connection (PostgreSQL documentation, "Message Formats": StartupMessage and kin)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct

from interlock.errors import MalformedInput
from interlock.wire.postgres.body import Body

# The server's own bound: MAX_STARTUP_PACKET_LENGTH in src/include/libpq/pqcomm.h.
MAX_STARTUP = 10_000

VERSION_3_0 = 3 << 16
VERSION_3_2 = VERSION_3_0 + 2  # there is no 3.1
CANCEL_CODE = 80877102
SSL_CODE = 80877103
GSSENC_CODE = 80877104

# A cancel key is four bytes in 3.0; since 3.2 it may be as long as 256, and is 32 from PostgreSQL 18 as from us.
CANCEL_KEY_SIZE = 4
LONG_CANCEL_KEY_SIZE = 32
MAX_CANCEL_KEY_SIZE = 256

_LENGTH = Struct(">I")


@dataclass(frozen=True, slots=True)
class SSLRequest:
    """The client asks for TLS: answer one byte, `S` or `N`."""


@dataclass(frozen=True, slots=True)
class GSSENCRequest:
    """The client asks for GSSAPI encryption: answer one byte, `N`."""


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """A request to cancel what the session with this process id runs; compare `key` in constant time."""

    pid: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Startup:
    """The opening of a session: protocol version (major in the high 16 bits) and run-time parameters.

    A version above ours, or a protocol option, wants a NegotiateProtocolVersion in answer.
    """

    version: int
    parameters: Mapping[str, str]

    @property
    def minor(self) -> int:
        """The minor version asked for."""
        return self.version & 0xFFFF

    @property
    def protocol_options(self) -> tuple[str, ...]:
        """Names of protocol options (`_pq_.*`) asked for, which NegotiateProtocolVersion has to decline."""
        return tuple(name for name in self.parameters if name.startswith("_pq_."))


StartupPacket = SSLRequest | GSSENCRequest | CancelRequest | Startup


class StartupReader:
    """Reads untyped packets, one after the other: an SSLRequest may come before a Startup.

    Before answering an SSLRequest or GSSENCRequest the caller must look at `leftover`: bytes there came before
    encryption and would be taken for encrypted ones (CVE-2021-23222), so the connection is to be closed.
    After a Startup, `leftover` belongs to the FrameReader.
    """

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Takes bytes as they came."""
        self._buffer += data

    def next(self) -> StartupPacket | None:
        """The next packet, or None when more bytes are needed. Raises `MalformedInput`."""
        if len(self._buffer) < 4:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        if not 8 <= length <= MAX_STARTUP + 4:
            raise MalformedInput("the first packet's length isn't that of a startup packet")
        if len(self._buffer) < length:
            return None
        packet = _read(bytes(self._buffer[4:length]))
        del self._buffer[:length]
        return packet

    @property
    def leftover(self) -> bytes:
        """Bytes behind the packets taken so far."""
        return bytes(self._buffer)


def _read(data: bytes) -> StartupPacket:
    body = Body(data)
    code = body.u32()
    if code >> 16 == 3:
        return Startup(code, _parameters(body))
    if code == SSL_CODE:
        packet: StartupPacket = SSLRequest()
    elif code == GSSENC_CODE:
        packet = GSSENCRequest()
    elif code == CANCEL_CODE:
        packet = CancelRequest(pid=body.i32(), key=body.rest())
        if not CANCEL_KEY_SIZE <= len(packet.key) <= MAX_CANCEL_KEY_SIZE:
            raise MalformedInput("a cancel key is shorter than 4 bytes or longer than 256")
    else:
        raise MalformedInput("the client speaks a protocol other than PostgreSQL's version 3")
    body.end()
    return packet


def _parameters(body: Body) -> dict[str, str]:
    found: dict[str, str] = {}
    while name := body.text():
        # The server would take the last of several; a peer that sends two wants two readers to disagree.
        if name in found:
            raise MalformedInput("a startup parameter is given twice")
        found[name] = body.text()
    body.end()
    return found

"""Logging a client in: start-up packet, TLS, credential, connection; within a few seconds or not at all.

A client whose certificate tells the very actor it logs in as isn't asked for more. Everybody else sends an Interlock
key or a token as the password.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from interlock.actions.from_bundle import ITSELF
from interlock.doors.relay import Link
from interlock.doors.tls import ALPN, ServerTls
from interlock.errors import AuthenticationFailed, MalformedInput
from interlock.identity import tokens
from interlock.model.actor import Actor
from interlock.model.peer import Peer
from interlock.model.secret import Secret
from interlock.registry import Registry
from interlock.wire.postgres import answers, frontend
from interlock.wire.postgres.frames import FrameReader
from interlock.wire.postgres.startup import (
    CANCEL_KEY_SIZE,
    LONG_CANCEL_KEY_SIZE,
    VERSION_3_2,
    CancelRequest,
    GSSENCRequest,
    SSLRequest,
    Startup,
    StartupPacket,
    StartupReader,
)

MAX_PASSWORD = tokens.MAX_TOKEN + 1_024  # bytes of the message that brings it
# What a start-up packet may set: none of it changes what a text means beyond what the server reports back.
HARMLESS = frozenset(
    {
        "application_name",
        "datestyle",
        "timezone",
        "intervalstyle",
        "extra_float_digits",
        "statement_timeout",
        "lock_timeout",
        "idle_session_timeout",
        "idle_in_transaction_session_timeout",
    }
)
_OURS = frozenset({"user", "database", "client_encoding"})
_OWNER = "owner_not_accepted"  # the one reason that is told: it is found only once the credential was proved


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A client that proved who it is: the actor, the connection asked for, its settings, and where its bytes go on.

    `key_size`: of its cancel key, in bytes, by the protocol version that it speaks.
    """

    actor: Actor
    database: str
    settings: Mapping[str, str]
    frames: FrameReader
    key_size: int = CANCEL_KEY_SIZE


class LoginRefused(Exception):
    """The login ends here, with this answer."""

    def __init__(self, sqlstate: str, sentence: str) -> None:
        super().__init__(sentence)
        self.sqlstate, self.sentence = sqlstate, sentence


async def first_packet(link: Link, tls: ServerTls | None) -> tuple[Startup | CancelRequest, bytes]:
    """The start-up or cancel packet, behind TLS where the client asks for it and we have a certificate.

    Gives also the bytes behind it. Raises `MalformedInput`, among others for bytes that were sent in clear behind an
    SSLRequest: they would be taken for encrypted ones. Raises `ConnectionError` when the client leaves.
    """
    encrypted = _begun_encrypted(link)
    reader = StartupReader()
    for _ in range(4):  # SSLRequest, GSSENCRequest in either order, then the packet itself
        packet = await _packet(link, reader)
        match packet:
            case SSLRequest():
                _demand_nothing_behind(reader, link)
                if tls is None or encrypted:
                    link.write(b"N")
                else:
                    link.write(b"S")
                    await link.start_tls(tls.context(), server=True)
                    encrypted = True
            case GSSENCRequest():
                _demand_nothing_behind(reader, link)
                link.write(b"N")
            case _:
                if tls is not None and not (encrypted or link.inside) and isinstance(packet, Startup):
                    raise LoginRefused("28000", "This port takes connections over TLS only; use sslmode=require.")
                return packet, reader.leftover
    raise MalformedInput("the client asks for encryption again and again")


def _begun_encrypted(link: Link) -> bool:
    """Whether the client began with the handshake itself (PostgreSQL documentation, "SSL Session Encryption"). It must
    then have said by ALPN that it means this protocol: else another one's bytes could be turned on us."""
    if link.tls is None:
        return False
    if link.tls.selected_alpn_protocol() != ALPN:
        raise LoginRefused("08P01", "A connection that begins with TLS must name postgresql by ALPN.")
    return True


async def log_in(link: Link, startup: Startup, leftover: bytes, registry: Registry, session: str) -> LoggedIn:
    """Verifies the client's certificate, or asks for a key or token and verifies that; raises `LoginRefused`,
    `MalformedInput`, `ConnectionError`."""
    parameters = {name.lower(): value for name, value in startup.parameters.items() if not name.startswith("_pq_.")}
    version = min(startup.version, VERSION_3_2)
    if startup.version > version or startup.protocol_options:
        link.write(answers.write_negotiate_protocol_version(version, startup.protocol_options))
    user, database = parameters.get("user", ""), parameters.get("database", "")
    settings = _settings(parameters)
    frames = FrameReader(MAX_PASSWORD)
    frames.feed(leftover)
    # Within the process the credential is what was presented; the certificate only shows by whom.
    actor = None if link.inside else _by_certificate(link.peer, user, registry, session)
    if actor is None:
        link.write(answers.write_cleartext_password())
        password = await _password(link, frames)
        actor = await _verified(password, user, registry, session, link)
    key_size = CANCEL_KEY_SIZE if version < VERSION_3_2 else LONG_CANCEL_KEY_SIZE
    return LoggedIn(actor, database or user, settings, frames, key_size)


def _settings(parameters: Mapping[str, str]) -> Mapping[str, str]:
    encoding = parameters.get("client_encoding", "UTF8").upper().replace("-", "").replace("'", "")
    if encoding not in ("UTF8", "UNICODE", "AUTO"):
        raise LoginRefused("0A000", "Only client_encoding UTF8 is let through.")
    if "replication" in parameters:
        raise LoginRefused("0A000", "Replication isn't let through: what a server copies out can't be masked.")
    for name in parameters:
        if name not in HARMLESS | _OURS:
            raise LoginRefused("0A000", f"The start-up parameter {_shown(name)} isn't let through.")
    return {name: value for name, value in parameters.items() if name in HARMLESS}


def _shown(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() and len(name) <= 40 else "sent"


def _by_certificate(peer: Peer, user: str, registry: Registry, session: str) -> Actor | None:
    """The actor of that name, if the certificate tells it; one that tells nobody, or another, isn't held against the
    client: a key may be bound to it."""
    if peer.certificate is None:
        return None
    try:
        actor = registry.admit_certificate(peer, session=session)
    except AuthenticationFailed as failed:
        if failed.code == _OWNER:
            raise LoginRefused("28000", failed.sentence) from None
        return None
    return actor if actor.id == user else None


async def _verified(password: Secret[bytes], user: str, registry: Registry, session: str, link: Link) -> Actor:
    refused = LoginRefused("28P01", "The credential wasn't accepted for this user.")
    try:
        presented = Secret(password.reveal().decode("ascii"))
        if link.inside:  # from our own MCP server: its token may have been made for that one
            actor = (await registry.admit_at(ITSELF.name, presented, session=session, peer=link.peer)).actor
        else:
            actor = await registry.admit(presented, session=session, peer=link.peer)
    except UnicodeDecodeError:
        raise refused from None
    except AuthenticationFailed as failed:
        if failed.code == _OWNER:
            raise LoginRefused("28000", failed.sentence) from None
        raise refused from None
    if actor.id != user:
        raise refused
    return actor


async def _packet(link: Link, reader: StartupReader) -> StartupPacket:
    while (packet := reader.next()) is None:
        data = await link.receive()
        if not data:
            raise ConnectionError
        reader.feed(data)
    return packet


async def _password(link: Link, frames: FrameReader) -> Secret[bytes]:
    while (frame := frames.next()) is None:
        data = await link.receive()
        if not data:
            raise ConnectionError
        frames.feed(data)
    if frame.type != b"p":
        raise MalformedInput("a password was asked for, and something else came")
    return frontend.read_password(frame.body).password


def _demand_nothing_behind(reader: StartupReader, link: Link) -> None:
    if reader.leftover or link.pending:
        raise MalformedInput("bytes came in clear behind a request for encryption")

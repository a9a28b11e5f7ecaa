"""Opening a session with the protected server: connection, TLS, login, up to its first ReadyForQuery."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from interlock.doors import tls
from interlock.doors.postgres.facts import PINNED
from interlock.doors.postgres.incoming import Incoming
from interlock.doors.relay import Link, connect
from interlock.errors import MalformedInput, UpstreamFailed
from interlock.model.settings import TlsFiles, UpstreamPostgres
from interlock.ports import Entropy
from interlock.wire.postgres import backend, frontend
from interlock.wire.postgres.frames import Frame
from interlock.wire.postgres.md5_password import md5_response
from interlock.wire.postgres.scram import MECHANISM, MECHANISM_PLUS, Binding, ClientFinal, ClientFirst
from interlock.wire.postgres.sentences import known_sqlstate
from interlock.wire.postgres.startup import SSL_CODE

CONNECT_SECONDS = 10.0

_SSL_REQUEST = (8).to_bytes(4, "big") + SSL_CODE.to_bytes(4, "big")


@dataclass(slots=True)
class Entered:
    """A session just opened: its link, what comes over it, what the server reported, its cancel key and status."""

    link: Link
    incoming: Incoming
    parameters: dict[str, str] = field(default_factory=dict)
    key: backend.BackendKeyData | None = None
    status: bytes = b"I"


async def enter(to: UpstreamPostgres, asked: Mapping[str, str], entropy: Entropy) -> Entered:
    """Logs in; `asked` are the client's harmless start-up settings. Raises `UpstreamFailed`."""
    link = await reach(to)
    try:
        return await _log_in(link, to, asked, entropy)
    except MalformedInput as error:
        link.abort()
        raise UpstreamFailed("the protected system broke its protocol while we logged in") from error
    except BaseException:
        link.abort()
        raise


async def reach(to: UpstreamPostgres) -> Link:
    """A connection to the server, behind TLS where the settings say so; raises `UpstreamFailed`."""
    link = await connect(to.host, to.port, CONNECT_SECONDS)
    try:
        if to.tls != "disable":
            await _secure(link, to)
    except BaseException:
        link.abort()
        raise
    return link


async def _secure(link: Link, to: UpstreamPostgres) -> None:
    if not to.direct_tls:
        link.write(_SSL_REQUEST)
        answer = await link.receive()
        if answer != b"S":  # also anything sent along with the S: it would be plaintext injected before the handshake
            raise UpstreamFailed("the protected system doesn't offer TLS, which the settings demand")
    try:
        context = tls.client_context(to.ca, _own(to))
    except (OSError, ValueError):
        raise UpstreamFailed("our certificate, its key or the authorities for the server can't be read") from None
    try:
        await link.start_tls(context, server=False, hostname=to.host)
    except OSError:  # ssl.SSLError among them
        raise UpstreamFailed("the TLS handshake with the protected system failed; look at its certificate") from None
    if to.direct_tls and (link.tls is None or link.tls.selected_alpn_protocol() != tls.ALPN):
        raise UpstreamFailed("the protected system doesn't take direct TLS for PostgreSQL's protocol")


def _own(to: UpstreamPostgres) -> TlsFiles | None:
    return TlsFiles(to.certificate, to.key) if to.certificate is not None and to.key is not None else None


async def _log_in(link: Link, to: UpstreamPostgres, asked: Mapping[str, str], entropy: Entropy) -> Entered:
    entered = Entered(link, Incoming(link))
    fixed = {"user": to.user, "database": to.database, **PINNED}
    link.write(frontend.write_startup({**asked, **fixed}))
    await _prove(entered, _exchange(link, to, entropy))
    while True:
        frame = await entered.incoming.frame()
        match frame.type:
            case b"S":
                status = backend.read_parameter_status(frame.body)
                entered.parameters[status.name] = status.value
            case b"K":
                entered.key = backend.read_backend_key_data(frame.body)
            case b"Z":
                entered.status = backend.read_ready_for_query(frame.body).status
                return entered
            case b"N":
                continue
            case _:
                raise _unexpected(frame)


async def _prove(entered: Entered, exchange: _Exchange) -> None:
    """The login itself, up to AuthenticationOk: nothing that the server says before counts."""
    while True:
        frame = await entered.incoming.frame()
        match frame.type:
            case b"R":
                asked = backend.read_authentication(frame.body)
                exchange.step(asked)
                if isinstance(asked, backend.AuthenticationOk):
                    return
            case b"N":
                continue
            case _:
                raise _unexpected(frame)


def _unexpected(frame: Frame) -> UpstreamFailed:
    if frame.type == b"E":
        code = known_sqlstate(backend.read_complaint(frame.body).sqlstate)
        return UpstreamFailed(f"the protected system refused our login (SQLSTATE {code})")
    return UpstreamFailed("the protected system answered our login with something unknown")


class _Exchange(Protocol):
    """Our side of one way to log in."""

    def step(self, asked: backend.Authentication) -> None:
        """Answers one request of the server; raises `UpstreamFailed` for any that isn't this way's, `MalformedInput`.

        AuthenticationOk is a request as well: it may come only where this way ends.
        """


def _exchange(link: Link, to: UpstreamPostgres, entropy: Entropy) -> _Exchange:
    match to.login:
        case "scram-sha-256":
            return _Scram(link, to, base64.b64encode(entropy.token(18)).decode("ascii"))
        case "md5":
            return _Md5(link, to)
        case "certificate" | "trust":
            return _Nothing()
        case _:
            raise UpstreamFailed(f"the settings name a login that doesn't exist: {to.login}")


class _Scram:
    """SCRAM-SHA-256 and nothing weaker, and the server must prove that it knows the password.

    Behind TLS it is bound to the server's certificate wherever both sides can, and says whether we could have.
    """

    def __init__(self, link: Link, to: UpstreamPostgres, nonce: str) -> None:
        self._link, self._to, self._nonce = link, to, nonce
        self._first: ClientFirst | None = None
        self._final: ClientFinal | None = None
        self._proved = False

    def step(self, asked: backend.Authentication) -> None:
        match asked:
            case backend.SASL(mechanisms) if self._first is None:
                self._first = first = self._begin(mechanisms)
                self._link.write(frontend.write_sasl_initial(first.mechanism, first.message))
            case backend.SASLContinue(data) if self._first is not None and self._final is None:
                self._final = self._first.answer(self._to.password, data)
                self._link.write(frontend.write_sasl(self._final.message))
            case backend.SASLFinal(data) if self._final is not None and not self._proved:
                self._final.verify(data)
                self._proved = True
            case backend.AuthenticationOk() if self._proved:
                pass
            case _:
                raise UpstreamFailed("the protected system asks for a login other than SCRAM-SHA-256")

    def _begin(self, mechanisms: Sequence[str]) -> ClientFirst:
        channel = _channel(self._link)
        if channel and MECHANISM_PLUS in mechanisms:
            return ClientFirst(self._nonce, binding=Binding.END_POINT, channel=channel)
        if self._to.channel_binding:
            raise UpstreamFailed("the protected system can't bind its login to TLS, which channel_binding demands")
        if MECHANISM not in mechanisms:
            raise UpstreamFailed("the protected system asks for a login other than SCRAM-SHA-256")
        return ClientFirst(self._nonce, binding=Binding.NOT_OFFERED if channel else Binding.CANNOT)


class _Md5:
    """MD5, for servers that can't do better."""

    def __init__(self, link: Link, to: UpstreamPostgres) -> None:
        self._link, self._to = link, to
        self._stage = 0

    def step(self, asked: backend.Authentication) -> None:
        match asked:
            case backend.MD5Password(salt) if self._stage == 0:
                self._link.write(frontend.write_password(md5_response(self._to.user, self._to.password, salt)))
            case backend.AuthenticationOk() if self._stage == 1:
                pass
            case _:
                raise UpstreamFailed("the protected system asks for a login other than md5, which the settings name")
        self._stage += 1


class _Nothing:
    """The server takes us by our certificate, or by where we come from, and asks for nothing more."""

    def step(self, asked: backend.Authentication) -> None:
        if not isinstance(asked, backend.AuthenticationOk):
            raise UpstreamFailed("the protected system asks for a password, and the settings say that it doesn't")


def _channel(link: Link) -> bytes:
    """What the login is bound to; empty without TLS, or with a certificate that nothing is defined for."""
    certificate = link.tls.getpeercert(binary_form=True) if link.tls is not None else None
    return (tls.end_point(certificate) or b"") if certificate else b""

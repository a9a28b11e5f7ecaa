"""The upstream side: log in to the protected server, prepare and describe statements there, cancel.

Statements are prepared under names of ours, so that the client's names never reach the server and each text is parsed
once a session. The server's description of a statement is the second witness of what it returns (design section 6).
"""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from interlock.doors import tls
from interlock.doors.postgres.facts import FIXED, PINNED, QUERY, REPORTED, Facts, read_facts
from interlock.doors.relay import Link, connect
from interlock.errors import MalformedInput, UpstreamFailed
from interlock.model.secret import Secret
from interlock.model.settings import UpstreamPostgres
from interlock.model.snapshot import DescribedColumn
from interlock.ports import Entropy
from interlock.wire.postgres import backend, frontend
from interlock.wire.postgres.frames import Frame, Piece, RunReader
from interlock.wire.postgres.scram import ClientFinal, ClientFirst
from interlock.wire.postgres.sentences import known_sqlstate
from interlock.wire.postgres.startup import SSL_CODE

CONNECT_SECONDS = 10.0
MAX_FRAME = 64 * 1024 * 1024  # one message we look into; rows that nobody looks into have no limit of ours
MAX_PREPARED = 256  # statements kept prepared upstream for one session; the oldest is closed
EVERY_TYPE = frozenset(bytes([n]) for n in range(256))

_SSL_REQUEST = (8).to_bytes(4, "big") + SSL_CODE.to_bytes(4, "big")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as the server has it: our name for it, its parameter types, what it returns (None: nothing)."""

    name: bytes
    parameter_types: tuple[int, ...]
    columns: tuple[DescribedColumn, ...] | None


@dataclass(frozen=True, slots=True)
class ServerError:
    """What the server said no to, without its words: those quote values."""

    sqlstate: str


class _Exchange:
    """Our side of the login: SCRAM-SHA-256 and nothing weaker, and the server must prove that it knows the password."""

    def __init__(self, link: Link, password: Secret[str], entropy: Entropy) -> None:
        self._link = link
        self._password = password
        self._first = ClientFirst(base64.b64encode(entropy.token(18)).decode("ascii"))
        self._final: ClientFinal | None = None
        self._stage = "start"

    def step(self, asked: backend.Authentication) -> None:
        """Answers one request of the server; raises `UpstreamFailed`, `MalformedInput`."""
        match asked:
            case backend.SASL(mechanisms) if "SCRAM-SHA-256" in mechanisms and self._stage == "start":
                self._stage = "asked"
                self._link.write(frontend.write_sasl_initial("SCRAM-SHA-256", self._first.message))
            case backend.SASLContinue(data) if self._stage == "asked":
                self._stage = "answered"
                self._final = self._first.answer(self._password, data)
                self._link.write(frontend.write_sasl(self._final.message))
            case backend.SASLFinal(data) if self._stage == "answered" and self._final is not None:
                self._final.verify(data)
                self._stage = "proved"
            case backend.AuthenticationOk() if self._stage == "proved":
                self._stage = "in"
            case _:
                raise UpstreamFailed("the protected system asks for a login other than SCRAM-SHA-256")


class Upstream:
    """One session with the protected server."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.reader = RunReader(EVERY_TYPE, MAX_FRAME)
        self.parameters: dict[str, str] = {}
        self.status = b"I"
        self.key: backend.BackendKeyData | None = None
        self._frames: list[Frame] = []
        self._prepared: OrderedDict[tuple[bytes, tuple[int, ...]], Prepared] = OrderedDict()
        self._count = 0

    @classmethod
    async def open(cls, to: UpstreamPostgres, asked: Mapping[str, str], entropy: Entropy) -> Upstream:
        """Logs in; `asked` are the client's harmless start-up settings. Raises `UpstreamFailed`."""
        link = await connect(to.host, to.port, CONNECT_SECONDS)
        self = cls(link)
        try:
            if to.tls != "disable":
                await self._secure(to)
            await self._log_in(to, asked, entropy)
        except MalformedInput as error:
            link.abort()
            raise UpstreamFailed("the protected system broke its protocol while we logged in") from error
        except BaseException:
            link.abort()
            raise
        return self

    async def _secure(self, to: UpstreamPostgres) -> None:
        self.link.write(_SSL_REQUEST)
        answer = await self.link.receive()
        if answer != b"S":  # also anything sent along with the S: it would be plaintext injected before the handshake
            raise UpstreamFailed("the protected system doesn't offer TLS, which the settings demand")
        try:
            await self.link.start_tls(tls.client_context(to.ca), server=False, hostname=to.host)
        except OSError:  # ssl.SSLError among them
            raise UpstreamFailed("the protected system's certificate wasn't accepted") from None

    async def _log_in(self, to: UpstreamPostgres, asked: Mapping[str, str], entropy: Entropy) -> None:
        fixed = {"user": to.user, "database": to.database, **PINNED}
        self.link.write(frontend.write_startup({**asked, **fixed}))
        exchange = _Exchange(self.link, to.password, entropy)
        while True:
            frame = await self.frame()
            match frame.type:
                case b"R":
                    exchange.step(backend.read_authentication(frame.body))
                case b"S":
                    self.parameter(frame.body)
                case b"K":
                    self.key = backend.read_backend_key_data(frame.body)
                case b"Z":
                    self.status = backend.read_ready_for_query(frame.body).status
                    return
                case b"N":
                    continue
                case b"E":
                    code = backend.read_complaint(frame.body).sqlstate
                    raise UpstreamFailed(f"the protected system refused our login (SQLSTATE {code})")
                case _:
                    raise UpstreamFailed("the protected system answered our login with something unknown")

    def parameter(self, body: bytes) -> None:
        """Takes a ParameterStatus."""
        status = backend.read_parameter_status(body)
        if self.parameters.get(status.name, status.value) != status.value and status.name in FIXED:
            raise UpstreamFailed("something outside changed this session's settings", code="drift")
        self.parameters[status.name] = status.value

    async def frame(self) -> Frame:
        """The next message, whole; raises `UpstreamFailed` when the server is gone."""
        while not self._frames:
            chunk = await self.link.receive()
            if not chunk:
                raise UpstreamFailed("the protected system closed the connection")
            for item in self.reader.feed(chunk):
                assert isinstance(item, Frame), "every type is wanted here"
                self._frames.append(item)
        return self._frames.pop(0)

    async def items(self) -> list[Piece]:
        """What came since the last call, by the reader's wanted types."""
        if self._frames:
            early: list[Piece] = list(self._frames)
            self._frames.clear()
            return early
        chunk = await self.link.receive()
        if not chunk:
            raise UpstreamFailed("the protected system closed the connection")
        return self.reader.feed(chunk)

    async def prepare(self, text: bytes, types: tuple[int, ...], *, anew: bool = False) -> Prepared | ServerError:
        """Parses and describes `text`, or remembers having done so; `anew` asks the server again."""
        known = self._prepared.get((text, types))
        if known is not None and not anew:
            self._prepared.move_to_end((text, types))
            return known
        self._count += 1
        name = b"il_%d" % self._count
        self.link.write(
            self._forget((text, types) if known is not None else None)
            + frontend.write_parse(name, text, types)
            + frontend.write_describe(frontend.Target.STATEMENT, name)
            + frontend.write_sync()
        )
        prepared = await self._described(name)
        if isinstance(prepared, Prepared):
            self._prepared[(text, types)] = prepared
            self._prepared[(text, prepared.parameter_types)] = prepared  # asked for again with the types resolved
        return prepared

    def _forget(self, key: tuple[bytes, tuple[int, ...]] | None) -> bytes:
        if key is None and len(self._prepared) >= MAX_PREPARED:
            key = next(iter(self._prepared))
        if key is None:
            return b""
        name = self._prepared[key].name
        for other in [k for k, prepared in self._prepared.items() if prepared.name == name]:
            del self._prepared[other]
        return frontend.write_close(frontend.Target.STATEMENT, name)

    async def _described(self, name: bytes) -> Prepared | ServerError:
        types: tuple[int, ...] = ()
        columns: tuple[DescribedColumn, ...] | None = None
        error: ServerError | None = None
        while True:
            frame = await self.frame()
            match frame.type:
                case b"t":
                    types = backend.read_parameter_description(frame.body)
                case b"T":
                    columns = backend.read_row_description(frame.body)
                case b"E":
                    error = ServerError(backend.read_complaint(frame.body).sqlstate)
                case b"S":
                    self.parameter(frame.body)
                case b"1" | b"3" | b"n" | b"N" | b"A":
                    continue
                case b"Z":
                    self.status = backend.read_ready_for_query(frame.body).status
                    return error or Prepared(name, types, columns)
                case _:
                    raise UpstreamFailed("the protected system answered a Describe with something unknown")

    async def facts(self) -> Facts:
        """What this session is by now; raises `UpstreamFailed` when that can't be told."""
        self.link.write(frontend.write_query(QUERY))
        found: Facts | None = None
        while True:
            frame = await self.frame()
            match frame.type:
                case b"D":
                    found = read_facts(frame.body)
                case b"S":
                    self.parameter(frame.body)
                case b"T" | b"C" | b"N" | b"E" | b"A":
                    continue
                case b"Z":
                    self.status = backend.read_ready_for_query(frame.body).status
                    if found is None:
                        raise UpstreamFailed("the protected system doesn't tell what our session is")
                    return found
                case _:
                    raise UpstreamFailed("the protected system answered a question of ours with something unknown")

    async def command(self, text: bytes) -> ServerError | None:
        """Runs a command of ours that returns no rows (a savepoint, a COMMIT); gives what the server said no with.

        What was put off until a COMMIT runs in it: raises `UpstreamFailed` when that changed a setting of the session.
        """
        self.link.write(frontend.write_query(text))
        error: ServerError | None = None
        while True:
            frame = await self.frame()
            match frame.type:
                case b"E":
                    error = ServerError(known_sqlstate(backend.read_complaint(frame.body).sqlstate))
                case b"C" | b"N" | b"A":
                    continue
                case b"Z":
                    self.status = backend.read_ready_for_query(frame.body).status
                    return error
                case b"S":
                    if backend.read_parameter_status(frame.body).name in REPORTED:
                        raise UpstreamFailed("code inside a statement changed this session's settings", code="drift")
                    self.parameter(frame.body)
                case _:
                    raise UpstreamFailed("the protected system answered a command of ours with something unknown")

    def has_prepared(self, text: bytes, types: tuple[int, ...]) -> bool:
        """Whether the server has seen this text in this session."""
        return (text, types) in self._prepared

    def forget_all(self) -> None:
        """The server dropped what was prepared (DISCARD ALL, DEALLOCATE ALL)."""
        self._prepared.clear()

    async def cancel(self, to: UpstreamPostgres) -> None:
        """Asks the server to stop what this session runs, over a connection of its own."""
        if self.key is None:
            return
        link = await connect(to.host, to.port, CONNECT_SECONDS)
        try:
            if to.tls != "disable":
                helper = Upstream(link)
                await helper._secure(to)
            link.write(frontend.write_cancel(self.key.pid, self.key.key))
            await link.drain()
            await link.receive()  # the server closes when it has taken the request
        finally:
            link.close()

    def close(self) -> None:
        """Says goodbye."""
        self.link.write(frontend.write_terminate())
        self.link.close()

"""The door itself: listens, logs in, opens an upstream session for each client, and ends them all on shutdown."""

from __future__ import annotations

import asyncio
import hmac
import ssl
from collections.abc import Mapping

import structlog

from interlock.actions.session import session_open
from interlock.doors import tls
from interlock.doors.endings import Endings
from interlock.doors.postgres.definitions import Definitions
from interlock.doors.postgres.facts import Facts
from interlock.doors.postgres.login import LoggedIn, LoginRefused, first_packet, log_in
from interlock.doors.postgres.preparing import Preparing
from interlock.doors.postgres.session import PostgresSession
from interlock.doors.postgres.texts import Texts
from interlock.doors.postgres.upstream import Upstream
from interlock.doors.relay import Link
from interlock.errors import InterlockError, LedgerUnavailable, MalformedInput, UpstreamFailed
from interlock.gate import Cleared, Denied, Gate
from interlock.model.names import ActionId, ConnectionName
from interlock.model.payload import SessionPayload
from interlock.model.release import Ending, Outcome
from interlock.model.settings import Limits, Listen
from interlock.ports import Clock, Entropy
from interlock.registry import Registry
from interlock.wire.postgres import answers, denial
from interlock.wire.postgres.startup import CancelRequest

LOGINS = 256  # connections that haven't logged in: those who never do can't take the sessions' places
MAX_MESSAGE = 16 * 1024 * 1024  # bytes of one client message

# Told once, where a session begins; 01000 is PostgreSQL's plain warning.
OBSERVING = answers.write_notice(
    "WARNING",
    "01000",
    "Nothing is masked, held or stopped on this connection (unsafe_observe): policy is only observed, and what it would"
    " have done is recorded.",
)

log = structlog.get_logger()


class PostgresDoor:
    """Clients of the PostgreSQL port."""

    def __init__(
        self,
        *,
        listen: Listen,
        connections: Mapping[ConnectionName, Definitions | None],
        gate: Gate,
        registry: Registry,
        clock: Clock,
        entropy: Entropy,
        public_url: str,
        limits: Limits,
    ) -> None:
        self._listen = listen
        self._connections = connections
        self._gate = gate
        self._registry = registry
        self._clock = clock
        self._entropy = entropy
        self._public_url = public_url
        self._limits = limits
        self._tls: ssl.SSLContext | None = tls.server_context(listen.tls, listen.client_ca) if listen.tls else None
        self._texts: dict[ConnectionName, Texts] = {}
        self._sessions: dict[int, tuple[bytes, PostgresSession]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.endings = Endings(gate)

    async def start(self) -> None:
        """Begins to listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Link(self._accepted), self._listen.host, self._listen.port)

    @property
    def port(self) -> int:
        """The port it listens on, also where the settings left the choice to the system."""
        assert self._server is not None, "start first"
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self, seconds: float) -> None:
        """Stops listening, ends every session, and waits for their endings to be recorded, for at most `seconds`."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        await self.endings.settled(seconds)

    def _accepted(self, link: Link) -> None:
        if len(self._tasks) - len(self._sessions) >= LOGINS or len(self._sessions) >= self._limits.sessions:
            link.write(denial.refuse_session("53300", "Too many clients are connected already; try again later."))
            link.close()
            return
        task = asyncio.ensure_future(self._client(link))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _client(self, link: Link) -> None:
        try:
            await self._served(link)
        except LoginRefused as refused:
            link.write(denial.refuse_session(refused.sqlstate, refused.sentence))
        except MalformedInput as error:
            link.write(denial.refuse_session("08P01", f"Protocol violation: {error.sentence}."))
        except UpstreamFailed as error:
            log.warning("session.upstream_failed", code=error.code, sentence=error.sentence)
            link.write(denial.refuse_session("08006", f"The session ends: {error.sentence}."))
        except TimeoutError:
            link.write(denial.refuse_session("57014", "The login took too long."))
        except (OSError, asyncio.CancelledError):  # a handshake that failed too: ssl.SSLError is an OSError
            link.write(denial.refuse_session("57P01", "The gateway ends this session."))
        except InterlockError as error:
            log.error("session.failed", code=error.code)
            link.write(denial.refuse_session("58000", f"The session ends: {error.sentence}."))
        except Exception as error:
            # Anything unforeseen ends this session and no other; a traceback may hold values, so only its type is told.
            log.error("session.broke", error=type(error).__name__)
            link.write(denial.refuse_session("XX000", "The gateway failed; the session ends."))
        finally:
            link.close()

    async def _served(self, link: Link) -> None:
        async with asyncio.timeout(self._limits.login_seconds):
            packet, leftover = await first_packet(link, self._tls)
            if isinstance(packet, CancelRequest):
                self._cancel(packet)
                return
            session = self._entropy.uuid7()
            client = await log_in(link, packet, leftover, self._registry, session)
            definitions = self._definitions(client)
            await self._open(client, definitions)
            up = await Upstream.open(definitions.upstream, client.settings, self._entropy)
        try:
            async with asyncio.timeout(self._limits.login_seconds):
                facts = await up.facts()
            facts.demand_readable()
            await self._session(link, client, definitions, up, facts)
        finally:
            up.close()

    def _definitions(self, client: LoggedIn) -> Definitions:
        name = ConnectionName(client.database)
        if name not in self._connections:
            raise LoginRefused("3D000", "There is no connection of that name.")
        definitions = self._connections[name]
        if definitions is None:
            raise LoginRefused(
                "57P03", "The connection's schema isn't known yet: the protected system can't be reached."
            )
        return definitions

    async def _open(self, client: LoggedIn, definitions: Definitions) -> None:
        """Asks for `session.open`: BEGIN, SHOW, harmless SETs and the like belong to it."""
        action = session_open(
            id=ActionId(self._entropy.uuid7()),
            actor=client.actor,
            connection=definitions.connection,
            payload=SessionPayload(definitions.upstream.database, definitions.upstream.user),
        )
        try:
            answer = await self._gate.ask(action)
        except LedgerUnavailable as error:
            raise LoginRefused("58030", f"Refused: {error.sentence}, and what can't be recorded may not run.") from None
        match answer:
            case Cleared(release, durable):
                await durable
                self.endings.soon(release, Ending(Outcome.SUCCEEDED))
            case Denied(reasons):
                raise LoginRefused("42501", "Refused: " + " ".join(r.sentence for r in reasons))
            case _:
                raise LoginRefused(
                    "42501", "Refused: opening a session needs a review, which this door can't wait for."
                )

    async def _session(
        self, link: Link, client: LoggedIn, definitions: Definitions, up: Upstream, facts: Facts
    ) -> None:
        texts = self._texts.setdefault(definitions.connection.name, Texts())
        preparing = Preparing(
            up=up, facts=facts, definitions=definitions, texts=texts, actor=client.actor, entropy=self._entropy
        )
        session = PostgresSession(
            down=link,
            preparing=preparing,
            gate=self._gate,
            endings=self.endings,
            clock=self._clock,
            public_url=self._public_url,
        )
        pid, key = self._enter(session)
        try:
            observing = definitions.connection.unsafe_observe
            link.write(_welcome(up, pid, key, OBSERVING if observing else b""))
            client.frames.limit = MAX_MESSAGE
            await session.serve(client.frames)
        finally:
            del self._sessions[pid]

    def _enter(self, session: PostgresSession) -> tuple[int, bytes]:
        key = self._entropy.token(4)
        while (pid := int.from_bytes(self._entropy.token(4)) & 0x7FFFFFFF) in self._sessions:
            continue
        self._sessions[pid] = (key, session)
        return pid, key

    def _cancel(self, request: CancelRequest) -> None:
        key, session = self._sessions.get(request.pid, (b"\0\0\0\0", None))
        if hmac.compare_digest(key, request.key) and session is not None:
            session.cancel()


def _welcome(up: Upstream, pid: int, key: bytes, warning: bytes) -> bytes:
    parameters = b"".join(answers.write_parameter_status(name, value) for name, value in up.parameters.items())
    return (
        answers.write_authentication_ok()
        + parameters
        + answers.write_backend_key_data(pid, key)
        + warning
        + answers.write_ready_for_query(up.status)
    )

"""The door itself: listens, logs in, opens an upstream session for each client, and ends them all on shutdown."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import Counter
from collections.abc import Mapping

import structlog

from interlock.actions.session import session_open
from interlock.doors.accepting import Acceptor
from interlock.doors.endings import Endings
from interlock.doors.inside import dial_inside
from interlock.doors.postgres.deferred import DeferredRuns
from interlock.doors.postgres.definitions import Definitions
from interlock.doors.postgres.idle_limits import Idled, IdleLimits
from interlock.doors.postgres.login import LoggedIn, LoginRefused, first_packet, log_in
from interlock.doors.postgres.meeting import Meeting, Welcomes, upstream_settings
from interlock.doors.postgres.parking import Share, Slots
from interlock.doors.postgres.preparing import Preparing
from interlock.doors.postgres.session import PostgresSession
from interlock.doors.postgres.tasting import Taster
from interlock.doors.postgres.texts import Texts
from interlock.doors.postgres.upstream import LOST_CODE, Upstream, UpstreamAway
from interlock.doors.relay import Link
from interlock.doors.tls import ServerTls
from interlock.errors import InterlockError, LedgerUnavailable, MalformedInput, UpstreamFailed
from interlock.gate import Cleared, Denied, Gate
from interlock.masking.pseudonyms import Pseudonyms
from interlock.model.actor import Actor
from interlock.model.mistakes import place_of_mistake
from interlock.model.names import ActionId, ActorId, ConnectionName
from interlock.model.payload import SessionPayload
from interlock.model.peer import Peer
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
        pseudonyms: Pseudonyms | None = None,
        taster: Taster | None = None,
    ) -> None:
        self._listen = listen
        self._connections = connections
        self._gate = gate
        self._registry = registry
        self._clock = clock
        self._entropy = entropy
        self._public_url = public_url
        self._limits = limits
        self._pseudonyms = pseudonyms  # None: nobody gets any
        self._tls = ServerTls(listen.tls, listen.client_ca, time.monotonic) if listen.tls else None
        self._texts: dict[ConnectionName, Texts] = {}
        self._welcomes: dict[ConnectionName, Welcomes] = {}
        self._slots: dict[ConnectionName, Slots] = {}
        # Of whoever has been here: there are no more actors than settings and issuers know.
        self._shares: dict[tuple[ConnectionName, ActorId], Share] = {}
        self._per_actor: Counter[ActorId] = Counter()
        self._sessions: dict[int, tuple[bytes, PostgresSession]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        late = denial.refuse_session("57014", "The login took too long.")
        self._acceptor = Acceptor(self._tls, self._accepted, limits.login_seconds, late)
        self.endings = Endings(gate)
        self.taster = taster or Taster(entropy.token(32))

    def runner(self) -> DeferredRuns:
        """What runs the deferred actions of this door's connections."""
        return DeferredRuns(
            self._connections,
            self._gate,
            self._registry,
            self.endings,
            self._entropy,
            self._slots_of,
            self._pseudonyms,
            self.taster,
        )

    async def start(self) -> None:
        """Begins to listen."""
        self.taster.warm()
        await self._acceptor.start(self._listen.host, self._listen.port)

    @property
    def port(self) -> int:
        """The port it listens on, also where the settings left the choice to the system."""
        return self._acceptor.port

    async def dial(self, peer: Peer) -> Link:
        """A connection of another door's, on behalf of its client `peer`; see `doors/inside.py`."""
        return await dial_inside(self._accepted, peer)

    async def stop(self, seconds: float) -> None:
        """Stops listening, ends every session, and waits for their endings to be recorded, for at most `seconds`."""
        self._acceptor.close()
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for share in self._shares.values():
            share.close()
        for slots in self._slots.values():
            slots.close()
        await self.taster.close()
        await self.endings.settled(seconds)

    def _accepted(self, link: Link) -> None:
        logging_in = len(self._tasks) - len(self._sessions) + self._acceptor.silent  # this one among them
        if logging_in > LOGINS or len(self._sessions) >= self._limits.sessions:
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
        except UpstreamAway as away:
            link.write(denial.refuse_session(away.sqlstate, f"No session can begin: {away.sentence}."))
        except UpstreamFailed as error:
            log.warning("session.upstream_failed", code=error.code, sentence=error.sentence)
            sqlstate = "57P01" if error.code == LOST_CODE else "08006"
            link.write(denial.refuse_session(sqlstate, f"The session ends: {error.sentence}."))
        except Idled as idled:
            link.write(denial.refuse_session(idled.sqlstate, idled.sentence))
        except TimeoutError:
            link.write(denial.refuse_session("57014", "The login took too long."))
        except (OSError, asyncio.CancelledError):  # a handshake that failed too: ssl.SSLError is an OSError
            link.write(denial.refuse_session("57P01", "The gateway ends this session."))
        except InterlockError as error:
            log.error("session.failed", code=error.code)
            link.write(denial.refuse_session("58000", f"The session ends: {error.sentence}."))
        except Exception as error:
            # Anything unforeseen ends this session and no other; its message may hold values, so it isn't told.
            log.error("session.broke", kind=type(error).__name__, at=place_of_mistake(error))
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
            self._demand_room(client.actor)
            self._per_actor[client.actor.id] += 1
        try:
            await self._session(link, client, definitions)
        finally:
            self._per_actor -= Counter([client.actor.id])  # drops what is down to zero

    def _demand_room(self, actor: Actor) -> None:
        if self._per_actor[actor.id] >= self._limits.sessions_per_actor:
            raise LoginRefused("53300", "This actor has as many sessions as one may have; close some.")

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

    async def _session(self, link: Link, client: LoggedIn, definitions: Definitions) -> None:
        """The session from its opening to its end. The server is asked for one when the client needs it, and at once
        only where nobody knows yet what a session is like."""
        name = definitions.connection.name
        asked = upstream_settings(client.settings, client.actor)
        up = Upstream(definitions.upstream, asked, self._entropy, self._slots_of(definitions, client.actor.id))
        link.on_lost = up.stop_opening  # until there is a session, which looks after that itself
        meeting = Meeting(up, link, client.settings, self._welcomes.setdefault(name, Welcomes()))
        try:
            async with asyncio.timeout(self._limits.login_seconds):
                await self._open(client, definitions)
                facts = await meeting.begin()
            preparing = Preparing(
                up=up,
                facts=facts,
                definitions=definitions,
                texts=self._texts.setdefault(name, Texts(self.taster)),
                actor=client.actor,
                entropy=self._entropy,
                pseudonyms=self._pseudonyms.of(name, client.actor) if self._pseudonyms is not None else None,
            )
            meeting.preparing = preparing
            session = PostgresSession(
                down=link,
                preparing=preparing,
                gate=self._gate,
                endings=self.endings,
                clock=self._clock,
                public_url=self._public_url,
            )
            session.idle = IdleLimits(client.settings)
            await self._serve(link, client, session, meeting, definitions.connection.unsafe_observe)
        finally:
            up.close()

    async def _serve(
        self, link: Link, client: LoggedIn, session: PostgresSession, meeting: Meeting, observing: bool
    ) -> None:
        pid, key = self._enter(session, client.key_size)
        try:
            session.known_as(pid, client.settings)
            link.write(_welcome(meeting.welcome(), pid, key, OBSERVING if observing else b""))
            client.frames.limit = MAX_MESSAGE
            await session.serve(client.frames)
        finally:
            del self._sessions[pid]

    def _slots_of(self, definitions: Definitions, actor: ActorId) -> Share:
        name, most = definitions.connection.name, definitions.most_sessions
        if name not in self._slots:
            self._slots[name] = Slots(most)
        if (name, actor) not in self._shares:
            self._shares[name, actor] = Share(self._slots[name], most)
        return self._shares[name, actor]

    def _enter(self, session: PostgresSession, key_size: int) -> tuple[int, bytes]:
        key = self._entropy.token(key_size)
        while (pid := int.from_bytes(self._entropy.token(4)) & 0x7FFFFFFF) in self._sessions:
            continue
        self._sessions[pid] = (key, session)
        return pid, key

    def _cancel(self, request: CancelRequest) -> None:
        key, session = self._sessions.get(request.pid, (bytes(len(request.key)), None))
        if hmac.compare_digest(key, request.key) and session is not None:
            session.cancel()


def _welcome(parameters: bytes, pid: int, key: bytes, warning: bytes) -> bytes:
    return (
        answers.write_authentication_ok()
        + parameters
        + answers.write_backend_key_data(pid, key)
        + warning
        + answers.write_ready_for_query(b"I")
    )

"""A whole gateway between two recorders, in front of a real PostgreSQL, on a disk that can be held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
from testkit.postgres_messages import Message, answers, asked, cut
from testkit.recording_link import CHUNK, Bend, RecordingLink, Tape, Way
from tests.a_gateway import POLICY, Gateway, gateway
from tests.postgres_fixture import Database
from tests.promises.a_disk import PATIENCE, Disk

from interlock.doors.postgres import facts
from interlock.model.settings import Limits, UpstreamPostgres

UP, DOWN = "up", "down"
RUNS = (b"Q", b"B", b"E", b"F", b"d")  # what makes a server do something; Parse and Describe only prepare

CALLS = """
@id("agents-call")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"execute", resource);
"""
ANYTHING = """
@id("agents-may-do-anything") permit (principal in Interlock::Group::"ai-agents", action, resource);
"""


@dataclass(frozen=True)
class ThroughLink(Database):
    """The same database, reached through a link."""

    port: int

    @property
    def upstream(self) -> UpstreamPostgres:
        """As a gateway's settings would have it, with the link's port."""
        return UpstreamPostgres(self.server.host, self.port, self.name, self.user, self.password)


@dataclass
class Stage:
    """Everything that a promise can be broken on."""

    gateway: Gateway
    database: Database
    tape: Tape
    up: RecordingLink
    down: RecordingLink
    disk: Disk

    def conninfo(self, user: str = "etl") -> str:
        """A libpq connection string through the downstream recorder."""
        return self.gateway.conninfo(user=user).replace(f"port={self.gateway.door.port}", f"port={self.down.port}")

    async def connect(self, user: str = "etl") -> psycopg.AsyncConnection[Any]:
        """psycopg, autocommit, recorded."""
        return await psycopg.AsyncConnection.connect(self.conninfo(user), autocommit=True)

    async def asyncpg(self) -> Any:
        """asyncpg, recorded."""
        key = self.gateway.agent_key.reveal()
        where = {"host": "127.0.0.1", "port": self.down.port, "database": "clinic"}
        return await asyncpg.connect(**where, user="etl", password=key, ssl=False)  # type: ignore[no-untyped-call]

    def now(self, what: str = "now") -> int:
        """A place in the order of everything recorded."""
        return self.tape.note(what)

    def asked_upstream(self, since: int) -> list[Message]:
        """What the gateway asked of the server for its clients, behind a place in the order.

        Connections that read definitions are left out: the server itself holds them to reading.
        """
        chunks = list(self.tape.since(-1, UP, Way.ASKED))
        looking = {chunk.connection for chunk in chunks if b"default_transaction_read_only=on" in chunk.data}
        everything = asked(chunk for chunk in chunks if chunk.connection not in looking)
        return [message for message in everything if message.at > since]

    def run_upstream(self, since: int) -> list[Message]:
        """Of these, what makes the server do something; the gateway's own question about its session left out."""
        return [m for m in self.asked_upstream(since) if m.type in RUNS and m.body != facts.QUERY + b"\0"]

    def told_downstream(self, since: int) -> list[Message]:
        """What clients were told; `since` must lie between two messages."""
        return answers(b"".join(chunk.data for chunk in self.tape.since(since, DOWN, Way.ANSWERED)))

    async def until_answered_upstream(self, since: int, type_: bytes) -> None:
        """Returns once the server has sent a whole message of this type behind a place in the order."""
        async with asyncio.timeout(PATIENCE):
            while not any(m.type == type_ for m in self._answered_upstream(since)):
                await asyncio.sleep(0.01)

    def _answered_upstream(self, since: int) -> list[Message]:
        streams: dict[int, bytes] = {}
        for chunk in self.tape.since(since, UP, Way.ANSWERED):
            streams[chunk.connection] = streams.get(chunk.connection, b"") + chunk.data
        return [message for stream in streams.values() for message in cut(stream)[0]]


@asynccontextmanager
async def stage(
    directory: Path,
    database: Database,
    catalog: str,
    *,
    policy: str = POLICY,
    bend: Callable[[], Bend] | None = None,
    grain: int = CHUNK,
    limits: Limits | None = None,
) -> AsyncIterator[Stage]:
    """Starts it all. `bend` and `grain` are the upstream link's: what the server says may be bent or cut small."""
    tape = Tape()
    disk = Disk(tape)
    server = database.server
    async with RecordingLink(UP, server.host, server.port, tape, bend=bend, grain=grain) as up:
        through = ThroughLink(server, database.name, database.user, database.password, up.port)
        async with gateway(directory, through, catalog, policy=policy, limits=limits, connect=disk.connect) as running:
            try:
                async with RecordingLink(DOWN, "127.0.0.1", running.door.port, tape) as down:
                    yield Stage(running, database, tape, up, down, disk)
            finally:
                disk.release()

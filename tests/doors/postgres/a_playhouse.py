"""Where playbooks are played: a gateway in front of a link whose answers can be cut small, or PostgreSQL itself."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.pq.abc import PGconn
from testkit.postgres_messages import Message
from testkit.recording_link import CHUNK, RecordingLink, Tape
from tests import an_office
from tests.a_gateway import Gateway, gateway
from tests.doors.postgres.a_playbook import Wire
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient
from tests.promises.a_stage import ThroughLink

from interlock.doors.postgres import holding
from interlock.doors.relay import Link
from interlock.model.review import ReviewState, Verdict
from interlock.model.settings import Limits
from interlock.stores.bell import LocalBell
from interlock.wire.postgres import frontend
from interlock.workers.deferred import DeferredWork

CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""
POLICY = """
@id("all")
permit (principal in Interlock::Group::"ai-agents", action, resource);
@id("people-are-signed") @review("officers:1") @because("People are signed for.")
forbid (principal, action, resource)
when { action in Interlock::Action::"export" && context.labels.contains("phi") };
@id("rows-of-people-are-signed") @review("officers:1") @because("Rows of people are signed for.")
forbid (principal, action == Interlock::Action::"sql.copy_in", resource) when { context.writes.contains("phi") };
@id("no-drops") @because("Nothing is dropped here.")
forbid (principal, action == Interlock::Action::"sql.drop", resource);
"""
TABLES = (
    "CREATE TABLE things (id int PRIMARY KEY, name text, price numeric(6, 2))",
    "INSERT INTO things VALUES (1, 'pen', 1.50), (2, NULL, 20), (3, 'ink, blue', NULL)",
    "CREATE TABLE people (id int, ssn text); INSERT INTO people VALUES (1, '900-11-2221'), (2, NULL)",
    "CREATE TABLE log (id int)",
    "CREATE FUNCTION noticed() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'so it is'; RETURN 1; END $$",
    "GRANT ALL ON things, people, log TO PUBLIC",
)
HELD_SECONDS = 0.05  # in place of the five that a hold in a transaction lasts


class Arrivals:
    """How many bytes of each client the door has taken, by the client's port."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._taken: Counter[int] = Counter()
        original = Link.data_received

        def counting(link: Link, data: bytes) -> None:
            assert link._transport is not None
            self._taken[link._transport.get_extra_info("peername")[1]] += len(data)
            original(link, data)

        patch.setattr(Link, "data_received", counting)

    async def __call__(self, port: int, sent: int) -> None:
        """Returns once the door has taken `sent` bytes of this client and has had its turn with them."""
        async with asyncio.timeout(10):
            while self._taken[port] < sent:
                await asyncio.sleep(0)
        for _ in range(3):
            await asyncio.sleep(0)

    def forget(self, port: int) -> None:
        """The port's next connection is another one."""
        del self._taken[port]


@dataclass
class House:
    """A gateway for playbooks."""

    gate: Gateway
    database: Database
    link: RecordingLink
    arrivals: Arrivals

    @asynccontextmanager
    async def visitor(self) -> AsyncIterator[Wire]:
        """A client that hasn't said anything yet."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.gate.door.port)
        self.arrivals.forget(writer.get_extra_info("sockname")[1])
        async with Wire(reader, writer, self.arrivals, Backstage(self.database, self.gate, [])) as wire:
            yield wire

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Wire]:
        """A logged-in client."""
        client = await RawClient.open(self.gate.door.port)
        stage = Backstage(self.database, self.gate, await client.login(self.gate.agent_key))
        self.arrivals.forget(client.writer.get_extra_info("sockname")[1])
        async with Wire(client.reader, client.writer, self.arrivals, stage) as stage.wire:
            yield stage.wire

    async def tidy(self) -> None:
        """No review stays open that the next playbook's request could join."""
        for review in await self.gate.office.desk.reviews(frozenset({ReviewState.PENDING}), 50):
            await self.gate.office.vote(review, "dana", Verdict.DENY)


@dataclass
class Backstage:
    """What happens beside one client of the gateway."""

    database: Database
    gate: Gateway
    welcome: list[Message]
    wire: Wire = field(init=False)

    async def sign(self) -> None:
        await self.gate.sign()

    async def deny(self) -> None:
        await self.gate.sign(verdict=Verdict.DENY)

    async def cancel(self) -> None:
        (key,) = [message.body for message in self.welcome if message.type == b"K"]
        client = await RawClient.open(self.gate.door.port)
        client.writer.write(frontend.write_cancel(int.from_bytes(key[:4]), key[4:]))
        await client.ended()
        client.close()

    async def cancel_until_heard(self) -> None:
        while not await self.wire.more(0.02):
            await self.cancel()

    def elsewhere(self, text: str) -> None:
        self.database.execute(text)

    def password(self) -> bytes:
        return self.gate.agent_key.reveal().encode()

    async def last_review(self) -> str:
        async with asyncio.timeout(10):
            while True:
                if not await self.gate.office.desk.reviews(frozenset(UNDER_WAY), 1):
                    found = await self.gate.office.desk.reviews(frozenset({ReviewState.SUCCEEDED}), 1)
                    return found[0].id
                await asyncio.sleep(0.01)


UNDER_WAY = (ReviewState.PENDING, ReviewState.APPROVED, ReviewState.RELEASED)


@asynccontextmanager
async def house(directory: Path, database: Database, patch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """Opens one in front of `database`, which gets its tables."""
    database.execute(*TABLES)
    patch.setattr(holding, "IN_TRANSACTION_SECONDS", HELD_SECONDS)
    patch.setattr(an_office, "Limits", partial(Limits, denied_per_hour=10_000))
    server, stop = database.server, asyncio.Event()
    async with AsyncExitStack() as stack:
        link = await stack.enter_async_context(RecordingLink("up", server.host, server.port, Tape(), grain=CHUNK))
        through = ThroughLink(server, database.name, database.user, database.password, link.port)
        gate = await stack.enter_async_context(gateway(directory, database, CATALOG, policy=POLICY))
        gate.definitions.upstream = through.upstream  # for sessions: a whole catalog, byte by byte, takes too long
        bell = gate.office.desk.bell
        assert isinstance(bell, LocalBell)
        worker = asyncio.ensure_future(DeferredWork(gate.office.desk, [gate.door.runner()]).run(bell.listen, stop))
        try:
            yield House(gate, database, link, Arrivals(patch))
        finally:
            stop.set()
            await worker


# -- PostgreSQL itself ------------------------------------------------------------------------------------------------


@dataclass
class Outside:
    """What happens beside a client of the server itself: nobody signs anything there."""

    database: Database
    connection: PGconn | None
    wire: Wire = field(init=False)

    async def sign(self) -> None: ...

    async def deny(self) -> None: ...

    async def cancel(self) -> None:
        assert self.connection is not None, "log in first"
        await asyncio.to_thread(self.connection.get_cancel().cancel)

    async def cancel_until_heard(self) -> None:
        while not await self.wire.more(0.02):
            await self.cancel()

    def elsewhere(self, text: str) -> None:
        self.database.execute(text)

    def password(self) -> bytes:
        raise NotImplementedError

    async def last_review(self) -> str:
        raise NotImplementedError


async def _nobody_counts(port: int, sent: int) -> None:
    """The server doesn't tell what it has taken."""


@asynccontextmanager
async def directly(database: Database) -> AsyncIterator[Wire]:
    """A client of the server itself: libpq logs in, then we speak on its socket."""
    up = database.upstream
    where = make_conninfo(
        host=up.host, port=up.port, dbname=up.database, user=up.user, password=up.password.reveal(), sslmode="disable"
    )
    connection = psycopg.pq.PGconn.connect(where.encode())
    assert connection.status == psycopg.pq.ConnStatus.OK
    sock = socket.socket(fileno=socket.dup(connection.socket))
    sock.setblocking(False)
    stage = Outside(database, connection)
    try:
        async with Wire(*await asyncio.open_connection(sock=sock), _nobody_counts, stage) as stage.wire:
            yield stage.wire
    finally:
        connection.finish()


@asynccontextmanager
async def at_the_door(database: Database) -> AsyncIterator[Wire]:
    """A client of the server itself that hasn't said anything yet."""
    up = database.upstream
    stage = Outside(database, None)
    async with Wire(*await asyncio.open_connection(up.host, up.port), _nobody_counts, stage) as wire:
        yield wire

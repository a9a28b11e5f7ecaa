"""A whole gateway whose links to the server and to its clients can be broken, and the truth beside it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from testkit.breakable_link import BreakableLink
from testkit.postgres_messages import Message
from tests.a_gateway import POLICY, Gateway, gateway
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient, fields
from tests.promises.a_stage import ThroughLink

from interlock.doors.postgres.parking import Slots
from interlock.model.names import ActorId
from interlock.wire.postgres import frontend
from interlock.wire.postgres.startup import CANCEL_CODE

SECONDS = 20
CANARY = "900-11-2222"
CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""
TABLES = (
    f"CREATE TABLE people (id int, ssn text); INSERT INTO people SELECT n, '{CANARY}' FROM generate_series(1, 10) n",
    "CREATE TABLE plain (id int, word text)",
    "INSERT INTO plain SELECT n, 'begin' || repeat('-', 100) || 'MIDDLE' || n FROM generate_series(1, 10) n",
    "CREATE TABLE log (id int)",
    "GRANT ALL ON people, plain, log TO PUBLIC",
)
OPEN = (
    POLICY.replace(
        '@id("exports-are-signed") @review("officers:1") @because("Exports are signed for.")\n'
        'forbid (principal, action in Interlock::Action::"export", resource);\n',
        "",
    )
    .replace(
        '@id("unbounded-writes-are-signed")',
        '@id("imports") permit (principal, action == Interlock::Action::"sql.copy_in", resource);\n'
        '@id("unbounded-writes-are-signed")',
    )
    .replace(
        "when { context.unbounded }",
        'when { context.unbounded && action != Interlock::Action::"sql.copy_in" }',
    )
)
"""What is asked runs at once, exports and imports too; a DELETE or UPDATE without a limit is signed for."""


MUCH = "SELECT a.word, b.word FROM plain a, plain b, plain c, plain d, plain e, plain f"
"""A million rows, 240 MB."""


@dataclass
class BrokenDoor:
    """`up`: between the gateway and the server; `down`: between clients and the door."""

    gate: Gateway
    database: Database
    up: BreakableLink
    down: BreakableLink
    clients: list[RawClient] = field(default_factory=list)
    keys: dict[RawClient, bytes] = field(default_factory=dict)

    async def client(self, user: str = "etl", **more: str) -> RawClient:
        """A logged-in client, behind the downstream link."""
        client = await RawClient.open(self.down.port)
        self.clients.append(client)
        key = {"etl": self.gate.agent_key, "other": self.gate.other_key}[user]
        welcome = await client.login(key, user, **more)
        assert welcome[-1].type == b"Z"
        (self.keys[client],) = [m.body for m in welcome if m.type == b"K"]
        return client

    async def cancel(self, client: RawClient) -> None:
        """A cancel request for it, by a link that isn't broken; returns once it was taken."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.gate.door.port)
        body = CANCEL_CODE.to_bytes(4, "big") + self.keys[client]
        writer.write((len(body) + 4).to_bytes(4, "big") + body)
        async with asyncio.timeout(SECONDS):
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    def slots(self) -> Slots:
        """The connection's slots."""
        self.gate.door._slots_of(self.gate.definitions, ActorId("etl"))  # made when they are first needed
        return self.gate.door._slots[self.gate.definitions.connection.name]

    def lying(self) -> int:
        """Bytes that lie in the gateway, on their way either way."""
        links = [link for _, each in self.gate.door._sessions.values() for link in (each.down, each.up.link)]
        queued = [link._transport.get_write_buffer_size() for link in links if link._transport is not None]
        return sum(queued) + sum(link.pending for link in links)

    def truth(self, text: str = "SELECT count(*) FROM log") -> Any:
        """What the server itself says, asked directly."""
        with self.database.admin() as admin:
            row = admin.execute(text.encode()).fetchone()
        assert row is not None
        return row[0]

    def sessions(self) -> int:
        """Sessions that the gateway's login has on the server."""
        return int(self.truth(f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{self.database.user}'"))

    async def sessions_are(self, wanted: int) -> None:
        """Returns once there are so many."""
        await until(lambda: self.sessions() == wanted)

    async def settles(self, *wanted: str) -> None:
        """Every action that was released has exactly one ending, and these are they."""
        async with asyncio.timeout(SECONDS):
            while len(found := await self.ended()) < len(wanted):
                await asyncio.sleep(0.01)
            await self.gate.door.endings.settled(SECONDS)
        found = await self.ended()
        assert [outcome for _, outcome in found] == list(wanted)
        assert set(Counter(act for act, _ in found).values()) <= {1}

    async def ended(self) -> list[tuple[str, str]]:
        """(action, outcome) of what has ended, sessions left out, in order."""
        entries = [json.loads(body.split(b"\n")[0]) for body in await self.gate.bodies()]
        acts = {e["act"] for e in entries if e["type"] == "action.released" and e["d"]["verbs"] != ["session.open"]}
        return [(e["act"], e["d"]["outcome"]) for e in entries if e["type"] == "action.ended" and e["act"] in acts]

    async def released(self) -> int:
        """How many actions were released, sessions left out."""
        entries = [json.loads(body.split(b"\n")[0]) for body in await self.gate.bodies()]
        return sum(e["type"] == "action.released" and e["d"]["verbs"] != ["session.open"] for e in entries)

    async def works(self) -> None:
        """A new session does what it is asked."""
        client = await self.client()
        told = await asked(client, "SELECT ssn FROM people WHERE id = 1")
        assert [m.type for m in told] == [b"T", b"D", b"C", b"Z"]
        assert b"[phi.ssn]" in told[1].body
        client.close()


@asynccontextmanager
async def broken_door(
    directory: Path, database: Database, *, policy: str = OPEN, most_sessions: int = 80
) -> AsyncIterator[BrokenDoor]:
    """Everything up and running; nothing is broken yet."""
    database.execute(*TABLES)
    async with BreakableLink(database.server.host, database.server.port) as up:
        through = ThroughLink(database.server, database.name, database.user, database.password, up.port)
        async with gateway(directory, through, CATALOG, policy=policy) as gate:
            gate.definitions.most_sessions = most_sessions
            async with BreakableLink("127.0.0.1", gate.door.port) as down:
                door = BrokenDoor(gate, replace(database), up, down)
                try:
                    yield door
                finally:
                    for client in door.clients:
                        client.close()
                        with suppress(OSError):
                            await client.writer.wait_closed()


async def until(holds: Callable[[], bool]) -> None:
    """Returns once it does."""
    async with asyncio.timeout(SECONDS):
        while not holds():
            await asyncio.sleep(0.01)


def query(client: RawClient, text: str) -> None:
    """Sends it as a Query."""
    client.send((b"Q", text.encode() + b"\0"))


async def asked(client: RawClient, text: str) -> list[Message]:
    """What a Query is answered."""
    query(client, text)
    return await to_ready(client)


async def to_ready(client: RawClient) -> list[Message]:
    """The answers up to ReadyForQuery or the end, none of which has a labelled value or half a message."""
    return whole(client, await client.until_ready())


async def to_end(client: RawClient) -> list[Message]:
    """The answers up to the end of the connection, none of which has a labelled value."""
    found: list[Message] = []
    async with asyncio.timeout(SECONDS):
        while more := await client.until_ready():
            found += more
    return whole(client, found)


def whole(client: RawClient, told: list[Message]) -> list[Message]:
    """The messages, once it is sure that none has a labelled value, and that what was cut off isn't one of rows."""
    for message in told:
        assert CANARY.encode() not in message.body
    assert CANARY.encode() not in client._rest
    return told


def said(told: list[Message]) -> list[str]:
    """The SQLSTATEs of the errors, FATAL ones with an exclamation mark."""
    errors = [fields(message) for message in told if message.type == b"E"]
    return [f["C"] + "!" * (f["S"] == "FATAL") for f in errors]


def parsed(text: str, name: bytes = b"") -> bytes:
    """Parse."""
    return frontend.write_parse(name, text.encode())


def executed(name: bytes = b"", portal: bytes = b"", rows: int = 0) -> bytes:
    """Bind and Execute."""
    return frontend.write_bind(frontend.Bind(portal, name)) + frontend.write_execute(portal, rows)

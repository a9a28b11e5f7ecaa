"""Interlock's own server before a real PostgreSQL door, with the gateway's deferred runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.a_gateway import POLICY, URL, Gateway, gateway
from tests.an_office import CONNECTION
from tests.postgres_fixture import Database
from tests.stores.a_store import ENTROPY

from interlock.doors.mcp.own.server import OwnServer
from interlock.doors.mcp.seams import Asker, Object
from interlock.model.peer import Peer
from interlock.model.secret import Secret
from interlock.stores.bell import LocalBell
from interlock.workers.deferred import DeferredWork

CANARY = "900-11-2222"
CATALOG = """
[[column]]
match = "public.people.ssn"
labels = ["phi.ssn"]
"""
PEER = Peer("127.0.0.1")


@dataclass
class Server:
    """The server, and what came of calls: every byte that went downstream is in `told`."""

    gate: Gateway
    own: OwnServer
    told: list[Object] = field(default_factory=list)
    progress: list[str] = field(default_factory=list)

    def asker(self, name: str = "etl") -> Asker:
        """An agent, as admitted."""
        key: Secret[str] = {"etl": self.gate.agent_key, "other": self.gate.other_key}[name]
        return Asker(self.gate.office.registry.authenticate(key), key, PEER)

    async def call(self, name: str, arguments: Any = None, *, by: str = "etl") -> Object:
        """One call's result."""

        async def progress(_: float, __: float | None, message: str | None) -> None:
            self.progress.append(message or "")

        result = await self.own.call(self.asker(by), None, name, arguments, progress=progress)
        self.told.append(result)
        return result

    async def sql(self, text: str, *, by: str = "etl", **more: Any) -> Object:
        """One call of run_sql."""
        return await self.call("run_sql", {"connection": "clinic", "sql": text, **more}, by=by)


def rows(result: Object, number: int = 0) -> list[list[Any]]:
    """The rows of one statement of a call that succeeded."""
    assert not result["isError"], result
    found: list[list[Any]] = result["structuredContent"]["results"][number]["rows"]
    return found


def status(result: Object) -> Mapping[str, Any]:
    """What the machine's part tells of a call that didn't simply run."""
    told: Mapping[str, Any] = result["structuredContent"]["interlock"]
    return told


@asynccontextmanager
async def server(
    directory: Path, database: Database, *, policy: str = POLICY, hold: float = 20.0, longest: float = 60.0
) -> AsyncIterator[Server]:
    """Starts it, with a worker of deferred runs."""
    async with gateway(directory, database, CATALOG, policy=policy) as running:
        office = running.office
        own = OwnServer(
            {CONNECTION.name: CONNECTION},
            running.door.dial,
            office.gate,
            office.clock,
            ENTROPY,
            URL,
            hold=hold,
            longest=longest,
        )
        stop, bell = asyncio.Event(), office.desk.bell
        assert isinstance(bell, LocalBell)
        work = asyncio.ensure_future(DeferredWork(office.desk, [running.door.runner()]).run(bell.listen, stop))
        try:
            yield Server(running, own)
        finally:
            await own.stop(5)
            stop.set()
            await work

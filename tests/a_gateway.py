"""A whole gateway in the test's own process and loop: real store, real PostgreSQL, the real door on a free port."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
from tests.an_office import CONNECTION, Office, office
from tests.postgres_fixture import Database
from tests.stores.a_store import ENTROPY, HandClock

from interlock.doors.postgres.definitions import Definitions
from interlock.doors.postgres.door import PostgresDoor
from interlock.doors.postgres.tasting import Taster
from interlock.masking.pseudonyms import Pseudonyms
from interlock.model.names import ConnectionName, PersonId
from interlock.model.review import Review, ReviewState, Verdict
from interlock.model.secret import Secret
from interlock.model.settings import Limits, Listen
from interlock.registry.derived import DerivedLabels
from interlock.sensitivity.catalog import parse_catalog
from interlock.stores.clock import SystemClock
from interlock.stores.connections import open_writer
from interlock.upstreams.estimate import Estimates
from interlock.upstreams.postgres import load_snapshot
from interlock.upstreams.temporary import TemporaryRelations

URL = "http://control.test"

POLICY = """
@id("agents-read")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"read", resource);
@id("agents-open")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"session", resource);
@id("agents-write")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"write", resource);
@id("agents-export")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"export", resource);
@id("agents-schema")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"schema", resource);
@id("exports-are-signed") @review("officers:1") @because("Exports are signed for.")
forbid (principal, action in Interlock::Action::"export", resource);
@id("unbounded-writes-are-signed") @review("officers:1") @because("Writes without a limit are signed for.")
forbid (principal, action in Interlock::Action::"write", resource) when { context.unbounded };
@id("no-drops") @because("Nothing is dropped here.")
forbid (principal, action == Interlock::Action::"sql.drop", resource);
"""


@dataclass
class Gateway:
    """The running gateway and how to reach it."""

    office: Office
    door: PostgresDoor
    definitions: Definitions
    agent_key: Secret[str]
    other_key: Secret[str]

    def conninfo(self, *, user: str = "etl", **more: object) -> str:
        """A libpq connection string for an agent."""
        key = {"etl": self.agent_key, "other": self.other_key}[user].reveal()
        extra = " ".join(f"{name}='{value}'" for name, value in more.items())
        return f"host=127.0.0.1 port={self.door.port} dbname=clinic user={user} password={key} sslmode=disable {extra}"

    async def connect(self, **more: Any) -> psycopg.AsyncConnection[Any]:
        """psycopg, autocommit."""
        return await psycopg.AsyncConnection.connect(self.conninfo(**more), autocommit=True)

    async def asyncpg(self) -> Any:
        """asyncpg, which speaks the extended protocol in binary."""
        return await asyncpg.connect(  # type: ignore[no-untyped-call]
            host="127.0.0.1",
            port=self.door.port,
            user="etl",
            password=self.agent_key.reveal(),
            database="clinic",
            ssl=False,
        )

    async def pending(self, count: int = 1) -> list[Review]:
        """The pending reviews, once there are so many."""
        async with asyncio.timeout(10):
            while True:
                found = await self.office.desk.reviews(frozenset({ReviewState.PENDING}), 50)
                if len(found) >= count:
                    return list(found)
                await asyncio.sleep(0.01)

    async def sign(self, name: str = "dana", verdict: Verdict = Verdict.APPROVE) -> Review:
        """Votes on the one pending review."""
        (review,) = await self.pending()
        return await self.office.vote(review, name, verdict)

    async def bodies(self) -> list[bytes]:
        """Every entry of the ledger."""
        return list(await self.office.store.entries(0, 100_000))


@asynccontextmanager
async def gateway(
    directory: Path,
    database: Database,
    catalog: str,
    *,
    policy: str = POLICY,
    limits: Limits | None = None,
    connect: Callable[[Path], sqlite3.Connection] = open_writer,
    estimates: bool = False,
    tasting: bool = False,
) -> AsyncIterator[Gateway]:
    """Starts it in front of `database`, labelled by `catalog`; `estimates`: the server is asked for sizes; `tasting`:
    with children that parse new texts first, which take a quarter of a second to start.
    """
    async with office(directory, policy=policy, clock=LiveClock(), connect=connect) as o:
        if estimates:
            o.gate = replace(o.gate, estimator=Estimates({CONNECTION.name: database.upstream}))
        snapshot = await load_snapshot(database.upstream)
        parsed = parse_catalog(catalog, "catalog.toml")

        async def refresh() -> None:
            definitions.replace(await load_snapshot(database.upstream))

        derived, own = DerivedLabels(o.registry), TemporaryRelations()
        definitions = Definitions(CONNECTION, database.upstream, parsed, snapshot, derived, refresh, temporary=own)
        door = PostgresDoor(
            listen=Listen("127.0.0.1", 0),
            connections={ConnectionName("clinic"): definitions},
            gate=o.gate,
            registry=o.registry,
            clock=o.clock,
            entropy=ENTROPY,
            public_url=URL,
            limits=limits or Limits(),
            pseudonyms=Pseudonyms(Secret(b"S" * 32)),
            taster=None if tasting else NoChildren(b"K" * 32),
        )
        await door.start()
        try:
            _, key = await o.registry.issue_key("etl", PersonId("olivia"), None)
            _, other = await o.registry.issue_key("other", PersonId("olivia"), None)
            yield Gateway(o, door, definitions, key, other)
        finally:
            await door.stop(5)


class NoChildren(Taster):
    """Takes every text for tasted. Tests of tasting, and those of the whole program, have children."""

    def warm(self) -> None:
        """Nothing to start."""

    async def taste(self, text: bytes) -> None:
        """Every text survives."""

    def may_parse(self, text: bytes) -> bool:
        """Every text may."""
        return True


class LiveClock(HandClock):
    """The system's time, with what was added by hand."""

    def __init__(self) -> None:
        self._system = SystemClock()
        super().__init__(self._system.now())
        self._begun = self.at

    def now(self) -> Any:
        """Now."""
        return self._system.now() + (self.at - self._begun)

"""`interlock serve` in a child process, as an operator runs it; to be killed and restarted."""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from tests.postgres_fixture import Database
from tests.promises.a_disk import PATIENCE
from tests.promises.canaries import CATALOG

from interlock.demo import ownership
from interlock.demo.embedded_postgres import free_port
from interlock.demo.gateway_process import gateway
from interlock.model.secret import Secret
from interlock.stores.entropy import SystemEntropy
from interlock.stores.keys import create_keys

ORIGIN, NODE = "interlock.test/promises/1", "n1"

SETTINGS = """
[log]
origin = "{origin}"
node = "{node}"
node_key = "{node_key}"
[paths]
data = "data"
keys = "keys"
[listen.control]
host = "127.0.0.1"
port = {control}
[listen.agents]
host = "127.0.0.1"
port = {agents}
[listen.postgres]
host = "127.0.0.1"
port = {postgres}
[control]
url = "http://127.0.0.1:{control}"
[people.dana]
name = "Dana"
groups = ["officers"]
[people.remy]
name = "Remy"
groups = ["officers"]
[people.olivia]
name = "Olivia"
groups = ["officers"]
[agents.etl]
owner = "olivia"
groups = ["ai-agents"]
[connections.clinic]
kind = "postgres"
host = "127.0.0.1"
port = {upstream}
database = "{database}"
user = "{user}"
password = "file:upstream-password"
tls = "disable"
environment = "production"
tags = ["hipaa"]
catalog = "catalog.toml"
[policy]
packs = []
files = ["policy.cedar"]
[votes]
unsafe_token_votes = {token_votes}
"""


@dataclass
class Served:
    """One installation, and its gateway while it runs. Keys live through restarts."""

    directory: Path
    database: Database
    ports: dict[str, int]
    keys: dict[str, Secret[str]] = field(default_factory=dict)
    child: Any = None
    _running: ExitStack | None = None

    @property
    def url(self) -> str:
        """The control port."""
        return f"http://127.0.0.1:{self.ports['control']}"

    @property
    def store(self) -> Path:
        """The store's file."""
        return self.directory / "data" / "interlock.db"

    @property
    def log(self) -> Path:
        """What the child wrote to stdout and stderr, this start and all before."""
        return self.directory / "all.log"

    async def start(self) -> None:
        """Starts it and waits until it is ready; raises `UpstreamFailed` with its last words when it isn't."""
        self._running = ExitStack()
        running = gateway(self.directory / "interlock.toml", self.url, self.directory / "gateway.log")
        self.child = await asyncio.to_thread(self._running.enter_context, running)

    async def kill(self) -> None:
        """SIGKILL."""
        self.child.kill()
        await self.stop()

    async def stop(self) -> None:
        """Ends it, whatever state it is in."""
        if self._running is not None:
            await asyncio.to_thread(self._running.close)
            self._running = None
            with self.log.open("ab") as kept:
                kept.write((self.directory / "gateway.log").read_bytes())

    async def key(self, holder: str, made_by: str) -> Secret[str]:
        """A key of the operator's making, kept. An agent's owner accepts it in the console first."""
        if holder not in self.keys:
            token = (self.directory / "keys" / "operator.token").read_text().strip()
            if holder == "etl":
                link = await self.call("POST", "/api/operator/sign-in-links", token, {"person": "olivia"})
                await asyncio.to_thread(ownership.accept, self.url, link.json()["url"], holder)
            made = await self.call("POST", "/api/operator/keys", token, {"holder": holder, "made_by": made_by})
            self.keys[holder] = Secret(made.json()["token"])
        return self.keys[holder]

    async def call(self, method: str, path: str, token: str, body: object = None) -> httpx.Response:
        """One call of the API with a bearer token."""
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=PATIENCE) as client:
            return await client.request(method, path, json=body, headers={"Authorization": f"Bearer {token}"})

    async def connect(self) -> psycopg.AsyncConnection[Any]:
        """The agent, autocommit."""
        key = (await self.key("etl", "olivia")).reveal()
        line = f"host=127.0.0.1 port={self.ports['postgres']} dbname=clinic user=etl sslmode=disable password={key}"
        return await psycopg.AsyncConnection.connect(line, autocommit=True)

    async def reviews(self, state: str) -> list[dict[str, Any]]:
        """Reviews in a state, as Dana sees them."""
        dana = (await self.key("dana", "dana")).reveal()
        answer = await self.call("GET", f"/api/reviews?state={state}", dana)
        return [listed["review"] for listed in answer.json()["reviews"]]

    async def pending(self) -> dict[str, Any]:
        """The one pending review, once there is one."""
        async with asyncio.timeout(PATIENCE):
            while not (found := await self.reviews("pending")):
                await asyncio.sleep(0.05)
        (review,) = found
        return review

    async def vote(self, review: dict[str, Any], verdict: str = "approve", who: str = "dana") -> httpx.Response:
        """A vote by key, with the digests of the review."""
        body = {"verdict": verdict, "action_digest": review["action_digest"], "card_digest": review["card_digest"]}
        return await self.call("POST", f"/api/reviews/{review['id']}/votes", (await self.key(who, who)).reveal(), body)

    def entries(self) -> list[dict[str, Any]]:
        """The ledger's entries as they lie in the store."""
        with closing(sqlite3.connect(f"{self.store.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT body FROM il_entry ORDER BY idx").fetchall()
        return [json.loads(body.split(b"\n")[0]) for (body,) in rows]


@asynccontextmanager
async def served(
    directory: Path, database: Database, policy: str, *, token_votes: bool = True, upstream: int = 0
) -> AsyncIterator[Served]:
    """An installation in `directory` with its gateway running; whatever runs at the end is ended."""
    ports = {name: free_port() for name in ("control", "agents", "postgres")}
    made = create_keys(directory / "keys", ORIGIN, NODE, SystemEntropy())
    _secret(directory / "keys" / "operator.token", secrets.token_urlsafe(32))
    _secret(directory / "upstream-password", database.password.reveal())
    (directory / "catalog.toml").write_text(CATALOG)
    (directory / "policy.cedar").write_text(policy)
    text = SETTINGS.format(
        origin=ORIGIN,
        node=NODE,
        node_key=made["node"],
        upstream=upstream or database.server.port,
        database=database.name,
        user=database.user,
        token_votes=str(token_votes).lower(),
        **ports,
    )
    (directory / "interlock.toml").write_text(text)
    running = Served(directory, database, ports)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(running.stop)
        await running.start()
        yield running


def _secret(path: Path, text: str) -> None:
    path.touch(0o600)
    path.write_text(text)


async def until_waiting(database: Database) -> int:
    """The backend that waits for a lock of another's, once there is one."""
    query = b"SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with asyncio.timeout(PATIENCE):
        while True:
            with database.admin() as admin:
                row = admin.execute(query).fetchone()
            if row is not None:
                assert isinstance(row[0], int)
                return row[0]
            await asyncio.sleep(0.05)


assert sys.platform != "win32", "signals are part of these tests"

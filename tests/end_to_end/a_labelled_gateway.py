"""`interlock serve` as a child process in front of a test's own database; its agent, its people, and its commands."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
from tests.postgres_fixture import Database

from interlock.demo import installation
from interlock.demo.access import AGENT, OWNER
from interlock.demo.embedded_postgres import free_port
from interlock.demo.gateway_process import gateway
from interlock.demo.installation import Installation, install
from interlock.model.secret import Secret

SECONDS = 30.0

_SETTINGS = """
[log]
origin = "{origin}"
node = "{node}"
node_key = "{node_key}"
[listen.control]
port = {control}
[listen.agents]
port = {agents}
[listen.postgres]
port = {postgres}
[control]
url = "http://127.0.0.1:{control}"
[people.dana]
groups = ["privacy-officers"]
[people.remy]
groups = ["platform-engineers"]
[people.olivia]
groups = ["privacy-officers"]
[agents.{agent}]
owner = "olivia"
groups = ["ai-agents"]
[connections.clinic]
kind = "postgres"
host = "127.0.0.1"
port = {upstream_port}
database = "{database}"
user = "{user}"
password = "file:secrets/upstream"
tls = "disable"
catalog = "catalog.toml"
{connection}
[labels]
stewards = ["privacy-officers"]
[policy]
files = ["all.cedar"]
approvers = "privacy-officers:1"
"""


@dataclass
class Labelled:
    """The installation, running."""

    installed: Installation
    ports: dict[str, int]
    log: Path
    keys: dict[str, Secret[str]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)  # all that commands and the API answered

    @property
    def url(self) -> str:
        """The control port."""
        return f"http://127.0.0.1:{self.ports['control']}"

    @property
    def conninfo(self) -> str:
        """The agent's way to the database."""
        key = self.keys[AGENT].reveal()
        return f"host=127.0.0.1 port={self.ports['postgres']} dbname=clinic user={AGENT} password={key} sslmode=disable"

    async def agent(self) -> psycopg.AsyncConnection[Any]:
        """A session of the agent's."""
        return await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True)

    def command(self, *words: str) -> tuple[str, ...]:
        """A verb of `interlock`, with these settings."""
        return (sys.executable, "-m", "interlock.cli", *words, "--settings", str(self.installed.settings))

    async def cli(self, *words: str, given: str = "") -> tuple[int, str]:
        """(exit code, all that it said) of a verb."""
        child = await asyncio.create_subprocess_exec(
            *self.command(*words),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(SECONDS):
            output, _ = await child.communicate(given.encode())
        self.said.append(output.decode())
        return child.returncode or 0, self.said[-1]

    async def asks(self, method: str, path: str, headers: dict[str, str], body: object = None) -> httpx.Response:
        """One request."""
        async with httpx.AsyncClient(base_url=self.url, timeout=SECONDS, trust_env=False) as client:
            answer = await client.request(method, path, json=body, headers=headers)
        self.said.append(answer.text)
        return answer

    async def console(self, person: str) -> dict[str, str]:
        """The headers of that person's browser, signed in by a link of the operator's."""
        link = await asyncio.to_thread(self.installed.sign_in_link, self.url, person)
        token = parse_qs(urlsplit(link).query)["token"][0]
        async with httpx.AsyncClient(base_url=self.url, timeout=SECONDS, trust_env=False) as client:
            signed_in = await client.post("/sign-in", data={"token": token}, headers={"Origin": self.url})
            cookie = {"Cookie": signed_in.headers["set-cookie"].partition(";")[0]}
            client.cookies.clear()
            csrf = (await client.get("/api/whoami", headers=cookie)).json()["csrf"]
        return {**cookie, "Origin": self.url, "X-Interlock-CSRF": csrf}

    def bearer(self, holder: str) -> dict[str, str]:
        """The headers of who uses this key; "operator" for the operator's token."""
        kept = self.installed.directory / "keys" / installation.OPERATOR_TOKEN
        token = kept.read_text().strip() if holder == "operator" else self.keys[holder].reveal()
        return {"Authorization": f"Bearer {token}"}

    def everything(self) -> bytes:
        """Every byte that was answered, logged or stored."""
        files = [path for path in self.installed.directory.rglob("*") if path.is_file()]
        return b"\0".join([*(path.read_bytes() for path in files), *(each.encode() for each in self.said)])


def _installed(
    directory: Path, database: Database, policy: str, catalog: str, connection: str
) -> tuple[Installation, dict[str, int]]:
    """Keys, secrets, settings, policy and labels, and the ports that the settings name."""
    directory.mkdir()
    installed = install(directory, reset=False)
    ports = {each: free_port() for each in ("control", "agents", "postgres")}
    (directory / "secrets").mkdir(mode=0o700)
    (directory / "secrets" / "upstream").touch(mode=0o600)
    (directory / "secrets" / "upstream").write_text(database.password.reveal(), encoding="utf-8")
    text = _SETTINGS.format(
        origin=installation.ORIGIN,
        node=installation.NODE,
        node_key=installed.public_keys["node"],
        upstream_port=database.upstream.port,
        database=database.name,
        user=database.user,
        agent=AGENT,
        connection=connection,
        **ports,
    )
    installed.settings.write_text(text, encoding="utf-8")
    (directory / "all.cedar").write_text(policy, encoding="utf-8")
    (directory / "catalog.toml").write_text(catalog, encoding="utf-8")
    return installed, ports


@asynccontextmanager
async def labelled(
    directory: Path, database: Database, policy: str, catalog: str = "", connection: str = ""
) -> AsyncIterator[Labelled]:
    """A fresh installation, running, whose agent is accepted by its owner. `connection`: more of its settings."""
    installed, ports = _installed(directory, database, policy, catalog, connection)
    made = Labelled(installed, ports, directory / "gateway.log")
    running = gateway(installed.settings, made.url, made.log)
    await asyncio.to_thread(running.__enter__)
    try:
        made.keys = await asyncio.to_thread(installed.identity_keys, made.url)
        owner = await made.console(OWNER)
        accepted = await made.asks("POST", f"/api/people/me/wards/{AGENT}/accept", owner)
        assert accepted.is_success, accepted.text
        yield made
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)

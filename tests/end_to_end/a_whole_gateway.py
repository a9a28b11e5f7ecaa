"""`interlock serve` as a child process, in front of the demo clinic, with every channel set up; and who uses it."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
from testkit.slack import Deliver, Json
from testkit.slack_user import SignedCalls, SlackUser
from testkit.teams import texts
from tests.end_to_end.services import Services
from tests.postgres_fixture import Database

from interlock.app import STORE
from interlock.cli.log_entries import store_log
from interlock.demo import installation
from interlock.demo.access import AGENT, OWNER
from interlock.demo.embedded_postgres import free_port
from interlock.demo.gateway_process import gateway
from interlock.demo.installation import Installation, install
from interlock.model.secret import Secret

SECONDS = 30.0  # for anything at all to come about
CANARY = "Canaryson-90210"  # a family name in statements: nobody may be told of it

_REVIEW = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")

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
email = "dana@hospital.example"
[people.remy]
groups = ["privacy-officers"]
email = "remy@hospital.example"
[people.olivia]
groups = ["platform-engineers"]
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
environment = "production"
catalog = "clinic.toml"
[policy]
files = ["whole.cedar"]
"""

# Patients are signed for in chat, notes in the console, the rest is read at will.
_POLICY = """
@id("open") permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"session", resource);
@id("read") permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"read", resource);
@id("patients") @review("privacy-officers:1") @channels("slack, teams") @because("Patients are signed for.")
forbid (principal, action, resource == Interlock::Relation::"clinic/public.patients");
@id("notes") @review("privacy-officers:1") @because("Notes are signed for in the console.")
forbid (principal, action, resource == Interlock::Relation::"clinic/public.notes");
"""


async def until(holds: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Waits until it holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


def patients(first: int) -> str:
    """A statement that is held and, signed for, gives one row; each `first` is another form of words."""
    return f"SELECT id, state FROM patients WHERE id = {first} OR family_name = '{CANARY}' ORDER BY id"


@dataclass
class Asked:
    """One statement of an agent's, and what it is told."""

    connection: psycopg.AsyncConnection[Any]
    notices: list[str] = field(default_factory=list)
    rows: asyncio.Task[list[Any]] = field(init=False)

    async def review(self) -> str:
        """The review that it waits for."""
        await until(lambda: bool(self._named) or self.rows.done())
        assert self._named, "the statement wasn't held"
        return self._named[0]

    async def answer(self) -> list[Any]:
        """Its rows; raises what the client is told instead."""
        async with asyncio.timeout(SECONDS):
            return await self.rows

    @property
    def _named(self) -> list[str]:
        return [found for text in self.notices for found in _REVIEW.findall(text)]


@dataclass
class Console:
    """Somebody's signed-in browser."""

    client: httpx.AsyncClient
    headers: dict[str, str]

    async def post(self, path: str, body: object) -> Any:
        """The answer to a POST that must succeed."""
        answer = await self.client.post(path, json=body, headers=self.headers)
        assert answer.is_success, answer.text
        return answer.json()

    async def get(self, path: str) -> Any:
        """The answer to a GET that must succeed."""
        answer = await self.client.get(path, headers=self.headers)
        assert answer.is_success, answer.text
        return answer.json()


@dataclass
class Whole:
    """The installation, and the services that it reaches people by."""

    services: Services
    installed: Installation
    ports: dict[str, int]
    socket: bool
    keys: dict[str, Secret[str]] = field(default_factory=dict)
    logs: list[Path] = field(default_factory=list)
    running: Any = None  # the context in which the gateway runs
    child: Any = None

    @property
    def url(self) -> str:
        """The control port."""
        return f"http://127.0.0.1:{self.ports['control']}"

    @property
    def log(self) -> str:
        """What every life of the gateway logged."""
        return "\n".join(each.read_text(encoding="utf-8") for each in self.logs)

    # -- its lives ----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Another life."""
        self.logs.append(self.installed.directory / f"gateway-{len(self.logs)}.log")
        self.running = gateway(self.installed.settings, self.url, self.logs[-1])
        self.child = await asyncio.to_thread(self.running.__enter__)

    async def stop(self) -> None:
        """Stops it as an operator would."""
        await asyncio.to_thread(self.running.__exit__, None, None, None)

    async def kill(self) -> None:
        """As a machine that loses its power."""
        self.child.kill()
        await asyncio.to_thread(self.child.wait)
        await self.stop()

    # -- agents -------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def asks(self, statement: str) -> AsyncIterator[Asked]:
        """The agent sends a statement and waits, on a connection of its own."""
        connection = await psycopg.AsyncConnection.connect(
            host="127.0.0.1",
            port=self.ports["postgres"],
            dbname="clinic",
            user=AGENT,
            password=self.keys[AGENT].reveal(),
            sslmode="disable",
            autocommit=True,
        )
        asked = Asked(connection)
        connection.add_notice_handler(
            lambda notice: asked.notices.append(f"{notice.message_primary} {notice.message_detail}")
        )

        async def run() -> list[Any]:
            cursor = await connection.execute(statement.encode())
            return await cursor.fetchall()

        asked.rows = asyncio.ensure_future(run())
        try:
            yield asked
        finally:
            asked.rows.cancel()
            await asyncio.gather(asked.rows, return_exceptions=True)
            await connection.close()

    # -- people -------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def console(self, person: str) -> AsyncIterator[Console]:
        """Signed in by a link of the operator's."""
        link = await asyncio.to_thread(self.installed.sign_in_link, self.url, person)
        token = parse_qs(urlsplit(link).query)["token"][0]
        async with httpx.AsyncClient(
            base_url=self.url, headers={"Origin": self.url}, timeout=SECONDS, trust_env=False
        ) as client:
            signed_in = await client.post("/sign-in", data={"token": token})
            cookie = {"Cookie": signed_in.headers["set-cookie"].partition(";")[0]}
            client.cookies.clear()
            csrf = (await client.get("/api/whoami", headers=cookie)).json()["csrf"]
            yield Console(client, cookie | {"X-Interlock-CSRF": csrf})

    def slack_user(self, person: str) -> SlackUser:
        """Their Slack client."""
        deliver: Deliver = self.services.slack.envelope if self.socket else SignedCalls(f"{self.url}/channels/slack")
        return SlackUser(self.services.slack, f"U{person.upper()}", deliver)

    async def link_slack(self, person: str, me: Console) -> None:
        """As page You tells them to: a code, `/interlock link CODE`, and a confirmation."""
        code = (await me.post("/api/people/me/links", {"provider": "slack"}))["code"]
        answer = await self.slack_user(person).command(f"link {code}")
        assert "confirm in the console" in json.dumps(answer), answer
        await self._confirm("slack", f"{self.services.slack.team}/U{person.upper()}", me)

    async def link_teams(self, person: str, me: Console) -> None:
        """The same, written to the bot."""
        code, user = (await me.post("/api/people/me/links", {"provider": "teams"}))["code"], self.services.users[person]
        chat = self.services.teams.chat(user)
        assert (await self.services.teams.say(user, chat, f"link {code}")).status_code == 200
        assert "confirm in the console" in " ".join(texts(chat.cards[-1]))
        await self._confirm("teams", f"{self.services.teams.tenant}/{user.object}", me)

    async def _confirm(self, provider: str, subject: str, me: Console) -> None:
        (waiting,) = (await me.get("/api/people/me"))["waiting_links"]
        assert (waiting["provider"], waiting["subject"]) == (provider, subject)
        told = await me.post("/api/people/me/links/confirm", {"provider": provider, "subject": subject})
        assert (provider, subject) in [(each["provider"], each["subject"]) for each in told["accounts"]]

    async def click_in_slack(self, person: str, place: str, message: Json, action: str, reason: str) -> Json:
        """Presses a button, writes a reason and sends it; gives what stands in the modal's place."""
        slack, user = self.services.slack, self.slack_user(person)
        before = set(slack.views)
        assert await user.press(action, message, place) == {}
        await slack.until(lambda: bool(slack.views.keys() - before))
        (view,) = slack.views.keys() - before
        return await user.submit(view, reason)

    # -- operators ----------------------------------------------------------------------------------------------------

    async def metrics(self) -> dict[str, float]:
        """Every figure of /metrics by its name and labels."""
        token = (self.installed.directory / "keys" / installation.OPERATOR_TOKEN).read_text().strip()
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{self.url}/metrics", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in lines}

    async def cli(self, *arguments: str) -> tuple[int, str]:
        """(exit code, output) of a verb of `interlock`."""
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "interlock.cli", *arguments, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await child.communicate()
        return child.returncode or 0, output.decode()

    def entries(self, type_: str) -> list[dict[str, Any]]:
        """The ledger's entries of this type, whole."""
        log = store_log(self.installed.directory / "data" / STORE)
        bodies = [body for first in range(0, log.size, 1000) for body in log.bodies(first, 1000)]
        lines = [json.loads(body.split(b"\n")[0]) for body in bodies]
        return [line for line in lines if line["type"] == type_]


def _installed(
    directory: Path, clinic: Database, services: Services, socket: bool
) -> tuple[Installation, dict[str, int]]:
    """Keys, secrets, settings, policy and labels, and the ports that the settings name."""
    directory.mkdir()
    installed = install(directory, reset=False)
    ports = {each: free_port() for each in ("control", "agents", "postgres")}
    (directory / "secrets").mkdir(mode=0o700)
    for name, secret in {**services.secrets, "upstream": clinic.password.reveal()}.items():
        (directory / "secrets" / name).write_text(secret, encoding="utf-8")
        (directory / "secrets" / name).chmod(0o600)
    text = _SETTINGS.format(
        origin=installation.ORIGIN,
        node=installation.NODE,
        node_key=installed.public_keys["node"],
        upstream_port=clinic.upstream.port,
        database=clinic.name,
        user=clinic.user,
        agent=AGENT,
        **ports,
    )
    installed.settings.write_text(text + services.settings(socket=socket), encoding="utf-8")
    (directory / "whole.cedar").write_text(_POLICY, encoding="utf-8")
    labels = resources.files("interlock.demo") / "files" / "clinic.toml"
    (directory / "clinic.toml").write_text(labels.read_text(encoding="utf-8"), encoding="utf-8")
    return installed, ports


@asynccontextmanager
async def whole(directory: Path, clinic: Database, services: Services, *, socket: bool = False) -> AsyncIterator[Whole]:
    """A fresh installation, running; the agent is accepted by its owner, nobody's account is linked yet."""
    installed, ports = _installed(directory, clinic, services, socket)
    made = Whole(services, installed, ports, socket)
    services.teams.endpoint = f"{made.url}/channels/teams"
    await made.start()
    try:
        made.keys = await asyncio.to_thread(installed.identity_keys, made.url)
        async with made.console(OWNER) as olivia:
            await olivia.post(f"/api/people/me/wards/{AGENT}/accept", None)
        yield made
    finally:
        await made.stop()

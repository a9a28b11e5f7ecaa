"""An installation without upstreams, its gateway in a child process, and people at its console."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from interlock.demo.embedded_postgres import free_port
from interlock.demo.gateway_process import gateway
from interlock.stores.entropy import SystemEntropy
from interlock.stores.keys import create_keys
from interlock.web.callers import CSRF_HEADER
from interlock.web.session import COOKIE

ORIGIN, NODE = "interlock.test/bundles/1", "n1"
PATIENCE = 20.0

SETTINGS = """
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
[people.dana]
groups = ["security"]
[people.remy]
groups = ["security"]
[agents.etl]
owner = "dana"
groups = ["ai-agents"]
[policy]
files = ["local.cedar"]
approvers = "security:1"
"""
POLICY = """@id("agents-read")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"read", resource);
"""


@dataclass
class Installation:
    """Settings, keys and policies in a directory."""

    directory: Path
    port: int
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Path:
        """interlock.toml."""
        return self.directory / "interlock.toml"

    @property
    def policy(self) -> Path:
        """The policy file."""
        return self.directory / "local.cedar"

    @property
    def log(self) -> Path:
        """What the gateway wrote, of its last start."""
        return self.directory / "gateway.log"

    @property
    def url(self) -> str:
        """The control port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def operator(self) -> str:
        """The operator's token."""
        return (self.directory / "keys" / "operator.token").read_text().strip()

    def serving(self) -> AbstractContextManager[object]:
        """`interlock serve`, until the end of the block."""
        return gateway(self.settings, self.url, self.log)

    def call(self, method: str, path: str, headers: dict[str, str], body: object = None) -> httpx.Response:
        """One request."""
        return httpx.request(method, self.url + path, json=body, headers=headers, trust_env=False, timeout=PATIENCE)

    def key(self, holder: str) -> str:
        """A key of the holder's own making, kept."""
        if holder not in self.keys:
            by = {"holder": holder, "made_by": "dana" if holder == "etl" else holder}
            made = self.call("POST", "/api/operator/keys", {"Authorization": f"Bearer {self.operator}"}, by)
            assert made.is_success, made.text
            self.keys[holder] = made.json()["token"]
        return self.keys[holder]

    def console(self, person: str) -> dict[str, str]:
        """The headers of that person's browser, signed in."""
        operator = {"Authorization": f"Bearer {self.operator}"}
        link = self.call("POST", "/api/operator/sign-in-links", operator, {"person": person}).json()["url"]
        form = {"token": link.partition("token=")[2]}
        answer = httpx.post(f"{self.url}/sign-in", data=form, headers={"Origin": self.url}, trust_env=False)
        cookie = answer.headers["set-cookie"].partition(";")[0]
        assert cookie.startswith(f"{COOKIE}=")
        csrf = self.call("GET", "/api/whoami", {"Cookie": cookie}).json()["csrf"]
        return {"Cookie": cookie, "Origin": self.url, CSRF_HEADER: csrf}

    def vote(self, review: str, person: str) -> httpx.Response:
        """An approval in the console."""
        headers = self.console(person)
        card = self.call("GET", f"/api/reviews/{review}", headers).json()["card"]
        body: dict[str, Any] = {"verdict": "approve"}
        body |= {name: card[name] for name in ("action_digest", "card_digest")}
        return self.call("POST", f"/api/reviews/{review}/votes", headers, body)


@contextmanager
def installation(directory: Path) -> Iterator[Installation]:
    """A new one."""
    ports = {name: free_port() for name in ("control", "agents", "postgres")}
    made = create_keys(directory / "keys", ORIGIN, NODE, SystemEntropy())
    token = directory / "keys" / "operator.token"
    token.touch(0o600)
    token.write_text(secrets.token_urlsafe(32))
    (directory / "local.cedar").write_text(POLICY)
    text = SETTINGS.format(origin=ORIGIN, node=NODE, node_key=made["node"], **ports)
    (directory / "interlock.toml").write_text(text)
    yield Installation(directory, ports["control"])

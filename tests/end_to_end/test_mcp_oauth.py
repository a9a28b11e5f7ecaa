"""The SDK's own OAuth client against `interlock serve` and an authorization server: found out from a 401, a token for
one connection, stepped up from a 403. No token of a client's goes anywhere but to the gateway.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl
from testkit.authorization_server import AUTHORIZE, TOKEN, AuthorizationServer
from tests.an_mcp_gateway import POLICY, McpGateway
from tests.cli.an_installation import installation
from tests.doors.mcp.a_door import message
from tests.doors.mcp.upstream.an_upstream import Speaking, served
from tests.doors.mcp.upstream.servers.everything import Everything

from interlock.demo.ownership import accept

CANARY = "canary-7Q4K"
NAME = "tracker"
BACK = "http://127.0.0.1:9/back"
RULES = f"""{POLICY}
@id("write")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"write", resource);
"""
SETTINGS = """
[issuers.as]
issuer = "{issuer}"
audience = "interlock"
[[agents.etl.jwt]]
issuer = "as"
subject = "agent"
[mcp.tracker]
url = "{upstream}"
content = "off"
[mcp.tracker.tokens]
scopes = ["tracker"]
[mcp.tracker.tokens.write]
scopes = ["tracker.write"]
max_age = "15m"
[mcp.interlock.tokens]
scopes = ["sql"]
[mcp.other]
url = "{upstream}"
content = "off"
"""

pytestmark = pytest.mark.xdist_group("mcp-oauth")


@dataclass
class Storage:
    """Where the client keeps what it was given."""

    given: list[OAuthToken] = field(default_factory=list)

    async def get_tokens(self) -> OAuthToken | None:
        return self.given[-1] if self.given else None

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.given.append(tokens)

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return OAuthClientInformationFull(client_id="a-client", redirect_uris=[AnyUrl(BACK)])

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        raise AssertionError("it has an id, and registers nowhere")


class Browser:
    """Goes where it is sent, and comes back with what it is told."""

    def __init__(self) -> None:
        self._back: dict[str, str] = {}

    async def go(self, url: str) -> None:
        """To the authorization server."""
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(url)
        self._back = dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    async def back(self) -> AuthorizationCodeResult:
        """What it came back with."""
        return AuthorizationCodeResult(code=self._back["code"], state=self._back["state"], iss=self._back["iss"])


@dataclass
class House:
    """All of it; `seen` is every request that reached the MCP server."""

    issuer: AuthorizationServer
    gateway: McpGateway
    everything: Everything
    seen: list[dict[str, str]]
    answers: list[httpx2.Response] = field(default_factory=list)

    def token(self, **claims: Any) -> str:
        """A token by hand, good for the tracker unless said otherwise."""
        told = {"sub": "agent", "aud": self.gateway.url, "scope": "tracker", "email": CANARY, "jti": CANARY, **claims}
        self.issuer.tokens.append(self.issuer.token(**told))
        return self.issuer.tokens[-1]

    async def post(self, token: str, body: dict[str, Any], path: str = NAME, **headers: str) -> httpx.Response:
        """One request by hand."""
        told = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json, text/event-stream",
            "Mcp-Protocol-Version": "2026-07-28",
            "Mcp-Method": body["method"],
            **headers,
        }
        if "name" in body["params"]:
            told["Mcp-Name"] = body["params"]["name"]
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        whole = {**body, "params": {**body["params"], "_meta": meta}}
        base = self.gateway.url.removesuffix(NAME)
        async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
            return await http.post(base + path, json=whole, headers=told)

    async def call(self, token: str, tool: str, path: str = NAME, **headers: str) -> httpx.Response:
        """A call by hand."""
        return await self.post(token, message("tools/call", {"name": tool, "arguments": {}}), path, **headers)

    @asynccontextmanager
    async def client(self, mode: str) -> AsyncIterator[Client]:
        """The SDK's, with its own OAuth client."""
        browser = Browser()
        told = OAuthClientMetadata(redirect_uris=[AnyUrl(BACK)], token_endpoint_auth_method="none")
        provider = OAuthClientProvider(self.gateway.url, told, Storage(), browser.go, browser.back)

        async def answered(response: httpx2.Response) -> None:
            self.answers.append(response)

        hooks = {"response": [answered]}
        async with httpx2.AsyncClient(auth=provider, timeout=30, trust_env=False, event_hooks=hooks) as http:
            transport = streamable_http_client(self.gateway.url, http_client=http)
            async with Client(transport, mode=mode) as client:
                yield client

    def challenges(self) -> list[tuple[int, str]]:
        """Every challenge that the client was given."""
        return [
            (each.status_code, each.headers["www-authenticate"])
            for each in self.answers
            if "www-authenticate" in each.headers
        ]

    def leaks(self, *texts: str) -> list[str]:
        """Which parts of tokens, or words in them, stand in the log, the data or what went to the server."""
        written = [self.gateway.made.log.read_bytes(), *self.gateway.stored()]
        written += [json.dumps(self.seen).encode(), *(text.encode() for text in texts)]
        parts = [part for token in self.issuer.tokens for part in (token, *token.split(".")[1:])]
        wanted = {CANARY, base64.b64encode(CANARY.encode()).decode().rstrip("="), *parts}
        return sorted(each for each in wanted if any(each.encode() in text for text in written))


@contextmanager
def gateway(directory: Path, upstream: str, issuer: str) -> Iterator[McpGateway]:
    """Runs it, with two connections to the one server."""
    directory.mkdir()
    does = {"count": "read", "progress": "write"}
    pinned = [
        {"name": name, "inputSchema": {"type": "object"}, "interlock": {"does": [what]}} for name, what in does.items()
    ]
    with installation(directory) as made:
        made.policy.write_text(RULES)
        for name in (NAME, "other"):
            document = {"connection": name, "tools": pinned}
            (directory / f"{name}.json").write_text(json.dumps(document))
        running = McpGateway(made, upstream, NAME)
        text = made.settings.read_text()
        text = text.replace(f"port = {running.port}", f'port = {running.port}\nurl = "http://127.0.0.1:{running.port}"')
        text = text.replace(
            'files = ["local.cedar"]', f'files = ["local.cedar"]\ntools = ["{NAME}.json", "other.json"]'
        )
        made.settings.write_text(text + SETTINGS.format(issuer=issuer, upstream=upstream))
        with made.serving():
            operator = {"Authorization": f"Bearer {made.operator}"}
            link = made.call("POST", "/api/operator/sign-in-links", operator, {"person": "dana"}).json()["url"]
            accept(made.url, link, "etl")
            yield running


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    everything = Everything()
    front = Speaking(everything.server.streamable_http_app(), "both")
    with AuthorizationServer() as issuer:
        issuer.grants, issuer.claims = {"tracker", "tracker.write"}, {"email": CANARY}
        async with served(front) as address:
            opened = gateway(tmp_path / "gateway", f"{address}/mcp", issuer.url)
            running = await asyncio.to_thread(opened.__enter__)
            try:
                yield House(issuer, running, everything, front.headers)
            finally:
                await asyncio.to_thread(opened.__exit__, None, None, None)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_from_a_401_to_a_token_and_from_a_403_to_a_better_one(house: House, mode: str) -> None:
    async with house.client(mode) as client:
        assert not (await client.call_tool("count", {})).is_error
        (status, told), *more = house.challenges()
        assert more == [] and status == 401 and 'scope="tracker"' in told and "error=" not in told
        result = await client.call_tool("progress", {})
    assert not result.is_error
    (status, told) = house.challenges()[-1]
    assert status == 403 and 'error="insufficient_scope"' in told and 'scope="tracker tracker.write"' in told
    where = f"{house.gateway.url.removesuffix('/mcp/tracker')}/.well-known/oauth-protected-resource/mcp/tracker"
    assert f'resource_metadata="{where}"' in told
    (document,) = [each.json() for each in house.answers if str(each.url) == where]
    assert document["scopes_supported"] == ["tracker", "tracker.write"]
    assert document["resource"] == house.gateway.url
    asked = [(path, each.get("resource"), each.get("scope")) for path, each in house.issuer.requests]
    assert asked == [
        (AUTHORIZE, house.gateway.url, "tracker"),
        (TOKEN, house.gateway.url, None),
        (AUTHORIZE, house.gateway.url, "tracker tracker.write"),
        (TOKEN, house.gateway.url, None),
    ]
    assert house.everything.calls == 2
    assert any(b"insufficient_scope" in text for text in house.gateway.stored())
    assert len(house.issuer.tokens) == 2 and house.leaks(*(answer for _, answer in house.challenges())) == []


async def test_a_token_opens_the_connection_that_it_was_made_for_and_no_other(house: House) -> None:
    here, other = house.gateway.url, house.gateway.url.replace(NAME, "other")
    assert (await house.call(house.token(), "count")).status_code == 200
    assert (await house.call(house.token(aud=other, scope=None), "count", "other")).status_code == 200
    assert (await house.call(house.token(aud="interlock"), "count")).status_code == 200
    assert (await house.call(house.token(aud=["interlock", here, other]), "count")).status_code == 200
    done = house.everything.calls
    heard = []
    for aud in (other, ["interlock", other], f"{here}/", here.upper(), here.replace("127.0.0.1", "localhost"), [], 7):
        answer = await house.call(house.token(aud=aud), "count")
        assert answer.status_code == 401 and 'error="invalid_token"' in answer.headers["www-authenticate"]
        heard.append(answer.text + answer.headers["www-authenticate"])
    assert len(set(heard)) == 1  # all alike
    assert house.everything.calls == done and house.leaks(*heard) == []


async def test_the_host_of_a_request_makes_no_resource(house: House) -> None:
    elsewhere = "http://localhost:9/mcp/tracker"
    answer = await house.call(house.token(aud=elsewhere), "count", Host="localhost:9")
    assert answer.status_code == 401 and house.everything.calls == 0


async def test_what_a_token_lacks_is_said_before_anything_happens_and_is_on_record(house: House) -> None:
    heard, now, both = [], int(time.time()), "tracker tracker.write"
    for claims, status, error in (
        ({"scope": None, "auth_time": now}, 403, "insufficient_scope"),
        ({"scope": "TRACKER TRACKER.WRITE", "auth_time": now}, 403, "insufficient_scope"),
        ({"scope": "tracker", "auth_time": now}, 403, "insufficient_scope"),
        ({"scope": "tracker"}, 401, "insufficient_user_authentication"),
        ({"scope": both, "auth_time": now - 901}, 401, "insufficient_user_authentication"),
        ({"scope": ["tracker", "tracker.write"]}, 401, "invalid_token"),
        ({"scope": "tracker tracker"}, 401, "invalid_token"),
    ):
        before = len(house.seen)
        answer = await house.call(house.token(**claims), "progress")
        told = answer.headers["www-authenticate"]
        assert (answer.status_code, f'error="{error}"' in told) == (status, True), (claims, told)
        assert len(house.seen) == before
        heard.append(told + answer.text)
    assert 'max_age="900"' in heard[4] and 'scope="tracker tracker.write"' in heard[4]
    good = house.token(scope="tracker.write tracker", auth_time=int(time.time()))
    assert (await house.call(good, "progress")).status_code == 200
    assert house.everything.calls == 1 and house.leaks(*heard) == []
    stored = b"".join(house.gateway.stored())
    assert b"insufficient_scope" in stored and b"insufficient_user_authentication" in stored


async def test_what_a_task_gave_is_for_tokens_that_could_have_called(house: House) -> None:
    now = int(time.time())
    strong, weak = house.token(scope="tracker tracker.write", auth_time=now), house.token(jti="weak", auth_time=now)
    async with httpx.AsyncClient(trust_env=False, timeout=20) as http:

        async def told(token: str, method: str, params: dict[str, Any]) -> httpx.Response:
            http.headers["Authorization"] = f"Bearer {token}"
            return await http.post(house.gateway.url, json=message(method, params))

        http.headers["Accept"] = "application/json, text/event-stream"
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        begun = await told(strong, "initialize", hello)
        http.headers["Mcp-Session-Id"] = begun.headers["mcp-session-id"]
        made = await told(strong, "tools/call", {"name": "progress", "arguments": {}, "task": {}})
        (task,) = re.findall(r'"taskId":\s*"([^"]+)"', made.text)[:1]
        for method in ("tasks/result", "tasks/get"):
            answer = await told(weak, method, {"taskId": task})
            assert answer.status_code == 403 and 'scope="tracker tracker.write"' in answer.headers["www-authenticate"]
            assert (await told(strong, method, {"taskId": task})).status_code == 200
        assert (await told(weak, "tasks/result", {"taskId": "0" * 32})).status_code == 200  # unknown, for everybody
        assert house.everything.calls == 1 and house.leaks(answer.text) == []


async def test_a_key_has_no_scopes_and_is_asked_for_none(house: House) -> None:
    key = await asyncio.to_thread(lambda: house.gateway.key)
    assert (await house.call(key, "progress")).status_code == 200
    assert house.everything.calls == 1


async def test_our_own_server_asks_for_its_own(house: House) -> None:
    own = house.gateway.url.replace(NAME, "interlock")
    answer = await house.call(house.token(aud=own), "connections", "interlock")
    assert answer.status_code == 403 and 'scope="sql"' in answer.headers["www-authenticate"]
    assert (await house.call(house.token(aud=own, scope="sql"), "connections", "interlock")).status_code == 200
    assert (await house.call(house.token(scope="sql"), "connections", "interlock")).status_code == 401

"""The MCP door on a real socket and a real office; what lies behind it is scripted."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import httpx2
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from tests.an_office import Office, office
from tests.stores.a_store import ENTROPY, HandClock

from interlock.doors.mcp.door import McpDoor, Upstream
from interlock.doors.mcp.place import Place
from interlock.doors.mcp.seams import Asker, McpRefused, Object, Progress, Words
from interlock.doors.mcp.seams import Client as Seam
from interlock.model.connection import Connection
from interlock.model.names import ActorId, ConnectionName, KeyId, PersonId
from interlock.model.secret import Secret
from interlock.model.tool import Tool
from interlock.stores.clock import SystemClock
from interlock.web.control import agents_app

MODERN = "2026-07-28"
TRACKER = Connection(ConnectionName("tracker"), "mcp", "production", frozenset())
CANARY, MASKED = "canary-7Q4K", "[masked]"
POLICY = """
@id("agents-open")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"session", resource);
"""
SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}}


def a_tool(name: str, **more: Any) -> Tool:
    """A pinned tool."""
    return Tool(TRACKER.name, name, **{"input_schema": SCHEMA, "description": f"{name} it", **more})


class Masks:
    """Takes the canary out, wherever it stands."""

    async def text(self, text: str) -> str:
        return text.replace(CANARY, MASKED)

    async def error(self, refused: McpRefused) -> McpRefused:
        return McpRefused(refused.code, await self.text(refused.message), self._clean(refused.data))

    async def params(self, method: str, params: Object) -> Object:
        cleaned: Object = self._clean(params)
        return cleaned

    def recalling(self, words: Words) -> Words:
        return self

    def _clean(self, value: Any) -> Any:
        return json.loads(json.dumps(value).replace(CANARY, MASKED))


@dataclass
class Pins:
    """Tools in force."""

    tools: list[Tool]
    denied: set[tuple[ActorId, str]] = field(default_factory=set)

    async def fresh(self) -> None:
        """It is."""

    def tool(self, name: str) -> Tool | None:
        return next((tool for tool in self.tools if tool.name == name), None)

    def available(self, asker: Asker) -> Sequence[Tool]:
        return [tool for tool in self.tools if (asker.actor.id, tool.name) not in self.denied]


Answer = Callable[[Asker, Seam, Object, Progress | None], Awaitable[Object]]


@dataclass
class Calls:
    """Answers by the tool's name, and remembers what came."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, Object]] = field(default_factory=list)
    sessions: list[str | None] = field(default_factory=list)
    cancelled: int = 0
    may_hear: set[str] = field(default_factory=set)
    subscriptions: list[tuple[str, str]] = field(default_factory=list)

    async def call(
        self,
        asker: Asker,
        client: Seam,
        link: object,
        params: Object,
        *,
        session: str | None,
        progress: Progress | None,
        task: Object | None,
    ) -> Object:
        self.asked.append(("tools/call", params))
        self.sessions.append(session)
        answer = self.answers.get(str(params["name"]))
        if answer is None:
            return {"content": [{"type": "text", "text": "done"}]}
        try:
            return await answer(asker, client, params, progress)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def document(
        self,
        asker: Asker,
        client: Seam,
        link: object,
        method: str,
        params: Object,
        *,
        session: str | None,
        progress: Progress | None,
    ) -> Object:
        self.asked.append((method, params))
        match method:
            case "resources/read":
                return {"contents": [{"uri": params["uri"], "text": "a page"}]}
            case "prompts/get":
                return {"messages": [{"role": "user", "content": {"type": "text", "text": "a prompt"}}]}
            case _:
                return {"completion": {"values": ["one"]}}

    async def subscribe(self, asker: Asker, uri: str) -> Any:
        return uri if uri in self.may_hear else None

    def subscribed(self, cleared: Any, outcome: Any) -> None:
        self.subscriptions.append((cleared, outcome.value))

    def may_still(self, cleared: Any) -> bool:
        return cleared in self.may_hear


@dataclass
class Link:
    """A scripted server."""

    protocol_version: str = MODERN
    capabilities: Object = field(
        default_factory=lambda: {"tools": {}, "resources": {"subscribe": True}, "prompts": {}, "completions": {}}
    )
    instructions: str = f"Ask {CANARY} first."
    asked: list[tuple[str, Object]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    results: dict[str, Object | McpRefused] = field(default_factory=dict)
    hangs: dict[str, asyncio.Event] = field(default_factory=dict)

    async def request(
        self,
        method: str,
        params: Object,
        *,
        progress: Progress | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  as the seam has it
    ) -> Object:
        self.asked.append((method, params))
        if method in self.hangs:
            await self.hangs[method].wait()
        result = self.results.get(method, {})
        if isinstance(result, McpRefused):
            raise result
        return result

    async def notify(self, method: str, params: Object) -> None:
        self.told.append(method)

    @asynccontextmanager
    async def again(self, client: Seam) -> AsyncIterator[Link]:
        yield self


@dataclass
class Links:
    """One link for all; remembers the clients it was given, and which sessions ended."""

    one: Link
    clients: list[Seam] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def link(self, asker: Asker, client: Seam, session: str | None) -> AsyncIterator[Link]:
        self.clients.append(client)
        yield self.one

    async def end(self, session: str) -> None:
        self.ended.append(session)

    async def listed(self) -> Sequence[Object]:
        return []

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Bounds:
    """As much as anybody likes, unless told otherwise."""

    wait: int = 0
    guessed: Counter[str] = field(default_factory=Counter)
    most_guesses: int = 1_000

    def guess(self, address: str, credential: str) -> int:
        return 5 if self.guessed[address] >= self.most_guesses else 0

    def wrong(self, address: str, credential: str) -> None:
        self.guessed[address] += 1

    def right(self, credential: str) -> None:
        """Nothing to remember."""

    def take(self, who: str) -> int:
        return self.wait

    def may_record(self, who: str) -> bool:
        return True


class LiveClock(HandClock):
    """The system's time."""

    def now(self) -> Any:
        return SystemClock().now()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Any:
        yield


@dataclass
class Running:
    """The door, and how to reach it."""

    office: Office
    door: McpDoor
    port: int
    key: Secret[str]
    key_id: KeyId
    other: Secret[str]
    links: Links
    pins: Pins
    calls: Calls
    bounds: Bounds

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp/tracker"

    @asynccontextmanager
    async def client(self, mode: str, *, key: Secret[str] | None = None, **more: Any) -> AsyncIterator[Client]:
        """The SDK's own client."""
        headers = {"Authorization": f"Bearer {(key or self.key).reveal()}"}
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=30, trust_env=False))
            transport = streamable_http_client(self.url, http_client=http)
            yield await stack.enter_async_context(Client(transport, mode=mode, **more))

    def raw(self, key: Secret[str] | None = None, **headers: str) -> httpx.AsyncClient:
        """A client that sends what it is told."""
        told = {
            "Authorization": f"Bearer {(key or self.key).reveal()}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
        }
        return httpx.AsyncClient(headers={**told, **headers}, timeout=20, trust_env=False)

    async def begin(self, http: httpx.AsyncClient) -> str:
        """A session by hand; its id."""
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        answer = await http.post(self.url, json=message("initialize", params))
        assert answer.status_code == 200, answer.text
        session = answer.headers["mcp-session-id"]
        http.headers["Mcp-Session-Id"] = session
        told = await http.post(self.url, json={"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert told.status_code == 202
        return str(session)

    async def entries(self, type_: str) -> list[dict[str, Any]]:
        """What the ledger has of a type."""
        told = await self.office.store.entries(0, 10_000)
        bodies = [json.loads(body.partition(b"\n\n")[0]) for body in told]
        return [each["d"] for each in bodies if each.get("t", each.get("type")) == type_]


def message(method: str, params: Mapping[str, Any] | None = None, id: int | str = 1) -> dict[str, Any]:
    """A request."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params or {}}


def modern(method: str, params: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, str]]:
    """A request that stands alone, and its headers."""
    meta = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
    headers = {"Mcp-Protocol-Version": MODERN, "Mcp-Method": method}
    if (name := (params or {}).get("name", (params or {}).get("uri"))) is not None:
        headers["Mcp-Name"] = str(name)
    return message(method, {**(params or {}), "_meta": meta}), headers


@asynccontextmanager
async def running(directory: Path, *, policy: str = POLICY, most: int = 128) -> AsyncIterator[Running]:
    """Starts it."""
    async with office(directory, policy=policy, clock=LiveClock()) as o:
        links, pins = Links(Link()), Pins([a_tool("write"), a_tool("read")])
        calls, bounds = Calls(), Bounds()
        upstream = Upstream(TRACKER, links, pins, calls, Masks())
        listening = socket.create_server(("127.0.0.1", 0))
        door = McpDoor(
            {TRACKER.name: upstream},
            gate=o.gate,
            registry=o.registry,
            clock=o.clock,
            entropy=ENTROPY,
            bounds=bounds,
            place=Place("", tls=False, loopback=True, hosts=frozenset()),
            issuers=("https://issuer.test",),
            most_per_actor=most,
            version="1.0",
        )
        app = agents_app("1.0", lambda: None, {"/mcp/": door, "/.well-known/oauth-protected-resource/mcp/": door})
        config = uvicorn.Config(
            app, access_log=False, log_level="warning", lifespan="off", ws="none", timeout_graceful_shutdown=1
        )
        server = _Server(config)
        await door.start()
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        try:
            id, key = await o.registry.issue_key("etl", PersonId("olivia"), None)
            _, other = await o.registry.issue_key("other", PersonId("olivia"), None)
            port = int(listening.getsockname()[1])
            yield Running(o, door, port, key, id, other, links, pins, calls, bounds)
        finally:
            await door.stop(5)
            server.should_exit = True
            await serving
            listening.close()

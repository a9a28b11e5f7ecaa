"""Askers, clients and servers to link them to."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn

from interlock.doors.mcp.seams import MODERN, Asker, McpRefused, Object
from interlock.doors.mcp.upstream import UpstreamLinks
from interlock.model.actor import Actor, ActorKind
from interlock.model.connection import Connection
from interlock.model.mcp_settings import McpHttp, McpOAuth, McpProcess, McpSettings
from interlock.model.names import ActorId, ConnectionName, KeyId, PersonId
from interlock.model.peer import Peer
from interlock.model.secret import Secret

SERVERS = Path(__file__).parent / "servers"
LEGACY = "2025-11-25"

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]


def asker(name: str = "etl", *, presented: str = "ilk_canary", authn: str = "interlock_key") -> Asker:
    """Who asks."""
    person = PersonId("kim")
    actor = Actor(
        kind=ActorKind.AGENT,
        id=ActorId(name),
        groups=frozenset(),
        owner=person,
        key=KeyId(f"key-{name}"),
        made_by=person,
        held_by=person,
        authn=authn,
    )
    return Asker(actor, Secret(presented), Peer())


@dataclass
class AClient:
    """A client that remembers what it was told, and answers by `answers`."""

    protocol_version: str = LEGACY
    capabilities: Object = field(default_factory=dict)
    answers: Mapping[str, Object] = field(default_factory=dict)
    asked: list[tuple[str, Object]] = field(default_factory=list)
    told: list[tuple[str, Object]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    waits_for: asyncio.Event | None = None

    hushed: bool = False

    def heed(self, words: object) -> None:
        """See `Client`."""

    def hush(self) -> None:
        self.hushed = True

    async def ask(self, method: str, params: Object, *, timeout: float) -> Object:  # noqa: ASYNC109  the seam's
        self.asked.append((method, params))
        if self.waits_for is not None:
            await self.waits_for.wait()
        if method not in self.answers:
            raise McpRefused(-32042, "not now", {"because": "lunch"})
        return self.answers[method]

    async def tell(self, method: str, params: Object) -> None:
        self.told.append((method, params))
        self.heard.set()


def modern(**capabilities: Any) -> AClient:
    """A client of 2026-07-28."""
    return AClient(MODERN, capabilities)


def legacy(**capabilities: Any) -> AClient:
    """A client of before."""
    return AClient(LEGACY, capabilities)


def settings(
    upstream: McpHttp | McpProcess, *, seconds: float = 20, most: int = 8, oauth: McpOAuth | None = None
) -> McpSettings:
    """One server's settings."""
    connection = Connection(ConnectionName("github"), "mcp", "test", frozenset())
    timeout = timedelta(seconds=seconds)
    return McpSettings(connection, upstream, oauth, most_sessions=most, timeout=timeout)


@asynccontextmanager
async def links(
    upstream: McpHttp | McpProcess,
    *,
    seconds: float = 20,
    most: int = 8,
    oauth: McpOAuth | None = None,
    idle: float = 600.0,
) -> AsyncIterator[UpstreamLinks]:
    """Links, closed at the end."""
    opened = UpstreamLinks(settings(upstream, seconds=seconds, most=most, oauth=oauth), idle=idle)
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def served(app: App, **options: Any) -> AsyncIterator[str]:
    """`app` on a port of its own; its address."""
    config = uvicorn.Config(app, port=0, log_level="error", lifespan="on", timeout_graceful_shutdown=1, **options)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


class Speaking:
    """An ASGI app before another, which speaks one era alone and remembers the headers that came."""

    def __init__(self, app: App, era: str) -> None:
        self._app, self._era = app, era
        self.headers: list[dict[str, str]] = []

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.headers.append(headers)
        newer = headers.get("mcp-protocol-version") == MODERN
        if (newer and self._era == "legacy") or (not newer and self._era == "modern"):
            error = {"code": -32022, "message": "no", "data": {"supported": [MODERN], "requested": "?"}}
            body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode() if not newer else b"what?"
            kind = b"application/json" if not newer else b"text/plain"
            await send({"type": "http.response.start", "status": 400, "headers": [(b"content-type", kind)]})
            await send({"type": "http.response.body", "body": body})
            return

        async def with_cookie(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                cookie = (b"set-cookie", b"who=canary; Path=/")
                message = {**message, "headers": [*message.get("headers", ()), cookie]}
            await send(message)

        await self._app(scope, receive, with_cookie)


def text(result: Object) -> Any:
    """The JSON in a result's text."""
    return json.loads(result["content"][0]["text"])


def call(name: str, **arguments: Any) -> dict[str, Any]:
    """Params of a tool call."""
    return {"name": name, "arguments": arguments}


def ourselves() -> str:
    """As whom we run."""
    return pwd.getpwuid(os.geteuid()).pw_name

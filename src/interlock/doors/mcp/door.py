"""The MCP door: one server of the SDK's for each connection, behind the one address that all of them have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from mcp.server.lowlevel import Server
from starlette.types import Receive, Scope, Send

from interlock.doors.endings import Endings
from interlock.doors.mcp.alone import Alone
from interlock.doors.mcp.handling import Handling, Parts
from interlock.doors.mcp.http import McpHttp, Served, end_session
from interlock.doors.mcp.listing import Templates, Tools
from interlock.doors.mcp.needs import Bounds, Calls, Measures, Pins, ResultMasks, Tasks, Unmeasured
from interlock.doors.mcp.place import Place
from interlock.doors.mcp.reading import MAX_BODY
from interlock.doors.mcp.seams import Links, Object
from interlock.doors.mcp.sessions import Openings, Sessions
from interlock.gate import Gate
from interlock.model.connection import Connection
from interlock.model.mcp_settings import McpTokens
from interlock.model.names import ConnectionName
from interlock.ports import Clock, Entropy
from interlock.registry import Registry

IDLE_SECONDS: Final = 30 * 60.0  # after which a session without any request is over
SESSIONS: Final = 4_096  # on one connection


@dataclass(frozen=True, slots=True)
class Upstream:
    """One connection: what calls on it, lists of it and links to it are made with. `own`: tools that we add; `tokens`:
    what issuers' tokens must bring."""

    connection: Connection
    links: Links
    pins: Pins
    calls: Calls
    masks: ResultMasks
    tasks: Tasks | None = None
    own: Sequence[Object] = ()
    templates: Templates = field(default_factory=Templates)
    tokens: McpTokens = field(default_factory=McpTokens)


class McpDoor:
    """Clients of `/mcp/<connection>`. An ASGI application, to be mounted where its paths lie; `start` before the first
    request, `stop` after the last."""

    def __init__(
        self,
        upstreams: Mapping[ConnectionName, Upstream],
        *,
        gate: Gate,
        registry: Registry,
        clock: Clock,
        entropy: Entropy,
        bounds: Bounds,
        place: Place,
        issuers: tuple[str, ...] = (),
        most_per_actor: int = 128,
        version: str = "",
        measures: Measures | None = None,
        endings: Endings | None = None,
    ) -> None:
        self.endings = endings or Endings(gate)
        self.sessions = Sessions(registry, most_per_actor)
        self._upstreams, self._stopped = upstreams, asyncio.Event()
        self._stack: AsyncExitStack | None = None
        openings = Openings(gate, self.endings, clock, entropy)
        self._served = {
            name: _served(each, self.sessions, openings, bounds, measures or Unmeasured(), version)
            for name, each in upstreams.items()
        }
        self._http = McpHttp(self._served, registry, self.sessions, openings, bounds, place, issuers, clock)
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        await self._http(scope, receive, send)

    async def start(self) -> None:
        """Begins to serve."""
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._running = asyncio.ensure_future(self._run(started))
        await asyncio.wait({started, self._running}, return_when=asyncio.FIRST_COMPLETED)
        if self._running.done():
            self._running.result()

    async def _run(self, started: asyncio.Future[None]) -> None:
        # One task enters and leaves the SDK's scopes, as they demand.
        async with AsyncExitStack() as stack:
            for served in self._served.values():
                await stack.enter_async_context(served.manager.run())
            started.set_result(None)
            await self.sessions.watch(self._stopped)

    async def stop(self, seconds: float) -> None:
        """Ends every session and request, and what is open at the servers; waits for endings to be recorded."""
        self._stopped.set()
        if self._running is not None:
            await asyncio.wait({self._running}, timeout=seconds)
            self._running.cancel()
        for upstream in self._upstreams.values():
            await upstream.links.close()
        await self.endings.settled(seconds)


def _served(
    upstream: Upstream, sessions: Sessions, openings: Openings, bounds: Bounds, measures: Measures, version: str
) -> Served:
    tools = Tools(upstream.pins, upstream.masks, upstream.own)
    server: Server[Any] = Server(upstream.connection.name, version=version, get_tool_input_schema=_schema_of(tools))
    manager = Alone(server, session_idle_timeout=IDLE_SECONDS, max_sessions=SESSIONS, max_request_body_size=MAX_BODY)
    parts = Parts(
        upstream.connection,
        upstream.links,
        upstream.calls,
        upstream.masks,
        tools,
        sessions,
        openings,
        bounds,
        measures,
        partial(end_session, manager),
        upstream.tasks,
        upstream.templates,
    )
    server.middleware[:] = [Handling(server, parts)]
    return Served(upstream.connection, manager, upstream.pins, upstream.tokens, upstream.tasks)


def _schema_of(tools: Tools) -> Callable[[str], Mapping[str, Any] | None]:
    return tools.schema

"""The server behind the door that all MCP connections have: one that needs no link to anywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from interlock.actions.from_bundle import ITSELF
from interlock.doors.mcp.answers import METHOD_NOT_FOUND, Answered
from interlock.doors.mcp.door import Upstream
from interlock.doors.mcp.own.server import OwnServer
from interlock.doors.mcp.seams import MODERN, Asker, Client, Link, McpRefused, Object, Progress, Words
from interlock.gate import Cleared
from interlock.model.mcp_settings import McpTokens
from interlock.model.release import Outcome
from interlock.model.tool import Tool

STOP_SECONDS: Final = 10.0
NOTHING_MORE: Final = McpTokens()
INSTRUCTIONS: Final = (
    "Interlock guards databases. Use connections, then run_sql. Protected values come back masked; don't try to get"
    " around that. Some statements wait for people's approval, which you can't give: keep the approval_id and call"
    " await_approval."
)


def own_upstream(server: OwnServer, tokens: McpTokens = NOTHING_MORE) -> Upstream:
    """What `McpDoor` serves it by, as the connection `interlock`; `tokens`: what issuers' tokens must bring."""
    links, pins, calls = _NoLinks(server), _NoPins(), _OwnCalls(server)
    return Upstream(ITSELF, links, pins, calls, _OwnWords(), own=server.tools(), tokens=tokens)


class _NoLink:
    """No server lies behind: it is here."""

    protocol_version = MODERN
    instructions = INSTRUCTIONS

    @property
    def capabilities(self) -> Object:
        """Tools, and nothing else."""
        return {"tools": {}}

    async def request(
        self,
        method: str,
        params: Object,
        *,
        progress: Progress | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  as the seam has it
    ) -> Object:
        """Nobody is asked."""
        raise Answered(METHOD_NOT_FOUND, "Method not found")

    async def notify(self, method: str, params: Object) -> None:
        """Nobody is told."""

    @asynccontextmanager
    async def again(self, client: Client) -> AsyncIterator[Link]:
        yield self


class _NoLinks:
    def __init__(self, server: OwnServer) -> None:
        self._server = server

    @asynccontextmanager
    async def link(self, asker: Asker, client: Client, session: str | None) -> AsyncIterator[Link]:
        yield _NoLink()

    async def end(self, session: str) -> None:
        """Sessions leave nothing behind."""

    async def listed(self) -> Sequence[Object]:
        return ()

    async def close(self) -> None:
        await self._server.stop(STOP_SECONDS)


class _NoPins:
    """Its tools are ours, and change with our own version only."""

    def tool(self, name: str) -> Tool | None:
        return None

    async def fresh(self) -> None:
        """Nothing to ask for."""

    def available(self, asker: Asker) -> Sequence[Tool]:
        return ()


class _OwnCalls:
    def __init__(self, server: OwnServer) -> None:
        self._server = server

    async def call(
        self,
        asker: Asker,
        client: Client,
        link: Link,
        params: Object,
        *,
        session: str | None,
        progress: Progress | None,
        task: Object | None,
    ) -> Object:
        return await self._server.call(asker, client, str(params["name"]), params.get("arguments"), progress=progress)

    async def document(
        self,
        asker: Asker,
        client: Client,
        link: Link,
        method: str,
        params: Object,
        *,
        session: str | None,
        progress: Progress | None,
    ) -> Object:
        raise Answered(METHOD_NOT_FOUND, "Method not found")

    async def subscribe(self, asker: Asker, uri: str) -> Cleared | None:
        return None

    def subscribed(self, cleared: Cleared, outcome: Outcome) -> None:
        """Nobody is."""

    def may_still(self, cleared: Cleared) -> bool:
        return False


class _OwnWords:
    """Its words are ours, and what the PostgreSQL door let through: nothing is left to be masked."""

    async def text(self, text: str) -> str:
        return text

    async def error(self, refused: McpRefused) -> McpRefused:
        return refused

    async def params(self, method: str, params: Object) -> Object:
        return params

    def recalling(self, words: Words) -> Words:
        return self

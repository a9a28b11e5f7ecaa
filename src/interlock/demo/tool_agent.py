"""The scripted agent with MCP tools: the SDK's own client, seeing only what the gateway sends it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from interlock.demo.access import AGENT, DemoAccess
from interlock.errors import InterlockError, UpstreamFailed

AWAIT: Final = "interlock_await_approval"
CALL_SECONDS: Final = 120.0
_REVIEW: Final = re.compile(r"/reviews/([0-9a-f-]{36})\b")


@dataclass(frozen=True, slots=True)
class Came:
    """What a tool answered: its structured part, and everything received as one text."""

    told: Mapping[str, Any]
    raw: str
    error: bool

    @property
    def status(self) -> str:
        """What the gateway says of the call ("denied", "pending_approval" and so on); "" where the server answered."""
        return str(self._own.get("status", ""))

    @property
    def code(self) -> str:
        """Why it was denied."""
        return str(self._own.get("code", ""))

    @property
    def review(self) -> str:
        """The review that it waits for."""
        return str(self._own.get("approval_id", ""))

    @property
    def sentence(self) -> str:
        """The first text of the answer."""
        return self.raw.partition("\n")[0]

    @property
    def _own(self) -> Mapping[str, Any]:
        own = self.told.get("interlock")
        return own if isinstance(own, Mapping) else {}


class ToolAgent:
    """One session through the gateway, until 2025-11-25 as most clients have it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def tools(self) -> dict[str, str]:
        """The tools that the agent sees, with their descriptions."""
        listed = (await self._client.list_tools(cache_mode="bypass")).tools
        return {tool.name: tool.description or "" for tool in listed}

    async def call(
        self, name: str, arguments: Mapping[str, Any], held: Callable[[str], None] = lambda review: None
    ) -> Came:
        """Calls a tool; `held` hears, once, of the review that the call waits for."""
        seen: set[str] = set()

        async def step(progress: float, total: float | None, message: str | None) -> None:
            found = _REVIEW.search(message or "")
            if found is not None and found[1] not in seen:
                seen.add(found[1])
                held(found[1])

        return _came(await self._client.call_tool(name, dict(arguments), progress_callback=step))

    async def approved(self, review: str, seconds: float) -> bool:
        """Waits until the review is settled; whether the call may be repeated now."""
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            came = _came(await self._client.call_tool(AWAIT, {"approval_id": review}))
            if came.status not in ("pending_approval", "running"):
                return came.status == "approved"
        return False


@asynccontextmanager
async def tool_agent(access: DemoAccess) -> AsyncIterator[ToolAgent]:
    """The agent's session. What breaks off in it is an `InterlockError`."""
    headers = {"Authorization": f"Bearer {access.keys[AGENT].reveal()}"}
    try:
        async with (
            asyncio.timeout(access.patience),
            httpx2.AsyncClient(headers=headers, timeout=CALL_SECONDS, trust_env=False) as http,
            Client(streamable_http_client(access.tools, http_client=http), mode="legacy") as client,
        ):
            yield ToolAgent(client)
    except Exception as error:
        first = _first(error)
        if isinstance(first, InterlockError):
            raise first from None
        if isinstance(first, MCPError | httpx2.HTTPError | OSError | TimeoutError):
            raise UpstreamFailed(f"the session with tools broke off: {type(first).__name__}") from None
        raise


def _first(error: BaseException) -> BaseException:
    """The SDK's tasks wrap what breaks off in groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _came(result: types.CallToolResult) -> Came:
    told = result.structured_content if isinstance(result.structured_content, Mapping) else {}
    texts = [block.text for block in result.content if isinstance(block, types.TextContent)]
    return Came(told, "\n".join([*texts, json.dumps(told)]), bool(result.is_error))

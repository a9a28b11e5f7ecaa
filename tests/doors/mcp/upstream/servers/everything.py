"""A server on the SDK's own low-level parts, with a tool for everything that a link has to carry. Run as a script it
speaks over stdio."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

Context = ServerRequestContext[Any]
Answer = types.CallToolResult | types.InputRequiredResult
FORM: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}}


class Everything:
    """The server, and what happened to it."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.flooded = asyncio.Event()
        self.counts: dict[int, int] = {}
        self._connections: list[Any] = []
        self.calls = 0
        self.server: Server[Any] = Server(
            "everything", version="1", instructions="be kind", on_list_tools=self._list, on_call_tool=self._call
        )

    async def _list(self, ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        names = sorted(self._tools())
        second = params is not None and params.cursor == "2"
        shown = names[3:] if second else names[:3]
        tools = [types.Tool(name=name, input_schema={"type": "object"}) for name in shown]
        return types.ListToolsResult(tools=tools, next_cursor=None if second else "2")

    def _tools(self) -> dict[str, Callable[[Context, types.CallToolRequestParams], Awaitable[Any]]]:
        return {
            "environ": self._environ,
            "count": self._count,
            "elicit": self._elicit,
            "needs": self._needs,
            "sample": self._sample,
            "progress": self._progress,
            "log": self._log,
            "wait": self._wait,
            "die": self._die,
            "refuse": self._refuse,
            "meta": self._meta,
            "flood": self._flood,
            "chatter": self._chatter,
        }

    async def _call(self, ctx: Context, params: types.CallToolRequestParams) -> Answer:
        self.calls += 1
        told = await self._tools()[params.name](ctx, params)
        return told if isinstance(told, types.CallToolResult | types.InputRequiredResult) else said(told)

    async def _environ(self, ctx: Context, params: Any) -> Any:
        return {"environ": dict(os.environ), "uid": os.getuid(), "cwd": str(Path.cwd())}

    async def _count(self, ctx: Context, params: Any) -> Any:
        if ctx.session._connection not in self._connections:
            self._connections.append(ctx.session._connection)
        which = self._connections.index(ctx.session._connection)
        self.counts[which] = self.counts.get(which, 0) + 1
        return {"session": which, "count": self.counts[which]}

    async def _elicit(self, ctx: Context, params: Any) -> Any:
        answer = await ctx.session.elicit_form("Who?", FORM)
        return answer.model_dump(mode="json", exclude_none=True)

    async def _needs(self, ctx: Context, params: types.CallToolRequestParams) -> Any:
        if params.input_responses:
            given = params.input_responses["who"]
            assert isinstance(given, types.ElicitResult)
            return {"given": given.content, "state": params.request_state}
        asked = types.ElicitRequest(params=types.ElicitRequestFormParams(message="Who?", requested_schema=FORM))
        return types.InputRequiredResult(input_requests={"who": asked}, request_state="sealed")

    async def _sample(self, ctx: Context, params: Any) -> Any:
        text = types.TextContent(type="text", text="hello")
        request = types.CreateMessageRequest(
            params=types.CreateMessageRequestParams(
                messages=[types.SamplingMessage(role="user", content=text)], max_tokens=10
            )
        )
        answer = await ctx.session.send_request(request, types.CreateMessageResult)
        return answer.model_dump(mode="json", exclude_none=True)

    async def _progress(self, ctx: Context, params: Any) -> Any:
        for step in (1.0, 2.0, 2.0, 1.5, 3.0):
            await ctx.session.report_progress(step, 3.0, f"step {step}")
        return {}

    async def _log(self, ctx: Context, params: Any) -> Any:
        note = types.LoggingMessageNotification(
            params=types.LoggingMessageNotificationParams(level="warning", data="careful")
        )
        await ctx.session.send_notification(note, ctx.request_id)
        return {}

    async def _chatter(self, ctx: Context, params: Any) -> Any:
        for number in range(50):
            note = types.LoggingMessageNotification(
                params=types.LoggingMessageNotificationParams(level="warning", data=number)
            )
            await ctx.session.send_notification(note, ctx.request_id)
        return {}

    async def _flood(self, ctx: Context, params: Any) -> Any:
        refused = 0

        async def one() -> bool:
            nonlocal refused
            try:
                await ctx.session.elicit_form("Who?", FORM)
            except MCPError:
                refused += 1
                if refused == 4:
                    self.flooded.set()
                return False
            return True

        answered = sum(await asyncio.gather(*(one() for _ in range(12))))
        return {"answered": answered, "refused": refused}

    async def _wait(self, ctx: Context, params: Any) -> Any:
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def _die(self, ctx: Context, params: Any) -> Any:
        os._exit(3)

    async def _refuse(self, ctx: Context, params: Any) -> Any:
        raise an_error()

    async def _meta(self, ctx: Context, params: types.CallToolRequestParams) -> Any:
        return dict(params.meta or {})


def an_error() -> Exception:
    """The protocol's own error, with words of the server's."""
    return MCPError(code=-32050, message="no, Mrs Canary", data={"why": "canary"})


def said(told: Any) -> types.CallToolResult:
    """A result with `told` as JSON in its text."""
    return types.CallToolResult(content=[types.TextContent(type="text", text=json.dumps(told))])


async def main() -> None:
    """Speaks over stdio until its input ends."""
    server = Everything().server
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    asyncio.run(main())

"""The peer that the MCP door is measured beside: the SDK's own parts put together as a plain proxy, and nothing else.

python -m bench.mcp_proxy PORT UPSTREAM
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import mcp_types as types
import uvicorn
from mcp import Client
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server

Context = ServerRequestContext[Any]


async def serve(port: int, upstream: str) -> None:
    """Forwards tools/list and tools/call, until it is ended."""
    async with Client(upstream) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}

        async def listed(_: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
            return types.ListToolsResult(tools=list(tools.values()))

        async def call(_: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
            return await client.call_tool(params.name, params.arguments)

        server: Server[Any] = Server(
            "proxy",
            get_tool_input_schema=lambda name: tools[name].input_schema if name in tools else None,
            on_list_tools=listed,
            on_call_tool=call,
        )
        config = uvicorn.Config(server.streamable_http_app(), host="127.0.0.1", port=port, log_level="warning")
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))

"""`interlock serve` with an MCP server behind it: the SDK's own clients over HTTP and over `interlock mcp`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from tests.cli.an_installation import Installation, installation

from interlock.demo.embedded_postgres import free_port

SERVER = '''
import sys
from mcp.server.mcpserver import Context, MCPServer

server = MCPServer("tracker", instructions="Ask for what you need.")

@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b

@server.tool()
async def find(ctx: Context, name: str) -> str:
    """Finds a record."""
    await ctx.report_progress(1, 2, "half way")
    return "The SSN on file is 536-90-4399."

@server.tool()
def drop(name: str) -> str:
    """Drops a record."""
    return "dropped"

@server.resource("note://{id}")
def note(id: str) -> str:
    return "a note"

server.run(transport="streamable-http", port=int(sys.argv[1]))
'''
POLICY = """
@id("open")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"session", resource);
@id("call")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"execute", resource);
@id("read")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"read", resource);
@id("no-drops") @because("Nothing is dropped here.")
forbid (principal, action, resource == Interlock::Tool::"tracker/drop");
"""


@contextmanager
def _upstream(directory: Path) -> Iterator[str]:
    port = free_port()
    script = directory / "server.py"
    script.write_text(SERVER)
    with (directory / "server.log").open("w") as log:
        process = subprocess.Popen([sys.executable, str(script), str(port)], stdout=log, stderr=log)
        try:
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.terminate()
            process.wait(10)


async def _listed(url: str) -> list[dict[str, Any]]:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(httpx2.HTTPError, ExceptionGroup):
                async with Client(url, mode="legacy") as client:
                    tools = (await client.list_tools()).tools
                    return [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in tools]
            await asyncio.sleep(0.1)


@contextmanager
def _installed(directory: Path, upstream: str, tools: list[dict[str, Any]]) -> Iterator[Installation]:
    directory.mkdir()
    with installation(directory) as made:
        made.policy.write_text(POLICY)
        (directory / "tracker.json").write_text(json.dumps({"connection": "tracker", "tools": tools}))
        text = made.settings.read_text().replace(
            'files = ["local.cedar"]', 'files = ["local.cedar"]\ntools = ["tracker.json"]'
        )
        made.settings.write_text(f'{text}\n[mcp.tracker]\nurl = "{upstream}"\n')
        yield made


def _agents_url(made: Installation) -> str:
    found = re.search(r"\[listen\.agents\]\nport = (\d+)", made.settings.read_text())
    assert found is not None
    return f"http://127.0.0.1:{found[1]}"


@asynccontextmanager
async def _client(made: Installation, mode: str) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {await asyncio.to_thread(made.key, 'etl')}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30, trust_env=False) as http:
        transport = streamable_http_client(f"{_agents_url(made)}/mcp/tracker", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


async def _tries(client: Client) -> None:
    assert [tool.name for tool in (await client.list_tools()).tools if "interlock" not in tool.name] == ["add", "find"]
    added = await client.call_tool("add", {"a": 1, "b": 2})
    assert not added.is_error and added.structured_content == {"result": 3}
    seen: list[str | None] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        seen.append(message)

    found = await client.call_tool("find", {"name": "x"}, progress_callback=on_progress)
    assert "536-90-4399" not in found.model_dump_json()
    assert seen == ["half way"]
    denied = await client.call_tool("drop", {"name": "x"})
    assert denied.is_error and "NOT EXECUTED" in denied.content[0].text  # type: ignore[union-attr]
    assert (await client.read_resource("note://1")).contents[0].text == "a note"  # type: ignore[union-attr]


@pytest.mark.slow
async def test_real_clients_through_the_whole_gateway(tmp_path: Path) -> None:
    with _upstream(tmp_path) as upstream:
        tools = await _listed(upstream)
        with _installed(tmp_path / "i", upstream, tools) as made, made.serving():
            accepted = made.call("POST", "/api/people/me/wards/etl/accept", made.console("dana"))
            assert accepted.is_success, accepted.text
            for mode in ("legacy", "auto", "2026-07-28"):
                async with _client(made, mode) as client:
                    await _tries(client)
            command = StdioServerParameters(
                command=str(Path(sys.executable).with_name("interlock")),
                args=["mcp", "tracker", "--url", _agents_url(made)],
                env={"INTERLOCK_TOKEN": made.key("etl")},
            )
            for mode in ("legacy", "auto"):
                async with Client(command, mode=mode) as client:
                    await _tries(client)

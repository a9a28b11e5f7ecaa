"""`interlock serve` in front of an MCP server, both in child processes, with every tool pinned."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from tests.cli.an_installation import Installation, installation

from interlock.demo.embedded_postgres import free_port
from interlock.demo.ownership import accept

ROOT = Path(__file__).resolve().parents[1]
CONNECTION = "reference"
READY_SECONDS = 20.0
POLICY = """
@id("open")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"session", resource);
@id("execute")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"execute", resource);
@id("read")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"read", resource);
"""


@contextmanager
def mcp_server(directory: Path, *command: str) -> Iterator[str]:
    """The reference server, or `command` with a port behind it, until the end of the block; its address."""
    port = free_port()
    with (directory / "mcp-server.log").open("w") as log:
        run = [sys.executable, *(command or ("-m", "testkit.mcp_server")), str(port)]
        child = subprocess.Popen(run, cwd=ROOT, env=dict(os.environ), stdout=log, stderr=log)
        try:
            _wait(child, f"http://127.0.0.1:{port}/mcp")
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            child.terminate()
            child.wait(10)


def _wait(child: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            httpx.get(url, trust_env=False, timeout=2.0)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the MCP server didn't start")


async def listed(url: str) -> list[dict[str, Any]]:
    """Every tool of a server, as it lists them, with what is pinned of each."""
    async with asyncio.timeout(READY_SECONDS), Client(url, mode="legacy") as client:
        tools = (await client.list_tools()).tools
    return [tool.model_dump(by_alias=True, mode="json", exclude_none=True, exclude={"meta", "icons"}) for tool in tools]


@dataclass
class McpGateway:
    """The running gateway, and how agents reach its MCP connection."""

    made: Installation
    upstream: str
    connection: str = CONNECTION
    content: str = "off"

    @property
    def port(self) -> int:
        """The agents' port."""
        found = re.search(r"\[listen\.agents\]\nport = (\d+)", self.made.settings.read_text())
        assert found is not None
        return int(found[1])

    @property
    def url(self) -> str:
        """The connection's address."""
        return f"http://127.0.0.1:{self.port}/mcp/{self.connection}"

    @property
    def key(self) -> str:
        """The agent's."""
        return self.made.key("etl")

    @asynccontextmanager
    async def client(self, mode: str, *, stdio: bool = False, **more: Any) -> AsyncIterator[Client]:
        """The SDK's own client, over HTTP or by `interlock mcp`."""
        key = await asyncio.to_thread(lambda: self.key)
        async with AsyncExitStack() as stack:
            if stdio:
                program = str(Path(sys.executable).with_name("interlock"))
                arguments = ["mcp", self.connection, "--url", f"http://127.0.0.1:{self.port}"]
                target: Any = StdioServerParameters(command=program, args=arguments, env={"INTERLOCK_TOKEN": key})
            else:
                headers = {"Authorization": f"Bearer {key}"}
                http = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False))
                target = streamable_http_client(self.url, http_client=http)
            yield await stack.enter_async_context(Client(target, mode=mode, **more))

    def stored(self) -> list[bytes]:
        """What lies in its data directory: the ledger and all the rest, file by file."""
        return [path.read_bytes() for path in sorted((self.made.directory / "data").rglob("*")) if path.is_file()]


@contextmanager
def mcp_gateway(
    directory: Path,
    upstream: str,
    tools: Sequence[Mapping[str, Any]],
    *,
    policy: str = POLICY,
    connection: str = CONNECTION,
    content: str = "off",
    more: str = "",
) -> Iterator[McpGateway]:
    """Runs it; `content` and `more` are of the connection's settings."""
    directory.mkdir(exist_ok=True)
    with installation(directory) as made:
        made.policy.write_text(policy)
        (directory / "tools.json").write_text(json.dumps({"connection": connection, "tools": list(tools)}))
        text = made.settings.read_text().replace(
            'files = ["local.cedar"]', 'files = ["local.cedar"]\ntools = ["tools.json"]'
        )
        made.settings.write_text(f'{text}\n[mcp.{connection}]\nurl = "{upstream}"\ncontent = "{content}"\n{more}\n')
        with made.serving():
            accept(made.url, _link(made, "dana"), "etl")
            yield McpGateway(made, upstream, connection, content)


def _link(made: Installation, person: str) -> str:
    operator = {"Authorization": f"Bearer {made.operator}"}
    return str(made.call("POST", "/api/operator/sign-in-links", operator, {"person": person}).json()["url"])

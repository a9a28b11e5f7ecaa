"""MCP's own SDKs, Python's and TypeScript's, get through the gateway what they get from the server itself."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.shared.exceptions import MCPError
from tests.an_mcp_gateway import McpGateway, listed, mcp_gateway, mcp_server

PROGRAM = Path(__file__).with_name("mcp_client.mjs")
SDK = "@modelcontextprotocol/sdk@1.32.2"
ERAS = ("legacy", "auto", "2026-07-28")
SERVER_LOG = "mcp-server.log"
GIVEN_UP = "slow: given up"

pytestmark = pytest.mark.xdist_group("mcp-clients")


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    directory = tmp_path_factory.mktemp("upstream")
    with mcp_server(directory) as url:
        yield url, directory / SERVER_LOG


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, upstream: tuple[str, Path]) -> Iterator[McpGateway]:
    url, _ = upstream
    with mcp_gateway(tmp_path_factory.mktemp("gateway"), url, asyncio.run(listed(url))) as made:
        yield made


@pytest.fixture(scope="module")
def sdk() -> Path:
    """The TypeScript SDK's folder; kept between runs."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("LOUD: no Node here, so MCP's TypeScript client wasn't tried")
    directory = Path(tempfile.gettempdir()) / "interlock-mcp-client"
    found = directory / "node_modules" / "@modelcontextprotocol" / "sdk"
    if not (found / "dist" / "esm").exists():
        directory.mkdir(exist_ok=True)
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(directory), SDK]
        try:
            got = subprocess.run(command, capture_output=True, timeout=120, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip("LOUD: npm took too long, so MCP's TypeScript client wasn't tried")
        if got.returncode != 0:
            pytest.skip("LOUD: npm can't get its packages, so MCP's TypeScript client wasn't tried")
    return found


async def _accept(context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ElicitResult:
    assert isinstance(params, types.ElicitRequestFormParams)
    asked: Any = params.requested_schema["properties"]
    return types.ElicitResult(action="accept", content={name: f"my {name}" for name in asked})


def _plain(told: Any) -> Any:
    """What a result tells its reader: who relayed it, and for how long it is fresh, aside."""
    dumped = told.model_dump(by_alias=True, mode="json", exclude_none=True)
    return {name: value for name, value in dumped.items() if name not in ("_meta", "ttlMs", "cacheScope")}


def _awaited(direct: dict[str, Any]) -> dict[str, Any]:
    """What a server lists, and the gateway for it: what is done only as a task may be called without one there, for the
    gateway waits."""
    lists = [
        {**tool, "execution": {"taskSupport": "optional"}} if tool.get("execution") else tool
        for tool in direct["tools"]
    ]
    return {**direct, "tools": lists}


async def _refusal(client: Client, name: str) -> int:
    with pytest.raises(MCPError) as refused:
        await client.call_tool(name, {})
    return refused.value.code


async def _look(client: Client, mode: str) -> dict[str, Any]:
    """Everything that a client does, and what came of it."""
    tools = [tool for tool in (await client.list_tools()).tools if not tool.name.startswith("interlock_")]
    steps: list[tuple[float, float | None, str | None]] = []

    async def step(progress: float, total: float | None, message: str | None) -> None:
        steps.append((progress, total, message))

    asks = "test_elicitation" if mode == "legacy" else "test_input_required_result_multi_round"
    told = {
        "tools": sorted((_plain(tool) for tool in tools), key=lambda tool: str(tool["name"])),
        "echo": _plain(await client.call_tool("echo", {"text": "ärgerlich \U0001f600"})),
        "mixed": _plain(await client.call_tool("test_multiple_content_types", {})),
        "error": _plain(await client.call_tool("test_error_handling", {})),
        "unknown": await _refusal(client, "no_such_tool"),
        "progress": _plain(await client.call_tool("test_tool_with_progress", {}, progress_callback=step)),
        "steps": steps,
        "elicited": _plain(await client.call_tool(asks, {"message": "Who?"} if mode == "legacy" else {})),
        "resources": _plain(await client.list_resources()),
        "templates": _plain(await client.list_resource_templates()),
        "text": _plain(await client.read_resource("test://static-text")),
        "binary": _plain(await client.read_resource("test://static-binary")),
        "template": _plain(await client.read_resource("test://template/7/data")),
        "prompts": _plain(await client.list_prompts()),
        "prompt": _plain(await client.get_prompt("test_prompt_with_arguments", {"arg1": "a", "arg2": "b"})),
    }
    return json.loads(json.dumps(told))  # type: ignore[no-any-return]


def _through(served: McpGateway, mode: str, stdio: bool) -> AbstractAsyncContextManager[Client]:
    return served.client(mode, stdio=stdio, elicitation_callback=_accept)


@pytest.mark.parametrize("stdio", [False, True], ids=["http", "stdio"])
@pytest.mark.parametrize("mode", ERAS)
async def test_pythons_client_gets_what_it_gets_directly(
    upstream: tuple[str, Path], served: McpGateway, mode: str, stdio: bool
) -> None:
    async with asyncio.timeout(60):
        async with Client(
            upstream[0], mode="legacy" if mode == "legacy" else "auto", elicitation_callback=_accept
        ) as c:
            direct = await _look(c, "legacy" if mode == "legacy" else "modern")
        async with _through(served, mode, stdio) as client:
            through = await _look(client, "legacy" if mode == "legacy" else "modern")
    assert through == _awaited(direct)


@pytest.mark.parametrize("stdio", [False, True], ids=["http", "stdio"])
@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_who_gives_up_gives_up_at_the_server(
    upstream: tuple[str, Path], served: McpGateway, mode: str, stdio: bool
) -> None:
    log = upstream[1]
    before = log.read_text().count(GIVEN_UP)
    async with asyncio.timeout(60), _through(served, mode, stdio) as client:
        begun = asyncio.Event()

        async def step(progress: float, total: float | None, message: str | None) -> None:
            begun.set()

        call = asyncio.ensure_future(client.call_tool("slow", {"seconds": 50}, progress_callback=step))
        await begun.wait()
        call.cancel()
        await asyncio.wait({call})
        while log.read_text().count(GIVEN_UP) == before:
            await asyncio.sleep(0.02)
        assert _plain(await client.call_tool("echo", {"text": "still here"}))["content"][0]["text"] == "still here"


async def _look_by_node(sdk: Path, url: str, *token: str) -> dict[str, Any]:
    child = await asyncio.create_subprocess_exec(
        "node", str(PROGRAM), str(sdk), url, *token, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, complaints = await asyncio.wait_for(child.communicate(), 60)
    assert child.returncode == 0, complaints.decode()
    told: dict[str, Any] = json.loads(out)
    return told


async def test_typescripts_client_gets_what_it_gets_directly(
    upstream: tuple[str, Path], served: McpGateway, sdk: Path
) -> None:
    direct = await _look_by_node(sdk, upstream[0])
    assert await _look_by_node(sdk, served.url, served.key) == _awaited(direct)
    assert direct["cancelled"] == "it was given up"
    assert direct["steps"] and direct["asked"]

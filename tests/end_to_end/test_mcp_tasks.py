"""The reference server's own tasks, and its resource that changes, through a gateway process: both eras."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any, Literal

import httpx
import mcp_types as types
import pytest
from mcp import Client
from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ResourcesListChanged, ResourceUpdated, ToolsListChanged
from testkit.mcp_tasks import EXTENSION
from tests.an_mcp_gateway import POLICY, McpGateway, listed, mcp_gateway, mcp_server

WATCHED, SECRET = "test://watched-resource", "test://template/secret/data"
RULES = f"""{POLICY}
@id("no-templates") @because("Not these.")
forbid (principal, action, resource == Interlock::Document::"reference/resources/test://template/{{id}}/data");
"""
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {"extensions": {EXTENSION: {}}, "elicitation": {}},
}

pytestmark = pytest.mark.xdist_group("mcp-tasks")


class Begun(types.Result):
    """The answer of a call that goes on."""

    result_type: Literal["task"]
    task_id: str = ""
    status: str = ""


class Tasks(ClientExtension):
    """The extension, as a client has it; `ids` are the tasks that there were."""

    identifier = EXTENSION

    def __init__(self) -> None:
        self.ids: list[str] = []

    def claims(self) -> list[ResultClaim[Any]]:
        """Calls may be answered with one."""
        return [ResultClaim(result_type="task", model=Begun, resolve=self.resolve)]

    async def resolve(self, begun: Begun, context: ClaimContext) -> types.CallToolResult:
        """It is only remembered."""
        self.ids.append(begun.task_id)
        return types.CallToolResult(content=[])


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[McpGateway]:
    with mcp_server(tmp_path_factory.mktemp("upstream")) as url:
        tools = asyncio.run(listed(url))
        with mcp_gateway(tmp_path_factory.mktemp("gateway"), url, tools, policy=RULES) as made:
            yield made


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("tool", ["later", "later_always"])
async def test_who_takes_no_tasks_gets_the_result(gateway: McpGateway, mode: str, tool: str) -> None:
    async with gateway.client(mode) as client:
        result = await client.call_tool(tool, {"text": "x", "looks": 2})
        assert not result.is_error and result.content[0].text == "Done later: x"  # type: ignore[union-attr]
        failed = client.call_tool(tool, {"text": "y", "end": "failed"})
        if tool == "later_always" or mode == "auto":
            with pytest.raises(MCPError, match="It couldn't be done: y"):
                await failed
        else:
            assert (await failed).content[0].text == "Done later: y"  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_what_it_asks_meanwhile_is_asked(gateway: McpGateway, mode: str) -> None:
    async def elicited(context: Any, params: Any) -> types.ElicitResult:
        return types.ElicitResult(action="accept", content={"name": "Ada"})

    async with gateway.client(mode, elicitation_callback=elicited) as client:
        result = await client.call_tool("later_asks", {})
        said = result.content[0].text  # type: ignore[union-attr]
        assert said == ("Hello, Ada!" if mode == "auto" else "Hello, nobody!")  # which is no task there, if nobody asks


class Raw:
    """Requests as they are."""

    def __init__(self, gateway: McpGateway, http: httpx.AsyncClient, **headers: str) -> None:
        self._url, self._http, self._headers, self._number = gateway.url, http, headers, 0

    async def ask(self, method: str, params: dict[str, Any], **headers: str) -> dict[str, Any]:
        """The answer to one, result or error."""
        self._number += 1
        body = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        told = {"Accept": "application/json, text/event-stream", **self._headers, **headers}
        answer = await self._http.post(self._url, json=body, headers=told)
        if session := answer.headers.get("mcp-session-id"):
            self._headers["Mcp-Session-Id"] = session
        text = answer.text
        if answer.headers["content-type"].startswith("text/event-stream"):
            lines = [line.removeprefix("data:").strip() for line in text.splitlines() if line.startswith("data:")]
            text = next(line for line in reversed(lines) if line and "id" in json.loads(line))
        found: dict[str, Any] = json.loads(text)
        return found

    async def modern(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """One that stands alone."""
        name = params.get("name", params.get("taskId", ""))
        headers = {"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": method, "Mcp-Name": name}
        return await self.ask(method, {**params, "_meta": META}, **headers)


def http_of(gateway: McpGateway) -> httpx.AsyncClient:
    """With the agent's key."""
    return httpx.AsyncClient(headers={"Authorization": f"Bearer {gateway.key}"}, timeout=30, trust_env=False)


async def test_a_client_of_the_extension_has_a_task_of_ours(gateway: McpGateway) -> None:
    tasks = Tasks()
    async with gateway.client("auto", extensions=[tasks]) as client:
        await client.call_tool("later", {"text": "z", "looks": 3})
    async with await asyncio.to_thread(http_of, gateway) as http:
        raw, (id_,) = Raw(gateway, http), tasks.ids
        while (got := (await raw.modern("tasks/get", {"taskId": id_}))["result"])["status"] == "working":
            await asyncio.sleep(0.05)
        assert got["status"] == "completed" and got["result"]["content"][0]["text"] == "Done later: z"
        wrong = await raw.ask("tasks/get", {"taskId": id_, "_meta": META}, **{
            "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tasks/get", "Mcp-Name": "another"
        })  # fmt: skip
        assert wrong["error"]["code"] == types.HEADER_MISMATCH


async def test_input_for_a_task_is_given_by_an_update(gateway: McpGateway) -> None:
    async with await asyncio.to_thread(http_of, gateway) as http:
        raw = Raw(gateway, http)
        begun = (await raw.modern("tools/call", {"name": "later_asks", "arguments": {}}))["result"]
        id_ = begun["taskId"]
        while (got := (await raw.modern("tasks/get", {"taskId": id_}))["result"])["status"] == "working":
            await asyncio.sleep(0.05)
        assert got["status"] == "input_required" and set(got["inputRequests"]) == {"who"}
        answers = {"who": {"action": "accept", "content": {"name": "Ada"}}}
        updated = await raw.modern("tasks/update", {"taskId": id_, "inputResponses": answers})
        assert updated["result"]["resultType"] == "complete"
        while (got := (await raw.modern("tasks/get", {"taskId": id_}))["result"])["status"] != "completed":
            await asyncio.sleep(0.05)
        assert got["result"]["content"][0]["text"] == "Hello, Ada!"


async def test_a_client_of_before_has_a_task_of_ours(gateway: McpGateway) -> None:
    async with await asyncio.to_thread(http_of, gateway) as http:
        raw = Raw(gateway, http)
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        assert "tasks" in (await raw.ask("initialize", hello))["result"]["capabilities"]
        tools = (await raw.ask("tools/list", {}))["result"]["tools"]
        support = {tool["name"]: tool.get("execution") for tool in tools}
        assert support["later"] == support["later_always"] == {"taskSupport": "optional"} and support["echo"] is None
        call = {"name": "later", "arguments": {"text": "z", "looks": 2}, "task": {"ttl": 60_000}}
        task = (await raw.ask("tools/call", call))["result"]["task"]
        assert task["status"] == "working"
        result = (await raw.ask("tasks/result", {"taskId": task["taskId"]}))["result"]
        assert result["content"][0]["text"] == "Done later: z"
        assert result["_meta"] == {"io.modelcontextprotocol/related-task": {"taskId": task["taskId"]}}
        endless = {**call, "arguments": {"looks": 1000}}
        task = (await raw.ask("tools/call", endless))["result"]["task"]
        cancelled = (await raw.ask("tasks/cancel", {"taskId": task["taskId"]}))["result"]
        assert cancelled["status"] == "cancelled"


async def changed(client: Client, uri: str) -> None:
    """The server is made to change a resource."""
    await client.call_tool("change", {"uri": uri})


async def test_changes_are_told_to_who_may_know(gateway: McpGateway) -> None:
    async with gateway.client("auto") as client:
        assert client.server_capabilities.resources is not None and client.server_capabilities.resources.subscribe
        async with client.listen(tools_list_changed=True, resource_subscriptions=[WATCHED, SECRET]) as listening:
            assert listening.honored.resource_subscriptions == [WATCHED]
            await changed(client, SECRET)
            await changed(client, WATCHED)
            seen = set()
            async with asyncio.timeout(20):
                async for event in listening:
                    seen.add(event)
                    if ResourceUpdated(WATCHED) in seen:
                        break
            assert seen <= {ResourceUpdated(WATCHED), ToolsListChanged()} and ResourcesListChanged() not in seen


async def test_a_server_of_before_has_no_such_streams(gateway: McpGateway) -> None:
    async with gateway.client("legacy") as client:
        with pytest.raises(Exception, match="not available at protocol version"):
            async with client.listen(tools_list_changed=True):
                pass

"""Both eras, by the SDK's own client, over real HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from tests.doors.mcp.a_door import CANARY, MASKED, MODERN, a_tool, running

ERAS = ["legacy", "auto", MODERN]


@pytest.mark.parametrize("mode", ERAS)
async def test_a_client_lists_and_calls(tmp_path: Path, mode: str) -> None:
    async with running(tmp_path) as r, r.client(mode) as client:
        tools = await client.list_tools()
        assert [tool.name for tool in tools.tools] == ["read", "write"]
        assert tools.tools[0].description == "read it"
        result = await client.call_tool("write", {"title": "t"})
        assert result.content[0].text == "done"  # type: ignore[union-attr]
        ((method, params),) = r.calls.asked
        assert (method, params["name"], params["arguments"]) == ("tools/call", "write", {"title": "t"})
        assert (r.calls.sessions[0] is None) is (mode != "legacy")


@pytest.mark.parametrize("mode", ERAS)
async def test_documents_go_to_the_gate_and_lists_are_masked(tmp_path: Path, mode: str) -> None:
    async with running(tmp_path) as r, r.client(mode) as client:
        r.links.one.results["resources/list"] = {
            "resources": [{"uri": "note://1", "name": CANARY, "icons": [{"src": "x:y"}], "_meta": {"a": CANARY}}]
        }
        listed = await client.list_resources()
        assert listed.resources[0].name == MASKED
        assert listed.resources[0].icons is None
        assert (await client.read_resource("note://1")).contents[0].text == "a page"  # type: ignore[union-attr]
        assert (await client.get_prompt("p")).messages[0].role == "user"
        assert [method for method, _ in r.calls.asked] == ["resources/read", "prompts/get"]


async def test_what_a_server_says_of_itself_is_masked(tmp_path: Path) -> None:
    async with running(tmp_path) as r:
        async with r.client("legacy") as client:
            assert client.instructions == f"Ask {MASKED} first."
            assert client.server_capabilities.resources is not None
            assert client.server_capabilities.logging is None
        async with r.client("auto") as client:
            assert client.instructions == f"Ask {MASKED} first."


async def test_tools_are_told_page_by_page(tmp_path: Path) -> None:
    async with running(tmp_path) as r, r.client("legacy") as client:
        r.pins.tools = [a_tool(f"t{n:03}") for n in reversed(range(205))]
        names, cursor = [], None
        while True:
            page = await client.list_tools(cursor=cursor)
            names += [tool.name for tool in page.tools]
            if (cursor := page.next_cursor) is None:
                break
        assert names == [f"t{n:03}" for n in range(205)]
        with pytest.raises(MCPError):
            await client.list_tools(cursor="nonsense!")


async def test_a_tool_that_policy_denies_is_not_told(tmp_path: Path) -> None:
    async with running(tmp_path) as r:
        actor = r.office.registry.authenticate(r.key)
        r.pins.denied.add((actor.id, "write"))
        async with r.client("auto") as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == ["read"]
        async with r.client("auto", key=r.other) as client:
            assert len((await client.list_tools()).tools) == 2


async def test_labelled_arguments_are_not_mirrored_into_headers(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"mrn": {"type": "string", "x-mcp-header": "Mrn"}}}
    async with running(tmp_path) as r, r.client("auto") as client:
        r.pins.tools = [a_tool("find", input_schema=schema, fields={"arguments.mrn": "phi.mrn"})]
        (tool,) = (await client.list_tools()).tools
        assert "x-mcp-header" not in str(tool.input_schema)
        await client.call_tool("find", {"mrn": "1"})


@pytest.mark.parametrize("mode", ["legacy", MODERN])
async def test_progress_reaches_the_client_under_its_own_token(tmp_path: Path, mode: str) -> None:
    async def slow(asker: Any, client: Any, params: Any, progress: Any) -> Any:
        assert progress is not None
        for step in (1.0, 1.0, 2.0):
            await progress(step, 2.0, "working")
        return {"content": []}

    seen: list[tuple[float, float | None, str | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))

    async with running(tmp_path) as r, r.client(mode) as client:
        r.calls.answers["write"] = slow
        await client.call_tool("write", {}, progress_callback=on_progress)
    assert seen == [(1.0, 2.0, "working"), (2.0, 2.0, "working")]


async def test_a_server_asks_the_client_and_tells_it_things(tmp_path: Path) -> None:
    from mcp_types import ElicitResult

    asked: list[str] = []
    logs: list[Any] = []

    async def elicit(context: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"ok": True})

    async def logged(params: Any) -> None:
        logs.append(params.data)

    answers: list[Any] = []

    async def asking(asker: Any, client: Any, params: Any, progress: Any) -> Any:
        await client.tell("notifications/message", {"level": "info", "data": f"saw {CANARY}"})
        await client.tell("notifications/invented", {"data": CANARY})
        form = {"type": "object", "properties": {"ok": {"type": "boolean"}}}
        answers.append(
            await client.ask("elicitation/create", {"message": f"Is it {CANARY}?", "requestedSchema": form}, timeout=10)
        )
        return {"content": []}

    async with (
        running(tmp_path) as r,
        r.client("legacy", elicitation_callback=elicit, logging_callback=logged) as client,
    ):
        r.calls.answers["write"] = asking
        await client.call_tool("write", {})
    assert asked == [f"Is it {MASKED}?"]
    assert answers == [{"action": "accept", "content": {"ok": True}}]
    assert logs == [f"saw {MASKED}"]


@pytest.mark.parametrize("mode", ["legacy", MODERN])
async def test_a_client_that_gives_up_cancels(tmp_path: Path, mode: str) -> None:
    begun = asyncio.Event()

    async def waits(asker: Any, client: Any, params: Any, progress: Any) -> Any:
        begun.set()
        await asyncio.Event().wait()

    async with running(tmp_path) as r, r.client(mode) as client:
        r.calls.answers["write"] = waits
        call = asyncio.ensure_future(client.call_tool("write", {}))
        await begun.wait()
        call.cancel()
        async with asyncio.timeout(10):
            while not r.calls.cancelled:
                await asyncio.sleep(0.01)
        assert (await client.call_tool("read", {})).content[0].text == "done"  # type: ignore[union-attr]


async def test_a_session_is_one_recorded_action_and_ends_its_upstream(tmp_path: Path) -> None:
    async with running(tmp_path) as r:
        async with r.client("legacy") as client:
            await client.list_tools()
        async with asyncio.timeout(10):
            while not r.links.ended:
                await asyncio.sleep(0.01)
        assert len(r.door.sessions) == 0
        async with r.client(MODERN) as client:
            await client.list_tools()
            await client.list_tools(cache_mode="bypass")
        opened = await r.entries("action.released")
        assert [each["verbs"] for each in opened] == [["session.open"], ["session.open"]]


async def test_a_denied_session_is_no_session(tmp_path: Path) -> None:
    async with running(tmp_path, policy='@id("n") forbid (principal, action, resource);') as r:
        for mode in ("legacy", MODERN):
            with pytest.raises((MCPError, ExceptionGroup)):
                async with r.client(mode) as client:
                    await client.list_tools()
        assert len(r.door.sessions) == 0
        assert not r.links.clients

"""Listening for changes: only of what may be known, only in our own words, and only for as long as one may be here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import PromptsListChanged, ResourceUpdated, ToolsListChanged
from tests.doors.mcp.a_door import CANARY, MODERN, Running, modern, running

from interlock.doors.mcp import listening
from interlock.doors.mcp.listening import METHOD, MOST_OF_ONE_ACTOR, MOST_URIS, Ear, Wanted, read_filter
from interlock.doors.mcp.seams import McpRefused
from interlock.doors.mcp.sessions import Openings
from interlock.gate import Denied
from interlock.model.decision import Reason
from interlock.model.names import PersonId

NOTE, SECRET = "note://1", "note://secret"
ALL = {
    "tools": {"listChanged": True},
    "resources": {"subscribe": True, "listChanged": True},
    "prompts": {"listChanged": True},
}
ACKNOWLEDGED, UPDATED = "notifications/subscriptions/acknowledged", "notifications/resources/updated"


@asynccontextmanager
async def listened(path: Path) -> AsyncIterator[Running]:
    """A door whose server tells of everything."""
    async with running(path) as r:
        r.links.one.capabilities = ALL
        r.links.one.hangs[METHOD] = asyncio.Event()
        r.calls.may_hear = {NOTE}
        yield r


async def ear_of(r: Running) -> Ear:
    """The client that the server sees, once it is asked."""
    async with asyncio.timeout(10):
        while not any(method == METHOD for method, _ in r.links.one.asked):
            await asyncio.sleep(0.01)
    ear = r.links.clients[-1]
    assert isinstance(ear, Ear)
    return ear


async def acknowledge(r: Running) -> Ear:
    """The server agrees to all that it is asked for."""
    ear = await ear_of(r)
    await ear.tell(ACKNOWLEDGED, r.links.one.asked[-1][1])
    return ear


async def test_changes_are_told_in_our_words(tmp_path: Path) -> None:
    async with listened(tmp_path) as r, r.client(MODERN) as client:
        acknowledging = asyncio.ensure_future(acknowledge(r))
        async with client.listen(
            tools_list_changed=True, prompts_list_changed=True, resource_subscriptions=[NOTE, SECRET]
        ) as told:
            ear = await acknowledging
            assert told.honored.resource_subscriptions == [NOTE]
            asked = r.links.one.asked[-1][1]["notifications"]
            assert asked == {"toolsListChanged": True, "promptsListChanged": True, "resourceSubscriptions": [NOTE]}
            for method, params in (
                ("notifications/message", {"data": CANARY}),
                ("notifications/resources/list_changed", {}),
                (UPDATED, {"uri": SECRET}),
                (UPDATED, {"uri": f"{NOTE}/{CANARY}"}),
                (UPDATED, {"uri": CANARY}),
                (UPDATED, {"uri": NOTE, "title": CANARY}),
                ("notifications/prompts/list_changed", {"x": CANARY}),
            ):
                await ear.tell(method, params)
            assert [await anext(told), await anext(told)] == [ResourceUpdated(NOTE), PromptsListChanged()]
            await ear.tell("notifications/tools/list_changed", {})
            assert await anext(told) == ToolsListChanged()
        assert r.calls.subscriptions == [(NOTE, "succeeded")]


async def test_nothing_that_a_server_sends_piles_up() -> None:
    ear = Ear(Wanted(frozenset({"toolsListChanged"}), (NOTE,)))
    for n in range(1_000):
        await ear.tell(UPDATED, {"uri": f"note://{n}"})
    assert not ear.pending, "nothing before the acknowledgement"
    everything = {"toolsListChanged": True, "promptsListChanged": True, "resourceSubscriptions": [NOTE, SECRET]}
    await ear.tell(ACKNOWLEDGED, {"notifications": everything})
    assert ear.honoured == Wanted(frozenset({"toolsListChanged"}), (NOTE,)), "no more than was asked for"
    for n in range(1_000):
        for method, params in (
            (UPDATED, {"uri": f"note://{n}"}),
            (UPDATED, {"uri": n}),
            (UPDATED, {}),
            ("notifications/tools/list_changed", {"n": n}),
            ("notifications/prompts/list_changed", {}),
            (ACKNOWLEDGED, {"notifications": everything}),
        ):
            await ear.tell(method, params)
    assert set(ear.pending) == {(UPDATED, NOTE), ("notifications/tools/list_changed", "")}
    with pytest.raises(McpRefused):
        await ear.ask("elicitation/create", {}, timeout=1)


@pytest.mark.parametrize("given", [{}, {"notifications": None}, {"notifications": {"toolsListChanged": "yes"}}])
def test_a_filter_asks_for_what_it_says(given: dict[str, Any]) -> None:
    assert read_filter(given) == Wanted(frozenset(), ())


async def test_who_may_no_longer_read_hears_no_more(tmp_path: Path) -> None:
    async with listened(tmp_path) as r, r.client(MODERN) as client:
        acknowledging = asyncio.ensure_future(acknowledge(r))
        async with client.listen(tools_list_changed=True, resource_subscriptions=[NOTE]) as told:
            ear = await acknowledging
            r.calls.may_hear = set()
            await ear.tell(UPDATED, {"uri": NOTE})
            await ear.tell("notifications/tools/list_changed", {})
            assert await anext(told) == ToolsListChanged()


async def test_a_flood_is_told_now_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "PAUSE", 3600)
    async with listened(tmp_path) as r, r.client(MODERN) as client:
        acknowledging = asyncio.ensure_future(acknowledge(r))
        async with client.listen(resource_subscriptions=[NOTE]) as told:
            ear = await acknowledging
            await ear.tell(UPDATED, {"uri": NOTE})
            assert await anext(told) == ResourceUpdated(NOTE)
            for _ in range(10_000):
                await ear.tell(UPDATED, {"uri": NOTE})
            await client.list_tools()
            assert list(ear.pending) == [(UPDATED, NOTE)], "it waits, and is one"


async def _stream(r: Running, **wanted: Any) -> str:
    body, headers = modern(METHOD, {"notifications": wanted})
    async with r.raw() as http:
        return (await http.post(r.url, json=body, headers=headers)).text


async def test_a_revoked_key_ends_it(tmp_path: Path) -> None:
    async with listened(tmp_path) as r:
        stream = asyncio.ensure_future(_stream(r, toolsListChanged=True))
        await acknowledge(r)
        await r.office.registry.revoke_key(r.key_id, PersonId("olivia"), "test")
        async with asyncio.timeout(10):
            await asyncio.wait([stream])
            while r.door.sessions._exchanges:
                await asyncio.sleep(0.01)
        assert stream.done() and not any(r.door.sessions._exchanges)


async def test_who_may_not_be_here_any_more_hears_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "LOOK_SECONDS", 0.05)
    async with listened(tmp_path) as r:
        stream = asyncio.ensure_future(_stream(r, toolsListChanged=True))
        await acknowledge(r)

        async def denied(*_: object) -> Denied:
            return Denied((Reason("forbidden", "Not any more."),))

        monkeypatch.setattr(Openings, "once_an_hour", denied)
        async with asyncio.timeout(10):
            assert "Not any more." in await stream


async def test_the_server_ends_it_or_refuses(tmp_path: Path) -> None:
    async with listened(tmp_path) as r:
        stream = asyncio.ensure_future(_stream(r, toolsListChanged=True))
        await acknowledge(r)
        r.links.one.hangs[METHOD].set()
        last = json.loads((await stream).strip().splitlines()[-1].removeprefix("data: "))
        assert last["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"] == 1
        r.links.one.results[METHOD] = McpRefused(-32603, f"no {CANARY}")
        refused = await _stream(r, toolsListChanged=True, resourceSubscriptions=[NOTE])
        assert "-32603" in refused and CANARY not in refused
        assert r.calls.subscriptions == [(NOTE, "failed")]


async def test_nothing_that_may_be_heard_is_an_end_at_once(tmp_path: Path) -> None:
    async with listened(tmp_path) as r:
        told = await _stream(r, resourceSubscriptions=[SECRET])
        assert '"notifications":{}' in told.replace(" ", "") and "result" in told
        assert not [method for method, _ in r.links.one.asked if method == METHOD]


async def test_there_are_bounds(tmp_path: Path) -> None:
    async with listened(tmp_path) as r:
        assert "-32602" in await _stream(r, resourceSubscriptions=[f"note://{n}" for n in range(MOST_URIS + 1)])
        open_ = [asyncio.ensure_future(_stream(r, toolsListChanged=True)) for _ in range(MOST_OF_ONE_ACTOR)]
        async with asyncio.timeout(10):
            while sum(method == METHOD for method, _ in r.links.one.asked) < MOST_OF_ONE_ACTOR:
                await asyncio.sleep(0.01)
        assert "Too many" in await _stream(r, toolsListChanged=True)
        r.links.one.hangs[METHOD].set()
        await asyncio.gather(*open_)


@pytest.mark.parametrize("change", [{"protocol_version": "2025-11-25"}, {"capabilities": {"tools": {}}}])
async def test_a_server_without_such_streams_has_none(tmp_path: Path, change: dict[str, Any]) -> None:
    async with listened(tmp_path) as r, r.client(MODERN) as client:
        for name, value in change.items():
            setattr(r.links.one, name, value)
        with pytest.raises(MCPError, match="Method not found"):
            async with client.listen(tools_list_changed=True):
                pass

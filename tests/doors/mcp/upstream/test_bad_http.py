"""Servers over HTTP that don't keep to the protocol: each gets one sentence of ours, without a word of theirs."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.doors.mcp.upstream.an_upstream import AClient, Receive, Send, asker, call, legacy, links, modern, served

from interlock.doors.mcp.seams import MODERN, McpRefused
from interlock.doors.mcp.upstream import UpstreamLinks
from interlock.doors.mcp.upstream.http_client import TooLong, http_client, trust
from interlock.errors import UpstreamFailed
from interlock.model.mcp_settings import McpHttp

JSON, EVENTS = b"application/json", b"text/event-stream"


class Bad:
    """Greets as it should, and answers a tool call in a bad way."""

    def __init__(self, mode: str) -> None:
        self.mode, self.calls, self.bodies = mode, 0, list[dict[str, Any]]()
        self.headers: list[dict[str, str]] = []
        self.gone = asyncio.Event()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _lifespan(receive, send)
            return
        asked = json.loads(await _body(receive))
        self.bodies.append(asked)
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        if asked["method"] == "server/discover":
            told: dict[str, Any] = {"supportedVersions": [MODERN], "capabilities": {"tools": {}}}
            await self._answer(send, asked["id"], told)
        elif asked["method"] == "tools/list":
            await self._answer(send, asked["id"], self._tools())
        else:
            self.calls += 1
            await self._misbehave(asked["id"], receive, send)

    def _tools(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "object", "properties": {"who": {"type": "string", "x-mcp-header": "Who"}}}
        tool = {"name": "call", "inputSchema": schema}
        match self.mode:
            case "endless":
                return {"tools": [], "nextCursor": "more"}
            case "twins":
                return {"tools": [tool, tool]}
            case "shape":
                return {"tools": "Mrs Canary"}
            case _:
                return {"tools": [tool]}

    async def _answer(self, send: Send, number: int, result: Any) -> None:
        await _send(send, 200, JSON, json.dumps({"jsonrpc": "2.0", "id": number, "result": result}).encode())

    async def _misbehave(self, number: int, receive: Receive, send: Send) -> None:
        good = json.dumps({"jsonrpc": "2.0", "id": number, "result": {"text": "Mrs Canary"}})
        match self.mode:
            case "junk":
                await _send(send, 200, JSON, b"Mrs Canary {")
            case "list":
                await self._answer(send, number, ["Mrs Canary"])
            case "other id":
                await self._answer(send, number + 1, {"text": "Mrs Canary"})
            case "kind":
                await _send(send, 200, b"text/mrs-canary", b"Mrs Canary")
            case "status":
                await _send(send, 500, b"text/plain", b"Mrs Canary")
            case "accepted":
                await _send(send, 202, JSON, b"")
            case "away":
                await _send(send, 307, JSON, b"", (b"location", b"http://localhost:1/mrs-canary"))
            case "moved" if self.calls == 1:
                await _send(send, 307, JSON, b"", (b"location", b"/mcp?again"))
            case "round and round":
                await _send(send, 307, JSON, b"", (b"location", b"/mcp?%d" % self.calls))
            case "nowhere":
                await _send(send, 307, JSON, b"")
            case "here again":
                await _send(send, 308, JSON, b"", (b"location", b"/mcp#mrs-canary"))
            case "two ways":
                await _send(send, 307, JSON, b"", (b"location", b"/mcp?1"), (b"location", b"/mcp?2"))
            case "asks":
                asks = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "roots/list"})
                await _send(send, 200, EVENTS, f"data: {asks}\n\ndata: {good}\n\n".encode())
            case "huge":
                await _send(send, 200, JSON, b" " * (17 * 1024 * 1024) + good.encode())
            case "packed":
                await _send(send, 200, JSON, gzip.compress(good.encode()), (b"content-encoding", b"gzip"))
            case "event":
                await _send(send, 200, EVENTS, b"data: Mrs Canary {\n\n")
            case "event id":
                await _send(send, 200, EVENTS, f"data: {good.replace(str(number), '77', 1)}\n\n".encode())
            case "event list":
                await _send(send, 200, EVENTS, f"data: [{good}]\n\n".encode())
            case "huge event":
                await _send(send, 200, EVENTS, b"data: " + b" " * (17 * 1024 * 1024) + good.encode() + b"\n\n")
            case "broken off":
                await _send(send, 200, EVENTS, b": hello\n\n")
            case "hang":
                await receive()
                self.gone.set()
            case "needs":
                await self._answer(send, number, {"resultType": "input_required", "requestState": "more"})
            case "wants":
                asked = {"x": {"method": "sampling/createMessage", "params": {}}}
                await self._answer(send, number, {"resultType": "input_required", "inputRequests": asked})
            case "error":
                error = {"code": -32602, "message": "Mrs Canary"}
                await _send(send, 400, JSON, json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode())
            case _:
                await self._answer(send, number, {"content": []})


@asynccontextmanager
async def linked(bad: Bad, seconds: float = 20) -> AsyncIterator[UpstreamLinks]:
    async with served(bad) as address, links(McpHttp(f"{address}/mcp"), seconds=seconds) as found:
        yield found


MODES = {
    "junk": "upstream_junk",
    "list": "upstream_junk",
    "other id": "upstream_junk",
    "kind": "upstream_junk",
    "status": "upstream_status",
    "accepted": "upstream_junk",
    "away": "upstream",
    "nowhere": "upstream",
    "here again": "upstream",
    "two ways": "upstream",
    "huge": "upstream_away",
    "packed": "upstream_away",
    "event": "upstream_junk",
    "event id": "upstream_junk",
    "asks": "upstream_junk",
    "event list": "upstream_junk",
    "huge event": "upstream_away",
    "broken off": "upstream_away",
    "hang": "upstream_timeout",
}


@pytest.mark.parametrize("mode", MODES)
async def test_one_sentence_of_ours_and_nothing_is_repeated(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    bad = Bad(mode)
    with capture_logs() as lines:
        async with (
            linked(bad, seconds=1 if mode == "hang" else 20) as found,
            found.link(asker(), modern(), None) as link,
        ):
            with pytest.raises(UpstreamFailed) as failed:
                await link.request("tools/call", call("call"))
            assert bad.calls == 1
            assert await link.request("tools/list", {})  # the session's other requests go on
    assert failed.value.code == MODES[mode]
    assert "anary" not in failed.value.sentence + caplog.text + str(lines)


async def test_redirects_on_the_servers_own_origin_are_followed_and_not_for_ever() -> None:
    moved, round = Bad("moved"), Bad("round and round")
    async with linked(moved) as found, found.link(asker(), modern(), None) as link:
        assert await link.request("tools/call", call("call", who="Ada")) == {"content": []}
    assert moved.calls == 2
    assert moved.bodies[-1] == moved.bodies[-2]
    async with linked(round) as found, found.link(asker(), modern(), None) as link:
        with pytest.raises(UpstreamFailed):
            await link.request("tools/call", call("call"))
    assert round.calls == 4


async def test_a_request_that_nobody_waits_for_is_closed_at_the_server() -> None:
    bad = Bad("hang")
    async with linked(bad) as found, found.link(asker(), modern(), None) as link:
        with pytest.raises(UpstreamFailed):
            await link.request("tools/call", call("call"), timeout=0.3)
        await asyncio.wait_for(bad.gone.wait(), 10)


async def test_an_error_of_the_protocol_with_a_status_of_http_is_the_servers() -> None:
    async with linked(Bad("error")) as found, found.link(asker(), modern(), None) as link:
        with pytest.raises(McpRefused) as refused:
            await link.request("tools/call", call("call"))
    assert refused.value.code == -32602


@pytest.mark.parametrize("mode", ["endless", "twins", "shape"])
async def test_lists_that_are_none(mode: str) -> None:
    async with linked(Bad(mode)) as found:
        with pytest.raises(UpstreamFailed) as failed:
            await found.listed()
    assert failed.value.code == "upstream_junk"


async def test_a_server_that_needs_more_and_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interlock.doors.mcp.upstream.inputs._PAUSE", 0.001)
    bad = Bad("needs")
    async with linked(bad) as found, found.link(asker(), legacy(), "s1") as link:
        with pytest.raises(UpstreamFailed):
            await link.request("tools/call", call("call"))
    assert sum(body["method"] == "tools/call" for body in bad.bodies) == 10


@pytest.mark.parametrize("client", [legacy(), legacy(elicitation={})])
async def test_a_server_that_wants_what_the_client_cannot(client: AClient) -> None:
    async with linked(Bad("wants")) as found, found.link(asker(), client, "s1") as link:
        with pytest.raises(UpstreamFailed):
            await link.request("tools/call", call("call"))
    assert not client.asked


async def test_arguments_that_the_server_wants_in_headers_are_there() -> None:
    bad = Bad("")
    async with linked(bad) as found:
        await found.listed()
        async with found.link(asker(), modern(), None) as link:
            await link.request("tools/call", call("call", who="Ada", what="x"))
    headers = bad.headers[-1]
    assert (headers["mcp-param-who"], headers["mcp-method"], headers["mcp-name"]) == ("Ada", "tools/call", "call")
    assert not [name for name in headers if name.startswith("mcp-param-") and name != "mcp-param-who"]


async def test_an_answer_is_bounded_wherever_it_is_read() -> None:
    async with served(Bad("huge")) as address, http_client(trust(None), limit=1000) as client:
        with pytest.raises(TooLong):
            await client.post(address, content=json.dumps({"method": "tools/call", "id": 1}))


async def test_the_environments_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with linked(Bad("")) as found, found.link(asker(), modern(), None) as link:
        assert await link.request("tools/call", call("call"))


async def _body(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _lifespan(receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def _send(send: Send, status: int, kind: bytes, body: bytes, *more: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind), *more]})
    await send({"type": "http.response.body", "body": body})

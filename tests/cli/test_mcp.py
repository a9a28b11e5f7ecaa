"""`interlock mcp`: what its bridge makes of lines and answers. (The whole way is in tests/end_to_end.)"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from interlock.cli.api_client import BadUsage
from interlock.cli.mcp import _saved
from interlock.cli.mcp_bridge import Bridge

URL = "http://127.0.0.1:1/mcp/x"
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


class _Run:
    """A bridge on a scripted gateway."""

    def __init__(self, answer: Any) -> None:
        self.sent: list[httpx.Request] = []
        self.out: list[dict[str, Any]] = []
        self.said: list[str] = []
        self._answer = answer

    async def given(self, *lines: object) -> None:
        async def handle(request: httpx.Request) -> httpx.Response:
            self.sent.append(request)
            found = self._answer(request)
            assert isinstance(found, httpx.Response)
            return found

        reader = asyncio.StreamReader()
        for line in lines:
            reader.feed_data((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")
        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
            bridge = Bridge(http, URL, lambda line: self.out.append(json.loads(line)), self.said.append)
            running = asyncio.ensure_future(bridge.run(reader))
            async with asyncio.timeout(10):
                while len(self.out) < sum(b'"id"' in json.dumps(line, default=str).encode() for line in lines):
                    await asyncio.sleep(0.001)
            reader.feed_eof()
            await running


def _answered(request: httpx.Request, result: object) -> httpx.Response:
    body = json.loads(request.content)
    return httpx.Response(200, json={"jsonrpc": "2.0", "id": body["id"], "result": result})


async def test_headers_mirror_a_request_that_stands_alone() -> None:
    schema = {"type": "object", "properties": {"owner": {"type": "string", "x-mcp-header": "Owner"}}}
    run = _Run(lambda request: _answered(request, {"tools": [{"name": "find", "inputSchema": schema}]}))
    await run.given({"jsonrpc": "2.0", "id": "a", "method": "tools/list", "params": {"_meta": META}})
    assert run.sent[0].headers["mcp-method"] == "tools/list"
    assert run.out == [{"jsonrpc": "2.0", "id": "a", "result": {"tools": [{"name": "find", "inputSchema": schema}]}}]


async def test_a_session_is_kept_and_ended() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(405)
        if request.method == "DELETE":
            return httpx.Response(200)
        body = json.loads(request.content)
        if body["method"] == "initialize":
            result = {"protocolVersion": "2025-11-25", "capabilities": {}}
            told = httpx.Response(200, json={"jsonrpc": "2.0", "id": body["id"], "result": result})
            told.headers["mcp-session-id"] = "s1"
            return told
        if "id" not in body:
            return httpx.Response(202)
        events = 'event: message\r\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\r\n\r\n'
        events += f': ping\r\n\r\ndata: {{"jsonrpc":"2.0","id":{body["id"]},"result":{{}}}}\r\n\r\n'
        return httpx.Response(200, text=events, headers={"content-type": "text/event-stream"})

    run = _Run(answer)
    await run.given(
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    )
    await asyncio.sleep(0)
    assert [each.get("id", each.get("method")) for each in run.out][:2] == [1, "notifications/message"]
    assert all(each.headers["mcp-session-id"] == "s1" for each in run.sent[1:])
    assert run.sent[-1].method == "DELETE"


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_a_gateway_that_says_no_is_an_answer_and_a_sentence(status: int) -> None:
    run = _Run(lambda request: httpx.Response(status))
    await run.given({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}})
    assert run.out[0]["id"] == 1 and run.out[0]["error"]["code"] == -32603
    assert run.said


async def test_lines_that_are_no_message() -> None:
    run = _Run(lambda request: httpx.Response(500))
    await run.given(b'"id"')
    assert run.out[0]["error"]["code"] == -32700
    assert not run.sent


def test_the_password_of_a_login(tmp_path: Path) -> None:
    path = tmp_path / "pass"
    path.touch(0o600)
    path.write_text("host:6432:*:dana:ilk_secret\n")
    assert _saved(path).reveal() == "ilk_secret"
    path.chmod(0o644)
    with pytest.raises(BadUsage):
        _saved(path)

"""Calls that stand alone (2026-07-28): answered as the SDK's own server answers them, and without its streams."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from tests.doors.mcp.a_door import Running, modern, running

from interlock.doors.mcp import alone
from interlock.doors.mcp.alone import Alone
from interlock.doors.mcp.answers import Answered

Asked = tuple[dict[str, Any], dict[str, str]]


def _call(**params: Any) -> Asked:
    body, headers = modern("tools/call", {"name": "write", "arguments": {"title": "t"}, **params})
    return body, headers


def _without(meta: str) -> Asked:
    body, headers = _call()
    del body["params"]["_meta"][f"io.modelcontextprotocol/{meta}"]
    return body, headers


def _with(asked: Asked, **headers: str | None) -> Asked:
    told = {**asked[1], **{name.replace("_", "-"): value for name, value in headers.items()}}
    return asked[0], {name: value for name, value in told.items() if value is not None}


def _newer() -> Asked:
    body, headers = _call()
    body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2099-01-01"
    return body, {**headers, "Mcp-Protocol-Version": "2099-01-01"}


REQUESTS: dict[str, Callable[[], Asked]] = {
    "good": _call,
    "an id that is a text": lambda: ({**_call()[0], "id": "é1"}, _call()[1]),
    "no JSON wanted": lambda: _with(_call(), Accept="text/event-stream"),
    "no events wanted": lambda: _with(_call(), Accept="application/json"),
    "anything wanted": lambda: _with(_call(), Accept="*/*"),
    "no version in the body": lambda: _without("protocolVersion"),
    "no features in the body": lambda: _without("clientCapabilities"),
    "no meta": lambda: ({**_call()[0], "params": {"name": "write"}}, _call()[1]),
    "a newer version": _newer,
    "no name in the headers": lambda: _with(_call(), Mcp_Name=None),
    "no method in the headers": lambda: _with(_call(), Mcp_Method=None),
    "no name": lambda: _with(_call(name=7), Mcp_Name=None),
    "no arguments": lambda: _call(arguments=[1]),
    "a parameter nobody asked for": lambda: _with(_call(), Mcp_Param_Title="other"),
    "a notification": lambda: ({k: v for k, v in _call()[0].items() if k != "id"}, _call()[1]),
    "refused": lambda: _call(arguments={"title": "refuse"}),
    "broken": lambda: _call(arguments={"title": "break"}),
    "wide": lambda: _call(arguments={"title": "wide"}),
}


async def _write(_: object, __: object, params: Any, ___: object) -> Any:
    match params.get("arguments"):
        case {"title": "refuse"}:
            raise Answered(-32601, "not that", {"why": None})
        case {"title": "break"}:
            raise ValueError("Mrs Canary")
        case {"title": "wide"}:
            content = {"n": None, "big": 2**70, "text": "é \u2028 \ud800"}
            return {"content": [{"type": "text", "text": "é"}], "structuredContent": content}
        case _:
            return {"content": [{"type": "text", "text": "done"}]}


@pytest.mark.parametrize("what", REQUESTS)
async def test_the_answer_is_the_one_of_the_sdk(tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body, headers = REQUESTS[what]()
    async with running(tmp_path) as r, r.raw() as http:
        r.calls.answers["write"] = _write
        ours = await http.post(r.url, json=body, headers=headers)
        monkeypatch.setattr(Alone, "handle_request", StreamableHTTPSessionManager.handle_request)
        theirs = await http.post(r.url, json=body, headers=headers)
    assert (ours.status_code, ours.headers.get("content-type")) == (
        theirs.status_code,
        theirs.headers.get("content-type"),
    )
    assert _read(ours) == _read(theirs)
    assert "anary" not in ours.text


async def test_what_is_told_before_the_answer_makes_it_a_stream(tmp_path: Path) -> None:
    async def tells(_: object, __: object, ___: object, progress: Any) -> Any:
        await progress(1.0, 2.0, "é\n\ndata: x")
        await progress(2.0, None, None)
        return {"content": []}

    async with running(tmp_path) as r, r.raw() as http:
        r.calls.answers["write"] = tells
        body, headers = _call()
        body["params"]["_meta"]["progressToken"] = "p"
        answer = await http.post(r.url, json=body, headers=headers)
    assert answer.headers["content-type"] == "text/event-stream"
    one, two, last = _events(answer.text)
    assert one["params"] == {"progressToken": "p", "progress": 1.0, "total": 2.0, "message": "é\n\ndata: x"}
    assert two["params"] == {"progressToken": "p", "progress": 2.0}
    assert (last["id"], last["result"]["content"]) == (1, [])


async def test_silence_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone, "PING_SECONDS", 0.02)
    goes_on = asyncio.Event()

    async def waits(*_: object) -> Any:
        await goes_on.wait()
        raise Answered(-32601, "no")

    async with running(tmp_path) as r, r.raw() as http:
        r.calls.answers["write"] = waits
        body, headers = _call()
        async with http.stream("POST", r.url, json=body, headers=headers) as answer:
            told = ""
            async for text in answer.aiter_text():
                told += text
                if told.count(": ping") >= 2:
                    goes_on.set()
    assert answer.status_code == 200
    (last,) = _events(told)
    assert (last["id"], last["error"]["code"]) == (1, -32601)


@pytest.mark.parametrize("streaming", [False, True])
async def test_who_leaves_has_cancelled(tmp_path: Path, streaming: bool) -> None:
    begun = asyncio.Event()

    async def waits(_: object, __: object, ___: object, progress: Any) -> Any:
        if streaming:
            await progress(1.0, None, None)
        begun.set()
        await asyncio.Event().wait()

    async with running(tmp_path) as r:
        r.calls.answers["write"] = waits
        body, headers = _call()
        body["params"]["_meta"]["progressToken"] = "p"
        async with r.raw() as http:
            asking = asyncio.ensure_future(http.post(r.url, json=body, headers=headers))
            await asyncio.wait_for(begun.wait(), 10)
            asking.cancel()
            await asyncio.wait({asking})
        async with asyncio.timeout(10):
            while not r.calls.cancelled:
                await asyncio.sleep(0.01)
        assert await _is_served(r)


async def test_a_handler_that_will_not_stop_is_made_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone, "LEAVING_SECONDS", 0.02)
    begun, ended = asyncio.Event(), asyncio.Event()

    async def stubborn(*_: object) -> Any:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            raise
        finally:
            ended.set()

    async with running(tmp_path) as r:
        r.calls.answers["write"] = stubborn
        body, headers = _call()
        async with r.raw() as http:
            asking = asyncio.ensure_future(http.post(r.url, json=body, headers=headers))
            await asyncio.wait_for(begun.wait(), 10)
            asking.cancel()
            await asyncio.wait({asking})
        await asyncio.wait_for(ended.wait(), 10)
        assert asking.cancelled() and ended.is_set()


async def _is_served(r: Running) -> bool:
    async with r.raw() as http:
        body, headers = modern("tools/call", {"name": "read", "arguments": {}})
        return (await http.post(r.url, json=body, headers=headers)).status_code == 200


def _events(text: str) -> list[dict[str, Any]]:
    return [
        json.loads(line.removeprefix("data: "))
        for each in text.split("\r\n\r\n")
        for line in each.split("\r\n")
        if line.startswith("data: ")
    ]


def _read(answer: httpx.Response) -> Any:
    return json.loads(answer.content) if answer.headers.get("content-type") == "application/json" else answer.content

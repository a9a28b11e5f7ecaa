"""Requests that stand alone, asked over HTTP: what a server says before its answer."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from typing import cast

from mcp_types import JSONRPCNotification, JSONRPCResponse

from interlock.doors.mcp.upstream.http_asking import Asking
from interlock.doors.mcp.upstream.http_connection import Answer
from interlock.doors.mcp.upstream.wire import Question
from interlock.model.mcp_settings import McpHttp


class AtOnce:
    """An answer whose whole body is here."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


async def test_many_events_that_are_here_leave_others_their_turn() -> None:
    told: list[JSONRPCNotification] = []
    note = b'data: {"jsonrpc": "2.0", "method": "notifications/message", "params": {}}\n\n'
    last = b"data: " + json.dumps({"jsonrpc": "2.0", "id": 1, "result": {}}).encode() + b"\n\n"
    asking = Asking(McpHttp("http://127.0.0.1:1"), ssl.create_default_context(), None, None)
    question, turns = Question(1, "tools/call", {}, {}, told.append), 0

    async def beside() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.ensure_future(beside())
    outcome = await asking._heard(question, cast(Answer, AtOnce(note * 6_400 + last)))
    other.cancel()
    assert isinstance(outcome, JSONRPCResponse) and len(told) == 6_400
    assert turns >= 100

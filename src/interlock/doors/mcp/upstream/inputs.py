"""A client of the older era at a server of the newer one: what the server answers it needs (`input_required`) is asked
of the client by the older era's own requests, and the request is made again with the answers (2026-07-28, "Multi
Round-Trip Requests")."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from interlock.doors.mcp.seams import Client, Object
from interlock.doors.mcp.upstream.turning import ASKABLE
from interlock.errors import UpstreamFailed

ROUNDS: Final = 10
_QUESTIONS: Final = 16  # in one round
_PAUSE: Final = 0.25  # seconds before asking again where the server only wants to be asked again

Again = Callable[[Object], Awaitable[Object]]


async def with_inputs(request: Again, params: Object, client: Client, seconds: float) -> Object:
    """The final answer to `params`. Raises `McpRefused` when the client refuses, `UpstreamFailed` when it goes on for
    too long or asks for what the client can't."""
    sent = params
    for _ in range(ROUNDS):
        answer = await request(sent)
        if answer.get("resultType") != "input_required":
            return answer
        sent = dict(params) | await _answers(answer, client, seconds)
    raise UpstreamFailed("The MCP server keeps asking for more.", code="upstream_junk")


async def _answers(answer: Object, client: Client, seconds: float) -> dict[str, Any]:
    questions, state = answer.get("inputRequests") or {}, answer.get("requestState")
    if not isinstance(questions, Mapping) or len(questions) > _QUESTIONS or not isinstance(state, str | None):
        raise UpstreamFailed("The MCP server sent what isn't MCP.", code="upstream_junk")
    more: dict[str, Any] = {} if state is None else {"requestState": state}
    if not questions:
        await asyncio.sleep(_PAUSE)
        return more
    # One after the other: a client shows one question at a time, and a refusal ends the whole.
    return more | {"inputResponses": {key: await _one(asked, client, seconds) for key, asked in questions.items()}}


async def _one(asked: Any, client: Client, seconds: float) -> Object:
    match asked:
        case {"method": str() as method} if ASKABLE.get(method, "") in client.capabilities:
            params = asked.get("params") or {}
            if isinstance(params, Mapping):
                bare = {name: value for name, value in params.items() if name != "_meta"}
                async with asyncio.timeout(seconds):
                    return await client.ask(method, bare, timeout=seconds)
    raise UpstreamFailed("The MCP server asks for what the client can't do.", code="upstream_junk")

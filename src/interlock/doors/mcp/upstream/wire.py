"""A wire: messages to and from one server, whatever carries them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from mcp.client._transport import ReadStream, WriteStream
from mcp.shared.message import SessionMessage
from mcp_types import (
    CONNECTION_CLOSED,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCResponse,
    RequestId,
    jsonrpc_message_adapter,
)

from interlock.doors.mcp.seams import Object, Progress

MAX_MESSAGE: Final = 16 * 1024 * 1024  # bytes of one message, one event or one HTTP answer

Incoming = ReadStream[SessionMessage | Exception]


@dataclass(frozen=True, slots=True)
class Failed:
    """Rides as the `data` of an error that we made up ourselves, so that no server's error is taken for one."""

    sentence: str
    code: str = "upstream"


AWAY: Final = Failed("The MCP server can't be reached, or broke off its answer.", "upstream_away")
JUNK: Final = Failed("The MCP server sent what isn't MCP.", "upstream_junk")
FORGOT: Final = Failed("The MCP server no longer knows our session.", "upstream_gone")
UNWELCOME: Final = Failed("The MCP server refused our credentials.", "upstream_unauthorized")
STATUS: Final = Failed("The MCP server answered with an HTTP error.", "upstream_status")
ELSEWHERE: Final = Failed("The MCP server sent us elsewhere; redirects to other places aren't followed.")


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `number` is its id in this session; `params` and `headers` are sent as they are; `notice` hears what
    the server tells besides."""

    number: int
    method: str
    params: Object = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    notice: Callable[[JSONRPCNotification], None]
    progress: Progress | None = None

    def body(self) -> bytes:
        """As it is sent; raises `ValueError`. The id is the progress token, too."""
        params = self.params
        if self.progress is not None:
            params = {**params, "_meta": {**params.get("_meta", {}), "progressToken": self.number}}
        asked = {"jsonrpc": "2.0", "id": self.number, "method": self.method, "params": params}
        return json.dumps(asked, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Wire:
    """`read` yields messages, and an `Exception` for what isn't one. `gone` is set when the server forgot the session.
    `abandon` lets go of a request that nobody waits for any more. `ask`, where there is one, is the short way for
    requests of 2026-07-28: the answer's result; raises `MCPError`, `UpstreamFailed` and `ValueError`."""

    read: Incoming
    write: WriteStream[SessionMessage]
    gone: asyncio.Event
    abandon: Callable[[int], None]
    ask: Callable[[Question], Awaitable[Object]] | None = None


def failure(number: int | str, failed: Failed) -> SessionMessage:
    """The answer to a request that gets none: `failed`."""
    error = ErrorData(code=CONNECTION_CLOSED, message="", data=failed)
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=number, error=error))


def message_of(body: bytes | str) -> JSONRPCMessage | None:
    """A message; None for what isn't one."""
    try:
        return jsonrpc_message_adapter.validate_json(body, by_name=False)
    except ValueError:
        return None


def answers(message: JSONRPCResponse | JSONRPCError, number: RequestId) -> bool:
    """Whether it answers that request. An error may have no id: the server didn't get as far as to read it."""
    return str(message.id) == str(number) or (isinstance(message, JSONRPCError) and message.id is None)

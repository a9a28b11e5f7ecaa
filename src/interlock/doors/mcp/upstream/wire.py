"""A wire: messages to and from one server, whatever carries them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mcp.client._transport import ReadStream, WriteStream
from mcp.shared.message import SessionMessage
from mcp_types import CONNECTION_CLOSED, ErrorData, JSONRPCError

MAX_MESSAGE: Final = 16 * 1024 * 1024  # bytes of one message, one event or one HTTP answer

Incoming = ReadStream[SessionMessage | Exception]


@dataclass(frozen=True, slots=True)
class Failed:
    """Rides as the `data` of an error that we made up ourselves, so that no server's error is taken for one."""

    sentence: str
    code: str = "upstream"


@dataclass(frozen=True, slots=True)
class Wire:
    """`read` yields messages, and an `Exception` for what isn't one. `gone` is set when the server forgot the session.
    `abandon` lets go of a request that nobody waits for any more."""

    read: Incoming
    write: WriteStream[SessionMessage]
    gone: asyncio.Event
    abandon: Callable[[int], None]


def failure(number: int | str, failed: Failed) -> SessionMessage:
    """The answer to a request that gets none: `failed`."""
    error = ErrorData(code=CONNECTION_CLOSED, message="", data=failed)
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=number, error=error))

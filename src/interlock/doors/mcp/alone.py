"""Calls of 2026-07-28 over HTTP, each of which stands alone: one POST, answered with JSON, or with a stream of events
once there is something to tell before the answer, or nothing to tell for a while ("Streamable HTTP").

What the SDK does for such a call in a group of tasks and two streams is done here in two tasks; its own kernel still
runs the handler. Other methods, and other eras, are the SDK's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
import orjson
from mcp.server.connection import Connection
from mcp.server.runner import modern_error_data, serve_one
from mcp.server.streamable_http import check_accept_headers
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    MCP_PARAM_HEADER_PREFIX,
    InboundLadderRejection,
    InboundModernRoute,
    classify_inbound_request,
    validate_mcp_param_headers,
)
from mcp.shared.message import MessageMetadata, ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp_types import ErrorData
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from interlock.doors.mcp import reading
from interlock.doors.mcp.reading import METHOD_HEADER
from interlock.doors.mcp.sessions import STATE, Exchange

PING_SECONDS: Final = 15.0  # of silence, after which a comment keeps the connection open, as the SDK's servers do
LEAVING_SECONDS: Final = 5.0  # that a handler may take to stop once its client has left
_CALL: Final = b"tools/call"
_PARAM_PREFIX: Final = MCP_PARAM_HEADER_PREFIX.lower().encode()
_STREAM: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]

Object = Mapping[str, Any]


class Alone(StreamableHTTPSessionManager):
    """The SDK's session manager, which doesn't get to see the calls that stand alone."""

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request that was read and admitted; its body is there in one piece, and says what its headers say."""
        headers: reading.Headers = scope["headers"]
        call = scope["method"] == "POST" and reading.header(headers, METHOD_HEADER) == _CALL.decode()
        if not call or not reading.is_modern(headers):
            await super().handle_request(scope, receive, send)
            return
        body = (await receive())["body"]
        asked: dict[str, Any] = orjson.loads(body)
        if "id" not in asked:  # a notification by that name
            await super().handle_request(scope, _again(body, receive), send)
            return
        request, answer = Request(scope), _Answering(asked["id"], send)
        route = self._route(request, asked, headers)
        match route:
            case None:
                await answer.nothing(406)
            case InboundLadderRejection(code=code, message=message, data=data):
                await answer.error(ErrorData(code=code, message=message, data=data))
            case InboundModernRoute():
                await self._answer(asked, request, route, answer, receive)

    def _route(
        self, request: Request, asked: Object, headers: reading.Headers
    ) -> InboundModernRoute | InboundLadderRejection | None:
        """For which client it is to be handled; why not otherwise; None for a client that doesn't take our answers."""
        if not all(check_accept_headers(request)):
            return None
        route = classify_inbound_request(asked, headers=dict(request.headers))
        if isinstance(route, InboundLadderRejection):
            return route
        params = asked["params"]
        arguments, name = params.get("arguments") or {}, params.get("name")
        if not isinstance(arguments, Mapping) or not isinstance(name, str):
            return route  # the handler says so
        told = bool(arguments) or any(key.startswith(_PARAM_PREFIX) for key, _ in headers)
        lookup = self.app.get_tool_input_schema
        schema = lookup(name) if told and lookup is not None else None
        refused = None if schema is None else validate_mcp_param_headers(schema, arguments, request.headers)
        return refused or route

    async def _answer(
        self, asked: Object, request: Request, route: InboundModernRoute, answer: _Answering, receive: Receive
    ) -> None:
        exchange = request.scope["state"][STATE]
        assert isinstance(exchange, Exchange), "whoever gets here was admitted"
        handling = asyncio.ensure_future(self._handled(asked, request, route, answer))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            while not handling.done() and not leaving.done():
                await asyncio.wait({handling, leaving}, timeout=PING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if not handling.done() and not leaving.done():
                    await answer.ping()
            if handling.done():
                exchange.scope = None  # nothing is left in it that could be cancelled
                await answer.finish(handling.result())
        finally:
            leaving.cancel()
            if not handling.done():
                await _stopped(handling, exchange)

    async def _handled(
        self, asked: Object, request: Request, route: InboundModernRoute, answer: _Answering
    ) -> dict[str, Any] | ErrorData:
        about = ServerMessageMetadata(request_context=request)
        transport = TransportContext(kind="streamable-http", can_send_request=False, headers=request.headers)
        connection = Connection.from_envelope(route.protocol_version, route.client_info, route.client_capabilities)
        context = _Context(transport, asked["id"], about, answer)
        try:
            return await serve_one(
                self.app, context, asked["method"], asked["params"], connection=connection, lifespan_state={}
            )
        except Exception as error:
            return modern_error_data(error)


@dataclass(slots=True)
class _Context:
    """`DispatchContext` of one call: what is told goes to its own stream, and nothing can be asked."""

    transport: TransportContext
    request_id: str | int
    message_metadata: MessageMetadata
    answer: _Answering
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)
    can_send_request: bool = field(default=False, init=False)

    async def send_raw_request(self, method: str, params: Object | None, opts: CallOptions | None = None) -> Any:
        """Refused: since 2026-07-28 a server asks by its result."""
        raise NoBackChannelError(method)

    async def notify(self, method: str, params: Object | None, opts: CallOptions | None = None) -> None:
        """Tells the client, once it has taken what came before."""
        told = {"jsonrpc": "2.0", "method": method}
        await self.answer.event(told if params is None else {**told, "params": dict(params)})

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Nothing: progress is told as a notification, under the client's own token."""


class _Answering:
    """The HTTP answer to one call; one task at a time writes to it."""

    def __init__(self, id: str | int, send: Send) -> None:
        self._id, self._send = id, send
        self._writing = asyncio.Lock()
        self._streams = self._over = False

    async def event(self, message: Object) -> None:
        """One message on the stream, which begins with it if it hasn't yet."""
        async with self._writing:
            if not self._over:
                await self._more(_event(message))

    async def ping(self) -> None:
        """A comment, so that nobody between takes the connection for dead."""
        async with self._writing:
            await self._more(b": ping\r\n\r\n")

    async def finish(self, came: dict[str, Any] | ErrorData) -> None:
        """The answer itself."""
        if isinstance(came, ErrorData):
            await self.error(came)
        else:
            await self._last({"jsonrpc": "2.0", "id": self._id, "result": came}, 200)

    async def error(self, error: ErrorData) -> None:
        """An error of the protocol, with its status where the stream hasn't begun."""
        told = error.model_dump(mode="json", by_alias=True, exclude_none=True)
        status = ERROR_CODE_HTTP_STATUS.get(error.code, 200)
        await self._last({"jsonrpc": "2.0", "id": self._id, "error": told}, status)

    async def nothing(self, status: int) -> None:
        """A status alone."""
        await self._whole(status, b"", [])

    async def _last(self, message: Object, status: int) -> None:
        async with self._writing:
            self._over = True
            if self._streams:
                await self._send({"type": "http.response.body", "body": _event(message), "more_body": False})
            else:
                await self._whole(status, _json(message), [(b"content-type", b"application/json")])

    async def _whole(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def _more(self, event: bytes) -> None:
        if not self._streams:
            self._streams = True
            await self._send({"type": "http.response.start", "status": 200, "headers": list(_STREAM)})
        await self._send({"type": "http.response.body", "body": event, "more_body": True})


def _json(message: Object) -> bytes:
    try:
        return orjson.dumps(message)
    except TypeError:  # integers beyond 64 bits; half of a surrogate pair
        return json.dumps(message, separators=(",", ":")).encode()


def _event(message: Object) -> bytes:
    return b"event: message\r\ndata: %b\r\n\r\n" % _json(message)


def _again(body: bytes, receive: Receive) -> Receive:
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Any:
        return waiting.pop() if waiting else await receive()

    return received


async def _left(receive: Receive) -> None:
    """Returns when the client has left, which cancels what it asked for."""
    while (await receive())["type"] != "http.disconnect":
        continue


async def _stopped(handling: asyncio.Future[Any], exchange: Exchange) -> None:
    """Nobody waits for it any more; returns when it has come to its end."""
    with anyio.CancelScope(shield=True):
        exchange.leave()
        await asyncio.wait({handling}, timeout=LEAVING_SECONDS)
        while not handling.done():
            handling.cancel()
            await asyncio.wait({handling}, timeout=LEAVING_SECONDS)
    if not handling.cancelled():
        handling.exception()

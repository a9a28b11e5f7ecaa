"""Streamable HTTP: the SDK's transport, with what it makes up itself, logs or leaves unbounded replaced.

A request whose POST fails fails alone: other requests of the session go on. Nothing is sent twice; a stream that broke
off is taken up again where the server numbered its events (2025-11-25, "Resumability and Redelivery").
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import anyio
import httpx2
from mcp.client.streamable_http import MCP_SESSION_ID, RequestContext, StreamableHTTPTransport, StreamWriter
from mcp.shared._context_streams import create_context_streams
from mcp.shared._httpx_utils import stream_within_origin
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import (
    CONNECTION_CLOSED,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
)

from interlock.doors.mcp.upstream.http_asking import Asking
from interlock.doors.mcp.upstream.wire import (
    AWAY,
    ELSEWHERE,
    FORGOT,
    JUNK,
    MAX_MESSAGE,
    STATUS,
    UNWELCOME,
    Failed,
    Wire,
    answers,
    failure,
    message_of,
)
from interlock.errors import UpstreamFailed

_NOTICE: Final = 15.0  # seconds that a notification or an answer of ours may take
_GOODBYE: Final = 5.0  # seconds for ending a session, and for a cancelled request to be answered
_LONGEST_ID: Final = 1024  # characters of a session id


class Posting(StreamableHTTPTransport):
    """One session's HTTP side."""

    def __init__(self, url: str) -> None:
        super().__init__(url, max_sse_event_size=MAX_MESSAGE)
        self.gone = asyncio.Event()

    def abandon(self, number: int) -> None:
        """Nobody waits for this request: its POST is closed when the server hasn't ended it soon."""
        post = self._in_flight_posts.get(number)
        if post is not None:
            asyncio.get_running_loop().call_later(_GOODBYE, post.scope.cancel)

    def _maybe_extract_session_id_from_response(self, response: httpx2.Response) -> None:
        given = response.headers.get(MCP_SESSION_ID, "")
        if given and len(given) <= _LONGEST_ID and all("!" <= character <= "~" for character in given):
            self.session_id = given

    async def _handle_post_request(self, ctx: RequestContext) -> None:
        try:
            if isinstance(ctx.session_message.message, JSONRPCRequest):
                await self._post(ctx)
            else:
                with anyio.move_on_after(_NOTICE):
                    await self._post(ctx)
        except UpstreamFailed as error:
            await self._fail(ctx, Failed(error.sentence, error.code))
        except Exception:  # whatever went wrong belongs to this message alone
            await self._fail(ctx, AWAY)

    async def _post(self, ctx: RequestContext) -> None:
        headers = self._prepare_headers()
        if ctx.metadata is not None and ctx.metadata.headers is not None:
            headers.update(ctx.metadata.headers)
        body = ctx.session_message.message.model_dump_json(by_alias=True, exclude_unset=True).encode()
        async with stream_within_origin(ctx.client, "POST", self.url, content=body, headers=headers) as response:
            failed = await self._answered(ctx, response)
        if failed is not None:
            await self._fail(ctx, failed)

    async def _answered(self, ctx: RequestContext, response: httpx2.Response) -> Failed | None:
        """Delivers what came back; says why not otherwise."""
        message, status = ctx.session_message.message, response.status_code
        if status == 404 and ctx.session_id is not None:
            self.gone.set()
            return FORGOT
        if status in (401, 403):
            return UNWELCOME
        if 300 <= status < 400:
            return ELSEWHERE
        if not isinstance(message, JSONRPCRequest):
            return None
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if status >= 400:
            told = message_of(await response.aread()) if kind == "application/json" else None
            return await self._deliver(ctx, message.id, told) if isinstance(told, JSONRPCError) else STATUS
        if self._is_initialization_request(message):
            self._maybe_extract_session_id_from_response(response)
        match kind:
            case "application/json" if status != 202:
                return await self._deliver(ctx, message.id, message_of(await response.aread()))
            case "text/event-stream":
                await self._handle_sse_response(response, ctx)
                return None
            case _:
                return JUNK

    async def _deliver(self, ctx: RequestContext, number: RequestId, message: JSONRPCMessage | None) -> Failed | None:
        if not isinstance(message, JSONRPCResponse | JSONRPCError) or not answers(message, number):
            return JUNK
        message.id = number
        await ctx.read_stream_writer.send(SessionMessage(message))
        return None

    async def _handle_sse_event(
        self,
        sse: httpx2.ServerSentEvent,
        read_stream_writer: StreamWriter,
        original_request_id: RequestId | None = None,
        resumption_callback: Callable[[str], Awaitable[None]] | None = None,
    ) -> bool:
        if sse.event != "message" or not sse.data:
            return False
        message = message_of(sse.data)
        if isinstance(message, JSONRPCResponse | JSONRPCError) and original_request_id is not None:
            if answers(message, original_request_id):
                message.id = original_request_id
                await read_stream_writer.send(SessionMessage(message))
                return True
            message = None
        if message is None:
            if original_request_id is None:
                await read_stream_writer.send(ValueError("not a message"))
                return False
            await read_stream_writer.send(failure(original_request_id, JUNK))
            return True
        about = ServerMessageMetadata(related_request_id=original_request_id)
        await read_stream_writer.send(SessionMessage(message, about))
        return False

    async def _resolve_abandoned_request(
        self, read_stream_writer: StreamWriter, request_id: RequestId, message: str, *, code: int = CONNECTION_CLOSED
    ) -> None:
        try:
            await read_stream_writer.send(failure(request_id, AWAY))
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return

    async def _fail(self, ctx: RequestContext, failed: Failed) -> None:
        message = ctx.session_message.message
        if not isinstance(message, JSONRPCRequest):
            return
        try:
            await ctx.read_stream_writer.send(failure(message.id, failed))
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return


@asynccontextmanager
async def http_wire(url: str, client: httpx2.AsyncClient, asking: Asking) -> AsyncIterator[Wire]:
    """A session's wire over HTTP; to be entered and left by one task. `client` is the caller's to close; `asking` asks
    a server of 2026-07-28."""
    posting = Posting(url)
    arriving, read = create_context_streams[SessionMessage | Exception](0)
    write, leaving = create_context_streams[SessionMessage](0)
    async with arriving, read, write, leaving, anyio.create_task_group() as group:

        def listen() -> None:
            group.start_soon(posting.handle_get_stream, client, arriving)

        group.start_soon(posting.post_writer, client, leaving, arriving, write, listen, group)
        try:
            yield Wire(read, write, posting.gone, posting.abandon, asking.ask)
        finally:
            with anyio.CancelScope(shield=True):
                await asking.close()
            if posting.session_id and not posting.gone.is_set():
                with anyio.move_on_after(_GOODBYE, shield=True):
                    await posting.terminate_session(client)
            group.cancel_scope.cancel()

"""One session with one server. It lives in a task of its own, which alone enters and leaves its wire: the cancel scopes
inside never cross tasks. Requests come from any task."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Final

import anyio
import structlog
from anyio.abc import TaskStatus
from mcp.shared.dispatcher import CallOptions, DispatchContext
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp.shared.transport_context import TransportContext
from mcp_types import CONNECTION_CLOSED

from interlock.doors.mcp.seams import Client, McpRefused, Object, Progress
from interlock.doors.mcp.upstream.greeting import (
    Era,
    Greeting,
    Offer,
    OtherEra,
    first_request,
    greeted,
    relayed,
    stamped,
)
from interlock.doors.mcp.upstream.sieve import Answering, Sieve
from interlock.doors.mcp.upstream.turning import Rising, Turning
from interlock.doors.mcp.upstream.wire import Failed, Question, Wire
from interlock.errors import UpstreamFailed

log = structlog.get_logger()

DISCOVERING: Final = 10.0  # seconds: a server of before may not answer at all
INITIALIZING: Final = 60.0  # seconds: a child may have to unpack itself first
_CLOSING: Final = 20.0  # seconds; the wires bound themselves tighter
_ENDED: Final = "The MCP server ended the session, or died."
_BROKE: Final = "The MCP server sent what isn't MCP; the session was ended."


class Session:
    """Opened by `open`, once; after `over` it is of no more use."""

    def __init__(
        self, era: Era, wire: Callable[[], AbstractAsyncContextManager[Wire]], offer: Offer, turning: Turning
    ) -> None:
        self.era, self._wire, self._offer, self.turning = era, wire, offer, turning
        self.greeting = Greeting("", {}, "")
        self.in_headers: Mapping[str, Any] = {}
        self._numbers = 0
        self._stop = asyncio.Event()
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None
        self._dispatcher: JSONRPCDispatcher | None = None
        self._sieve: Sieve | None = None
        self._abandon: Callable[[int], None] = lambda _: None
        self._ask: Callable[[Question], Awaitable[Object]] | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended, by whomever."""
        ended = self._sieve is not None and self._sieve.ended
        return self._stop.is_set() or ended or (self._task is not None and self._task.done())

    async def open(self) -> None:
        """Connects and greets. Raises `OtherEra`, `UpstreamFailed`."""
        self._task = asyncio.create_task(self._live(), name="mcp-upstream")
        try:
            await asyncio.shield(self._ready)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Ends it; its child is gone when this returns. May be called twice."""
        self._stop.set()
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task}, timeout=_CLOSING)
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=_CLOSING)

    async def _live(self) -> None:
        failed: UpstreamFailed | None = None
        try:
            async with self._wire() as wire:
                await self._speak(wire)
        except* UpstreamFailed as errors:
            failed = _first(errors)
        except* Exception as errors:
            log.warning("mcp.session_broke", errors=sorted({type(error).__name__ for error in errors.exceptions}))
        finally:
            self._stop.set()
            if not self._ready.done():
                self._ready.set_exception(failed or UpstreamFailed(_ENDED, code="upstream_away"))
                self._ready.exception()  # somebody may have stopped waiting for it

    async def _speak(self, wire: Wire) -> None:
        self._abandon = wire.abandon
        self._ask = wire.ask if self.era is Era.MODERN else None
        self._sieve = Sieve(wire.read, lambda: self._numbers)
        self._dispatcher = JSONRPCDispatcher(self._sieve, Answering(wire.write, self._sieve))
        async with anyio.create_task_group() as group:
            await group.start(self._dispatch, self._dispatcher)
            group.start_soon(self.turning.relay, self._sieve.notices)
            group.start_soon(self._watch, wire.gone)
            try:
                await self._greet()
                self._ready.set_result(None)
                await self._stop.wait()
            finally:
                group.cancel_scope.cancel()

    async def _dispatch(self, dispatcher: JSONRPCDispatcher, *, task_status: TaskStatus[None]) -> None:
        try:
            await dispatcher.run(self._asked, self.turning.on_notify, task_status=task_status)
        finally:
            self._stop.set()

    async def _asked(
        self, context: DispatchContext[TransportContext], method: str, params: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        try:
            return await self.turning.on_request(context, method, params)
        except asyncio.CancelledError:  # the server took it back: nothing is answered
            if self._sieve is not None:
                self._sieve.settled()
            raise

    async def _watch(self, gone: asyncio.Event) -> None:
        await gone.wait()
        self._stop.set()

    async def _greet(self) -> None:
        seconds = DISCOVERING if self.era is Era.MODERN else INITIALIZING
        try:
            first, can = first_request(self.era, self._offer), self._offer.capabilities
            params, headers = stamped(self.era, self.era.value, first, can, {})
            answer = await self._send(self.era.value, params, headers, None, seconds, leave=False)
        except McpRefused:
            raise OtherEra(sure=True) from None
        except UpstreamFailed as error:
            # Without a word of the protocol's it isn't known: the server may be slow, or choke on what it doesn't know.
            raise OtherEra(sure=False) if error.code in ("upstream_status", "upstream_timeout") else error from None
        self.greeting = greeted(self.era, answer)
        if self.era is Era.LEGACY:
            await self._notified("notifications/initialized", {})

    async def request(
        self,
        method: str,
        params: Object,
        client: Client,
        *,
        progress: Progress | None,
        seconds: float,
    ) -> Object:
        """Asks the server for this client; see `Link.request`."""
        sent, headers = stamped(self.era, method, params, relayed(client.capabilities), self.in_headers)
        return await self._send(method, sent, headers or self._version(), client, seconds, progress=progress)

    async def notify(self, method: str, params: Object) -> None:
        """Sends a notification; raises `UpstreamFailed`."""
        if self.over:
            raise self._ended()
        await self._notified(method, stamped(Era.LEGACY, method, params, {}, {})[0])

    async def _notified(self, method: str, params: dict[str, Any]) -> None:
        assert self._dispatcher is not None
        try:
            async with asyncio.timeout(DISCOVERING):
                await self._dispatcher.notify(method, params or None, {"headers": self._version()})
        except TimeoutError:
            raise UpstreamFailed("The MCP server doesn't take what we send.", code="upstream_timeout") from None

    def _version(self) -> dict[str, str]:
        return {MCP_PROTOCOL_VERSION_HEADER: self.greeting.version}

    async def _send(
        self,
        method: str,
        params: dict[str, Any],
        headers: dict[str, str],
        client: Client | None,
        seconds: float,
        *,
        progress: Progress | None = None,
        leave: bool = True,
    ) -> Object:
        """One request. `leave`: the server is told when nobody waits any more."""
        if self.over or self._dispatcher is None:
            raise self._ended()
        self._numbers += 1
        number, rising = self._numbers, Rising(progress) if progress is not None else None
        options: CallOptions = {"request_id": number, "cancel_on_abandon": leave}
        if headers:
            options["headers"] = headers
        if rising is not None:
            options["on_progress"] = rising
        if client is not None:
            self.turning.begin(number, client)
        try:
            answer: Object
            async with asyncio.timeout(seconds):
                if self._ask is not None and self._sieve is not None:
                    answer = await self._ask(
                        Question(number, method, params, headers, partial(self._sieve.notice, number), rising)
                    )
                    if not self._sieve.notices.empty():
                        await self.turning.settle(self._sieve.notices)
                else:
                    answer = await self._dispatcher.send_raw_request(method, params, options)
            if rising is not None:
                await rising.settle()
            return answer
        except asyncio.CancelledError:
            self._abandon(number)
            raise
        except TimeoutError:
            self._abandon(number)
            raise UpstreamFailed("The MCP server took too long to answer.", code="upstream_timeout") from None
        except MCPError as error:
            raise self._refused(error) from None
        except (RuntimeError, ValueError, anyio.ClosedResourceError, anyio.BrokenResourceError):
            raise UpstreamFailed("The request couldn't be sent to the MCP server.") from None
        finally:
            self.turning.end(number)
            if rising is not None:
                rising.end()

    def _refused(self, error: MCPError) -> Exception:
        made_up = error.error.data
        if isinstance(made_up, Failed):
            return UpstreamFailed(made_up.sentence, code=made_up.code)
        if error.error.code == CONNECTION_CLOSED and self.over:
            return self._ended()
        return McpRefused(error.error.code, error.error.message, made_up)

    def _ended(self) -> UpstreamFailed:
        broken = self._sieve is not None and self._sieve.broken
        return UpstreamFailed(_BROKE, code="upstream_junk") if broken else UpstreamFailed(_ENDED, code="upstream_gone")


def _first(errors: BaseExceptionGroup[UpstreamFailed]) -> UpstreamFailed:
    found: BaseException = errors
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, UpstreamFailed)
    return found

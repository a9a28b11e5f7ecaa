"""What a server asks or tells a client by itself: to whom it goes, how much of it, and for how long.

Only what the client said it can is asked of it. A question or a word that came with a request's answer goes to whoever
made the request. Where the wire doesn't tell, it goes to the one client that waits, else to the session's own, else to
nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from mcp.shared.dispatcher import DispatchContext
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY
from mcp.shared.transport_context import TransportContext
from mcp_types import INTERNAL_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND

from interlock.doors.mcp.seams import Client, McpRefused, Object, Progress
from interlock.doors.mcp.upstream.greeting import Era
from interlock.doors.mcp.upstream.sieve import Notice, as_number
from interlock.errors import InterlockError

log = structlog.get_logger()

ASKABLE: Final[Mapping[str, str]] = {
    "sampling/createMessage": "sampling",
    "elicitation/create": "elicitation",
    "roots/list": "roots",
}
_TOOLS_CHANGED: Final = "notifications/tools/list_changed"
_TOLD: Final = frozenset(
    {
        _TOOLS_CHANGED,
        "notifications/resources/list_changed",
        "notifications/prompts/list_changed",
        "notifications/resources/updated",
        "notifications/message",
        "notifications/elicitation/complete",
        "notifications/subscriptions/acknowledged",
    }
)
_AT_ONCE: Final = 8  # questions of one server in one session
_TELLING: Final = 10.0  # seconds for one notification
_STEPS: Final = 64  # steps of progress that wait for a slow client
_SETTLING: Final = 2.0  # seconds that an answer waits for the progress before it


class Turning:
    """One session's traffic towards clients. `own`: whose session it is, None when it is shared; `can`: the features
    declared to the server; `seconds`: how long one question may wait for its answer; `changed` hears that the server
    says its tools have changed."""

    def __init__(
        self, era: Era, own: Client | None, can: Object, seconds: float, changed: Callable[[], None] = lambda: None
    ) -> None:
        self._era, self._can, self._seconds, self._changed = era, can, seconds, changed
        self.own = own
        self._waiting: dict[int, Client] = {}
        self._asked = 0

    def begin(self, number: int, client: Client) -> None:
        """This client waits for the answer to this request."""
        self._waiting[number] = client

    def end(self, number: int) -> None:
        """It doesn't any more."""
        self._waiting.pop(number, None)

    async def on_request(
        self, context: DispatchContext[TransportContext], method: str, params: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """A server's request; the answer for it. Raises `MCPError`."""
        if method == "ping":
            return {}
        about = context.message_metadata
        number = as_number(about.related_request_id) if isinstance(about, ServerMessageMetadata) else None
        client = self._asked_one(number)
        if self._era is Era.MODERN or client is None or ASKABLE.get(method, "") not in self._can:
            raise MCPError(code=METHOD_NOT_FOUND, message="Not supported by this client")
        if self._asked >= _AT_ONCE:
            raise MCPError(code=INVALID_REQUEST, message="Too many questions at once")
        self._asked += 1
        try:
            return dict(await self._answer(client, method, params or {}))
        finally:
            self._asked -= 1

    async def _answer(self, client: Client, method: str, params: Object) -> Object:
        asked = {name: value for name, value in params.items() if name != "_meta"}
        try:
            async with asyncio.timeout(self._seconds + _TELLING):
                return await client.ask(method, asked, timeout=self._seconds)
        except McpRefused as refused:
            raise MCPError(code=refused.code, message=refused.message, data=refused.data) from None
        except (TimeoutError, InterlockError):
            raise MCPError(code=INTERNAL_ERROR, message="The client didn't answer") from None
        except Exception as error:
            log.error("mcp.question_failed", error=type(error).__name__)
            raise MCPError(code=INTERNAL_ERROR, message="The question couldn't be asked") from None

    async def on_notify(
        self, context: DispatchContext[TransportContext], method: str, params: Mapping[str, Any] | None
    ) -> None:
        """Progress and cancellation, which the dispatcher has dealt with."""

    async def relay(self, notices: asyncio.Queue[Notice]) -> None:
        """Tells clients what comes, in its order, for as long as the session lives."""
        while True:
            notice = await notices.get()
            if notice.method == _TOOLS_CHANGED:
                self._changed()
            client = self._whose(notice.number or _subscription(notice.params))
            notices.task_done()  # whose it is is known; who made the request may have its answer
            if client is None or notice.method not in _TOLD:
                continue
            told = {name: value for name, value in notice.params.items() if name != "_meta"}
            try:
                async with asyncio.timeout(_TELLING):
                    await client.tell(notice.method, told)
            except Exception as error:
                log.warning("mcp.notice_lost", error=type(error).__name__)

    async def settle(self, notices: asyncio.Queue[Notice]) -> None:
        """What came before an answer has found its client before the answer does, unless that takes long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLING):
                await notices.join()

    def _asked_one(self, number: int | None) -> Client | None:
        """Who may be asked: nobody while what people signed for as it is runs, and the wire doesn't tell for which
        request the question is."""
        unsure = number is None and any(each.hushed for each in self._waiting.values())
        client = None if unsure else self._whose(number)
        return None if client is None or client.hushed else client

    def _whose(self, number: int | None) -> Client | None:
        if number is not None:
            return self._waiting.get(number, self.own)
        waiting = list({id(client): client for client in self._waiting.values()}.values())
        return waiting[0] if len(waiting) == 1 else self.own


def _subscription(params: Object) -> int | None:
    meta = params.get("_meta")
    return as_number(meta.get(SUBSCRIPTION_ID_META_KEY)) if isinstance(meta, Mapping) else None


class Rising:
    """A request's progress, passed on while it rises and the request waits (MCP: "MUST increase"). A slow client misses
    the oldest steps; nothing piles up."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._last, self._over = progress, -math.inf, False
        self._steps: deque[tuple[float, float | None, str | None]] = deque(maxlen=_STEPS)
        self._idle = asyncio.Event()
        self._idle.set()

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        if self._over or not math.isfinite(progress) or progress <= self._last:
            return
        self._last = progress
        self._steps.append((progress, total if total is not None and math.isfinite(total) else None, message))
        if self._idle.is_set():  # else whoever is at it takes this one next
            self._idle.clear()
            try:
                await self._tell()
            finally:
                self._idle.set()

    async def _tell(self) -> None:
        while self._steps and not self._over:
            try:
                await self._progress(*self._steps.popleft())
            except Exception as error:
                log.warning("mcp.progress_lost", error=type(error).__name__)

    async def settle(self) -> None:
        """What came before the answer is passed on before it, unless that takes long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLING):
                await self._idle.wait()

    def end(self) -> None:
        """Nobody waits for the answer any more."""
        self._over = True

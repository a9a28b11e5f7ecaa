"""What comes in from a server, looked at before anything acts on it.

The SDK's dispatcher skips what isn't a message and answers for requests that nobody made, and starts a task for each
notification and each request. Here the first two end the session, as do requests without end, and notifications wait
in a queue of limited length, in their order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import anyio
from mcp.client._transport import WriteStream
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from interlock.doors.mcp.upstream.wire import Incoming

WAITING: Final = 256  # notifications; more are thrown away
ASKED: Final = 64  # requests of the server's that aren't answered yet; each is a task of ours
BANNER: Final = 64  # lines that aren't messages, before the server has answered for the first time

_CORRELATED: Final = frozenset({"notifications/progress", "notifications/cancelled"})  # the dispatcher's own


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification. `number`: the request whose answer it came with, None where the wire doesn't tell."""

    method: str
    params: Mapping[str, Any]
    number: int | None


class Sieve:
    """A read stream that ends at the first thing that isn't MCP. `issued` tells the highest number of our requests."""

    def __init__(self, inner: Incoming, issued: Callable[[], int]) -> None:
        self._inner, self._issued = inner, issued
        self._banner = BANNER
        self._unanswered = 0
        self.notices: asyncio.Queue[Notice] = asyncio.Queue(WAITING)
        self.broken = False
        self.ended = False

    async def receive(self) -> SessionMessage | Exception:
        """The next message for the dispatcher; raises `anyio.EndOfStream`."""
        while True:
            try:
                item = await self._inner.receive()
            except (anyio.EndOfStream, anyio.ClosedResourceError):
                self.ended = True
                raise anyio.EndOfStream from None
            if self._passes(item):
                return item
            if self.broken:
                self.ended = True
                raise anyio.EndOfStream

    def _passes(self, item: SessionMessage | Exception) -> bool:
        if isinstance(item, Exception):
            self._banner -= 1
            self.broken = self._banner < 0
            return False
        match item.message:
            case JSONRPCNotification(method=method) if method not in _CORRELATED:
                self._put(item.message, item.metadata)
                return False
            case JSONRPCResponse(id=number) | JSONRPCError(id=number):
                self._banner = 0
                self.broken = not 1 <= (as_number(number) or 0) <= self._issued()
                return not self.broken
            case JSONRPCRequest():
                self._unanswered += 1
                self.broken = self._unanswered > ASKED
                return not self.broken
        return True

    def settled(self) -> None:
        """A request of the server's was answered, or taken back by it."""
        self._unanswered = max(0, self._unanswered - 1)

    def _put(self, message: JSONRPCNotification, about: object) -> None:
        related = about.related_request_id if isinstance(about, ServerMessageMetadata) else None
        self.notice(as_number(related), message)

    def notice(self, number: int | None, message: JSONRPCNotification) -> None:
        """A notification came; `number` as in `Notice`."""
        if message.method not in _CORRELATED and not self.notices.full():
            self.notices.put_nowait(Notice(message.method, message.params or {}, number))

    async def aclose(self) -> None:
        """Closes what it reads from."""
        await self._inner.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class Answering:
    """The write stream beside a sieve: an answer counts once the wire has taken it."""

    def __init__(self, inner: WriteStream[SessionMessage], sieve: Sieve) -> None:
        self._inner, self._sieve = inner, sieve

    async def send(self, item: SessionMessage) -> None:
        """Sends it."""
        await self._inner.send(item)
        if isinstance(item.message, JSONRPCResponse | JSONRPCError):
            self._sieve.settled()

    async def aclose(self) -> None:
        """Closes what it writes to."""
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def as_number(given: object) -> int | None:
    """One of our numbers, as a server may give it back (some make strings of them)."""
    if isinstance(given, str) and given.isascii() and given.isdecimal() and len(given) < 16:
        return int(given)
    return given if isinstance(given, int) and not isinstance(given, bool) else None

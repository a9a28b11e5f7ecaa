"""The outermost layer of both HTTP ports: security headers on every answer, bounded bodies, and the last resort.

An exception that nobody caught ends here as `500 internal`; the log gets its type and place, never its message, since
that could hold a value.
"""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable, Mapping
from types import MappingProxyType

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interlock.web.bounds import Left
from interlock.web.problems import INTERNAL, PROBLEM_JSON, Problem

MAX_BODY = 64 * 1024  # bytes; the largest thing anyone sends to most addresses is a vote with its reason
LARGE_AT_ONCE = 4  # larger bodies being received; whoever sends one may be nobody yet
BODY_SECONDS = 10.0  # how long a body may take to arrive
CALLS_AT_ONCE = 32  # bodies over `MAX_BODY` being received at one of the paths that services call
CALL_SECONDS = 3.0  # how long a service's body may take to arrive: who clicked waits no longer either

_TOO_LARGE = Problem(413, "too_large", "The request's body is larger than this address takes.")
_TOO_MANY = Problem(503, "busy", "Several large requests are being received. Ask again in a moment.")
_TOO_SLOW = Problem(408, "too_slow", "The request's body took too long to arrive.")

_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
CONTROL_HEADERS: Mapping[str, str] = {
    **_EVERYWHERE,
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    # Not `no-referrer`: under that a browser sends `Origin: null` with our own forms (Fetch, "append a request Origin
    # header"), and the Origin check would have nothing to check. Other sites get no referrer under this one either.
    "Referrer-Policy": "same-origin",
}
AGENTS_HEADERS: Mapping[str, str] = {
    **_EVERYWHERE,
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


class Hardening:
    """ASGI middleware; `cookies=False` drops cookies in both directions (the agents' port).

    `larger` names the paths that take longer bodies, and how long; few of those are received at once. `calls` are those
    that services call with somebody's click: what isn't longer than other bodies needs no room there, and what is has
    each path's own, so that slow bodies of nobody keep no click out. Of paths that begin as in `unread`, bodies aren't
    received here at all.
    """

    def __init__(
        self,
        app: ASGIApp,
        headers: Mapping[str, str],
        *,
        cookies: bool = True,
        larger: Mapping[str, int] = MappingProxyType({}),
        calls: Mapping[str, int] = MappingProxyType({}),
        unread: tuple[str, ...] = (),
    ) -> None:
        self._app = app
        self._unread = unread
        self._larger = larger
        self._receiving = 0
        self._rooms = {path: _Room(most) for path, most in calls.items()}
        self._headers = headers
        self._cookies = cookies
        self._log = structlog.get_logger("interlock.web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # web sockets aren't spoken here
        if not self._cookies:
            scope = {**scope, "headers": [(k, v) for k, v in scope["headers"] if k.lower() != b"cookie"]}
        answer = _Answer(send, self._headers, self._cookies, scope.setdefault("state", {}))
        try:
            fault = await self._run(scope, receive, answer)
        except Exception as error:
            self._log.error("request_failed", error=type(error).__name__, at=_place(error))
            fault = INTERNAL
        if fault is not None and not answer.started:
            await answer.problem(fault)

    async def _run(self, scope: Scope, receive: Receive, answer: _Answer) -> Problem | None:
        if scope["method"] in ("GET", "HEAD", "OPTIONS") or scope.get("path", "").startswith(self._unread):
            await self._app(scope, receive, answer)
            return None
        body = await self._received(scope.get("path", ""), receive)
        if isinstance(body, Problem):
            return body
        await self._app(scope, _replay(body, receive), answer)
        return None

    async def _received(self, path: str, receive: Receive) -> bytes | Problem:
        room = self._rooms.get(path)
        if room is not None:
            return await room.received(receive)
        if path not in self._larger:
            return await _body(receive, MAX_BODY)
        if self._receiving >= LARGE_AT_ONCE:
            return _TOO_MANY
        self._receiving += 1
        try:
            return await _body(receive, self._larger[path])
        finally:
            self._receiving -= 1


class Doors:
    """ASGI middleware: hands requests to whom their paths belong, by how these begin, and the others on."""

    def __init__(self, app: ASGIApp, doors: Mapping[str, ASGIApp]) -> None:
        self._app, self._doors = app, doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path = scope.get("path", "") if scope["type"] == "http" else ""
        door = next((door for beginning, door in self._doors.items() if path.startswith(beginning)), self._app)
        await door(scope, receive, send)


class _Room:
    """The bodies that are received at one path which a service calls; those over `MAX_BODY` are counted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._receiving = 0

    async def received(self, receive: Receive) -> bytes | Problem:
        counted = False

        def grown() -> bool:
            nonlocal counted
            if not counted and self._receiving < CALLS_AT_ONCE:
                self._receiving, counted = self._receiving + 1, True
            return counted

        try:
            return await _body(receive, self._most, CALL_SECONDS, grown)
        finally:
            self._receiving -= counted


class _Answer:
    """A `send` that adds the headers and knows whether the answer has begun."""

    def __init__(self, send: Send, headers: Mapping[str, str], cookies: bool, state: Mapping[str, object]) -> None:
        self._send = send
        self._state = state
        self._headers = headers
        self._cookies = cookies
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            headers.update(self._headers)
            left = self._state.get("interlock_rate")
            if isinstance(left, Left):
                headers.update(left.headers())
            if not self._cookies:
                del headers["set-cookie"]
        await self._send(message)

    async def problem(self, told: Problem) -> None:
        body = json.dumps(told.members()).encode()
        headers = [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", str(len(body)).encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in told.headers().items()]
        if told.status in (408, 413, 503):
            headers.append((b"connection", b"close"))
        await self({"type": "http.response.start", "status": told.status, "headers": headers})
        await self({"type": "http.response.body", "body": body})


async def _body(
    receive: Receive, most: int, seconds: float | None = None, grown: Callable[[], bool] = lambda: True
) -> bytes | Problem:
    """`grown` is asked once there is more than `MAX_BODY` of it: whether there is room for that."""
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS if seconds is None else seconds):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return _TOO_SLOW  # the client left; nobody reads this
                pieces.append(message.get("body", b""))
                size += len(pieces[-1])
                if size > most:
                    return _TOO_LARGE
                if size > MAX_BODY and not grown():
                    return _TOO_MANY
                if not message.get("more_body", False):
                    return b"".join(pieces)
    except TimeoutError:
        return _TOO_SLOW


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].name}:{frames[-1].lineno}" if frames else ""

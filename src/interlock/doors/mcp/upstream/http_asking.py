"""Requests to a server of 2026-07-28 over HTTP ("Streamable HTTP"): each is a POST of its own, answered there.

Nothing of a session is needed for it, and that a client left is told by closing the connection. So requests don't go
through the SDK's streams and tasks, which takes three times as long.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Final

import httpx2
from mcp.shared.exceptions import MCPError
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCResponse

from interlock.doors.mcp.seams import Object
from interlock.doors.mcp.upstream.http_connection import Answer, Broken, Connections
from interlock.doors.mcp.upstream.oauth import Tokens
from interlock.doors.mcp.upstream.sieve import as_number
from interlock.doors.mcp.upstream.wire import (
    AWAY,
    ELSEWHERE,
    JUNK,
    MAX_MESSAGE,
    STATUS,
    UNWELCOME,
    Failed,
    Question,
    answers,
    message_of,
)
from interlock.errors import UpstreamFailed
from interlock.model.mcp_settings import McpHttp
from interlock.model.secret import Secret

_REDIRECTS: Final = 3  # of one request, on the server's own origin
_A_TURN: Final = 64  # events that are looked at at once; then others have their turn
_PROGRESS: Final = "notifications/progress"


class Asking:
    """Asks one server. `close` at the end; what waits for an answer then gets none."""

    def __init__(
        self, settings: McpHttp, tls: ssl.SSLContext, tokens: Tokens | None, subject: Secret[str] | None
    ) -> None:
        self._url, self._tokens, self._subject = httpx2.URL(settings.url), tokens, subject
        self._connections = Connections(settings.url, tls)
        self._steps: set[asyncio.Future[None]] = set()  # of progress, being passed on
        self._headers = {
            "accept": "application/json, text/event-stream",
            "accept-encoding": "identity",
            "content-type": "application/json",
            "user-agent": "interlock",
            **{name.lower(): value.reveal() for name, value in settings.headers.items()},
        }

    async def close(self) -> None:
        """Ends its connections."""
        await self._connections.close()

    async def ask(self, question: Question) -> Object:
        """The answer's result. The caller bounds the time.

        Raises `MCPError` for an error of the server's, `UpstreamFailed`, and `ValueError` for what can't be sent.
        """
        body = question.body()
        try:
            answer = await self._answer(question, body)
            try:
                outcome = await self._read(question, answer)
            finally:
                answer.close()
        except Broken:
            outcome = AWAY
        match outcome:
            case JSONRPCResponse(result=result):
                return result
            case JSONRPCError(error=error):
                raise MCPError(code=error.code, message=error.message, data=error.data)
            case Failed(sentence, code):
                raise UpstreamFailed(sentence, code=code)

    async def _answer(self, question: Question, body: bytes) -> Answer:
        """The answer that is one: after a new token where the old one was refused, and redirects on the same origin
        (307 and 308: nothing ran, and the same is to be sent again). To be closed."""
        headers, target, tried = (
            self._headers | {name.lower(): value for name, value in question.headers.items()},
            self._url,
            0,
        )
        token = await self._authorize(headers)
        while True:
            answer = await self._connections.post(target.raw_path, headers, body)
            try:
                if answer.status == 401 and token is not None:
                    token = await self._authorize(headers, stale=token, last=True)
                elif tried < _REDIRECTS and (to := self._redirected(answer, target)) is not None:
                    target, tried = to, tried + 1
                else:
                    return answer
                await answer.body(MAX_MESSAGE)
            except BaseException:
                answer.close()
                raise
            answer.close()

    async def _authorize(
        self, headers: dict[str, str], *, stale: Secret[str] | None = None, last: bool = False
    ) -> Secret[str] | None:
        """Puts our token among the headers; the token, None where there is none or no other would be any better."""
        if self._tokens is None:
            return None
        token = await self._tokens.token(self._subject, stale=stale)
        headers["authorization"] = f"Bearer {token.reveal()}"
        return None if last else token

    def _redirected(self, answer: Answer, asked: httpx2.URL) -> httpx2.URL | None:
        """Where to send it instead; None for nowhere else: the same would run again where it may have run."""
        where = answer.header(b"location")
        if answer.status not in (307, 308) or not where:
            return None
        try:
            to = asked.join(where)
        except httpx2.InvalidURL:
            return None
        if to.raw_path == asked.raw_path:
            return None
        here = self._url
        same = (to.scheme, to.host, to.port, to.userinfo) == (here.scheme, here.host, here.port, here.userinfo)
        return to if same else None

    async def _read(self, question: Question, answer: Answer) -> JSONRPCResponse | JSONRPCError | Failed:
        """What the answer says, or what is wrong with it."""
        if answer.header(b"content-encoding").lower() not in ("", "identity"):
            return AWAY
        if answer.status in (401, 403):
            return UNWELCOME
        if 300 <= answer.status < 400:
            return ELSEWHERE
        kind = answer.header(b"content-type").partition(";")[0].strip().lower()
        if answer.status >= 400:
            told = message_of(await answer.body(MAX_MESSAGE)) if kind == "application/json" else None
            if not isinstance(told, JSONRPCError):
                return STATUS
            return told if answers(told, question.number) else JUNK
        match kind:
            case "application/json" if answer.status != 202:
                told = message_of(await answer.body(MAX_MESSAGE))
                if isinstance(told, JSONRPCResponse | JSONRPCError) and answers(told, question.number):
                    return told
                return JUNK
            case "text/event-stream":
                return await self._heard(question, answer)
            case _:
                return JUNK

    async def _heard(self, question: Question, answer: Answer) -> JSONRPCResponse | JSONRPCError | Failed:
        """The answer at the end of a stream of events."""
        heard = 0
        try:
            async for event in _events(answer):
                heard += 1
                if heard % _A_TURN == 0:  # many of them may be here at once
                    await asyncio.sleep(0)
                if event.event != "message" or not event.data:
                    continue
                message = message_of(event.data)
                match message:
                    case JSONRPCResponse() | JSONRPCError():
                        return message if answers(message, question.number) else JUNK
                    case JSONRPCNotification(method=method, params=params) if method == _PROGRESS:
                        await self._step(question, params or {})
                    case JSONRPCNotification():
                        question.notice(message)
                    case _:  # also a request: a server of this era asks by its result
                        return JUNK
        except httpx2.SSEError:  # an event that is too long
            return AWAY
        return AWAY

    async def _step(self, question: Question, params: Object) -> None:
        """Passes a step of progress on, without waiting for a slow client (`Rising` drops what is too much)."""
        progress, told = question.progress, _told(params)
        if progress is None or told is None or as_number(params.get("progressToken")) != question.number:
            return
        step = asyncio.ensure_future(progress(*told))
        self._steps.add(step)
        step.add_done_callback(self._steps.discard)
        await asyncio.sleep(0)  # so that it has begun before the answer is seen


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._answer:
            yield piece


def _events(answer: Answer) -> httpx2.EventSource:
    """The events of a stream (HTML standard, "Server-sent events"), each bounded."""
    kind, asked = {"content-type": "text/event-stream"}, httpx2.Request("POST", "http://unsaid")
    stood_for = httpx2.Response(200, headers=kind, stream=_Body(answer), request=asked)  # as the parser wants it
    return httpx2.EventSource(stood_for, max_event_size=MAX_MESSAGE)


def _told(params: Object) -> tuple[float, float | None, str | None] | None:
    done, total, message = params.get("progress"), params.get("total"), params.get("message")
    if (read := _as_float(done)) is None:
        return None
    return read, _as_float(total), message if isinstance(message, str) else None


def _as_float(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    except OverflowError:
        return None

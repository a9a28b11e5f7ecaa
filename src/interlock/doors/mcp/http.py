"""`/mcp/<connection>` over HTTP: who asks, whether the bytes are what they say, and only then the SDK's own server.

In this order: address, method, where the request says it comes from, headers that came twice, who (by bearer), how
fast, the body, whether headers agree with it. Nothing of a body is read from somebody who isn't known.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Message, Receive, Scope, Send

from interlock.doors.mcp import reading
from interlock.doors.mcp.metadata import PATH, WELL_KNOWN, challenge, metadata
from interlock.doors.mcp.needs import Bounds, Pins, Tasks
from interlock.doors.mcp.place import Place
from interlock.doors.mcp.reading import MAX_BODY, SESSION_HEADER, Headers, Kind, Unacceptable
from interlock.doors.mcp.seams import Asker
from interlock.doors.mcp.sessions import STATE, Exchange, Openings, Session, Sessions, told_of
from interlock.doors.mcp.step_up import lacking, task_in
from interlock.errors import AuthenticationFailed, InterlockError
from interlock.model.connection import Connection
from interlock.model.decision import Reason
from interlock.model.mcp_settings import McpTokens
from interlock.model.names import ConnectionName
from interlock.model.peer import Peer
from interlock.model.secret import Secret
from interlock.ports import Clock
from interlock.registry import Registry

BODY_SECONDS: Final = 30.0  # how long a body may take to arrive
SMALL: Final = 64 * 1024  # bytes; larger bodies are counted
LARGE_AT_ONCE: Final = 32  # larger bodies being received, all by somebody who is known
MAX_TOKEN: Final = 8 * 1024
_METHODS: Final = ("POST", "GET", "DELETE")
_CERTIFICATE: Final = "interlock.client_certificate"  # where the HTTP server tells the certificate of a handshake


@dataclass(frozen=True, slots=True)
class Served:
    """One connection as it is served."""

    connection: Connection
    manager: StreamableHTTPSessionManager
    pins: Pins
    tokens: McpTokens
    tasks: Tasks | None


class _Refusal(Exception):
    """An answer of HTTP's own."""

    def __init__(self, status: int, sentence: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, headers


class McpHttp:
    """The ASGI application for everything under `/mcp/`, and for its metadata."""

    def __init__(
        self,
        served: Mapping[ConnectionName, Served],
        registry: Registry,
        sessions: Sessions,
        openings: Openings,
        bounds: Bounds,
        place: Place,
        issuers: tuple[str, ...],
        clock: Clock,
    ) -> None:
        self._served, self._registry, self._sessions, self._openings = served, registry, sessions, openings
        self._clock = clock
        self._bounds, self._place, self._issuers = bounds, place, issuers
        self._receiving = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path: str = scope["path"]
        headers: Headers = scope["headers"]
        try:
            host = reading.header(headers, b"host") or ""
            if not self._is_for_us(host, headers):
                raise _Refusal(403, "This request comes from somewhere else, or is for somebody else.")
            if path.startswith(WELL_KNOWN + PATH):
                await self._tell_metadata(scope, path.removeprefix(WELL_KNOWN + PATH), host, send)
                return
            served = self._served.get(ConnectionName(path.removeprefix(PATH)))
            if served is None:
                raise _Refusal(404, "There is no connection of that name.")
            if scope["method"] not in _METHODS:
                raise _Refusal(405, "Not that method.", (b"allow", b"GET, POST, DELETE"))
            await self._serve(served, host, scope, receive, send)
        except _Refusal as refused:
            await _answer(send, refused.status, reading.error_body(None, -32000, refused.sentence), *refused.headers)
        except Unacceptable as refused:
            await _answer(send, refused.status, reading.error_body(refused.id, refused.code, refused.sentence))

    def _is_for_us(self, host: str, headers: Headers) -> bool:
        try:
            return self._place.takes(host, reading.header(headers, b"origin"))
        except ValueError:  # urlsplit: brackets without an address between them
            return False

    async def _tell_metadata(self, scope: Scope, name: str, host: str, send: Send) -> None:
        served = self._served.get(ConnectionName(name))
        if served is None:
            raise _Refusal(404, "There is no connection of that name.")
        if scope["method"] not in ("GET", "HEAD"):
            raise _Refusal(405, "Not that method.", (b"allow", b"GET, HEAD"))
        document = metadata(self._place.base(host), name, self._issuers, served.tokens.scopes)
        body = json.dumps(document).encode()
        await _answer(send, 200, b"" if scope["method"] == "HEAD" else body)

    async def _serve(self, served: Served, host: str, scope: Scope, receive: Receive, send: Send) -> None:
        headers: Headers = scope["headers"]
        reading.check_once(headers)
        connection = served.connection
        asker = await self._admit(served, host, scope)
        self._demand_pace(asker)
        exchange = Exchange(asker, connection.name, reading.is_modern(headers))
        try:
            await self._pass_on(served, exchange, scope, receive, send)
        except Unacceptable as refused:
            await self._record(asker, connection, Reason(refused.word, refused.sentence))
            raise

    async def _admit(self, served: Served, host: str, scope: Scope) -> Asker:
        """Who asks; raises `_Refusal` (401, 429)."""
        given = reading.header(scope["headers"], b"authorization") or ""
        scheme, _, token = given.partition(" ")
        token, name = token.strip(), served.connection.name
        told = partial(challenge, self._place.base(host), name, scopes=served.tokens.always.scopes)
        peer = _peer_of(scope)
        if not given:
            raise _unknown(told(), "Send an Interlock key or a token as a bearer token.")
        if (wait := self._bounds.guess(peer.address, given)) > 0:
            raise _too_fast(wait)
        try:
            if scheme.lower() != "bearer" or not token.isascii() or not 0 < len(token) <= MAX_TOKEN:
                raise AuthenticationFailed("the credential isn't one")
            presented = Secret(token)
            # Requests that stand alone have no session: by made-up ones a client would get as many as it likes.
            alone = reading.is_modern(scope["headers"])
            session = None if alone else reading.header(scope["headers"], SESSION_HEADER)
            known = told_of(session) if session else ""
            admitted = await self._registry.admit_at(name, presented, session=known, peer=peer)
        except AuthenticationFailed as failed:
            self._bounds.wrong(peer.address, given)
            wrong = told(error="invalid_token", description="The credential was not accepted.")
            raise _unknown(wrong, _sentence(failed)) from None
        except InterlockError as error:
            raise _Refusal(503, f"Nobody can be admitted now: {error.sentence}.", (b"retry-after", b"5")) from None
        self._bounds.right(given)
        return Asker(admitted.actor, presented, peer, admitted.grant)

    async def _demand_grant(self, served: Served, asker: Asker, message: reading.Message | None, scope: Scope) -> None:
        """Raises `_Refusal` (403, 401), and puts on record, where a token must bring more for this request."""
        if asker.grant is None:
            return
        behind, tasks = None, served.tasks if served.tokens.groups else None
        if tasks is not None and (task := task_in(message)) is not None:
            behind = await tasks.tool_of(task, asker.actor)
        lacks = lacking(served.tokens, asker.grant, message, served.pins, self._clock.now(), behind)
        if lacks is None:
            return
        await self._record(asker, served.connection, lacks.reason)
        base = self._place.base(reading.header(scope["headers"], b"host") or "")
        told = lacks.challenge(base, served.connection.name)
        raise _Refusal(lacks.status, lacks.reason.sentence, (b"www-authenticate", told.encode("latin-1", "replace")))

    def _demand_pace(self, asker: Asker) -> None:
        if (wait := self._bounds.take(asker.actor.id)) > 0:
            raise _too_fast(wait)

    async def _record(self, asker: Asker, connection: Connection, reason: Reason) -> None:
        if not self._bounds.may_record(asker.actor.id):
            return
        try:
            await self._openings.refuse(asker, connection, reason)
        except InterlockError:
            return  # nothing ran, and nothing will: it is refused either way

    async def _pass_on(self, served: Served, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        message = await self._message(scope, receive) if scope["method"] == "POST" else None
        await self._demand_grant(served, exchange.asker, message, scope)
        opens = message is not None and message.method == "initialize" and message.kind is Kind.REQUEST
        headers: Headers = scope["headers"]
        session = reading.header(headers, SESSION_HEADER)
        if not exchange.modern and session is None and not opens:
            raise _bare(message)
        inner = _inner(scope, exchange)
        inward = receive if message is None else _replayed(message.text, receive)

        async def serve(outward: Send) -> None:
            await self._whole(served.manager, exchange, inner, inward, outward)

        if opens and not exchange.modern and session is None:
            await self._open(served.manager, exchange, serve, send)
            return
        known = None if exchange.modern or session is None else self._sessions.get(session)
        if known is None or message is None or message.kind is not Kind.REQUEST or not _is_same(known, exchange):
            await serve(send)
            return
        if str(message.id) in known.asked:
            raise _twice(message)
        known.asked.add(str(message.id))
        try:
            await serve(send)
        finally:
            known.asked.discard(str(message.id))

    async def _whole(
        self, manager: StreamableHTTPSessionManager, exchange: Exchange, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """The SDK's own serving of it, until the credential ends."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        with self._sessions.during(exchange), anyio.CancelScope() as exchange.whole:
            await manager.handle_request(scope, receive, watched)
        if exchange.whole.cancelled_caught and not started:
            raise _Refusal(401, "The credential has ended.", (b"www-authenticate", b"Bearer"))

    async def _open(
        self,
        manager: StreamableHTTPSessionManager,
        exchange: Exchange,
        serve: Callable[[Send], Awaitable[None]],
        send: Send,
    ) -> None:
        """A request for a session. One that came to nothing isn't kept: its place would be taken until it is idle."""
        actor, begun = exchange.asker.actor, ""

        async def watched(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = reading.header([(k.lower(), v) for k, v in message["headers"]], SESSION_HEADER) or ""
            await send(message)

        if not self._sessions.has_room(actor):
            raise _Refusal(429, "This actor has as many sessions as one may have.", (b"retry-after", b"60"))
        with self._sessions.opening(actor):
            try:
                await serve(watched)
            finally:
                if begun and self._sessions.get(begun) is None:
                    await end_session(manager, exchange.asker, begun)

    async def _message(self, scope: Scope, receive: Receive) -> reading.Message:
        headers: Headers = scope["headers"]
        if not reading.is_json(reading.header(headers, b"content-type")):
            raise Unacceptable("mcp_content_type", "The content type must be application/json.", status=415)
        if reading.header(headers, b"content-encoding") not in (None, "identity"):
            raise Unacceptable("mcp_content_type", "Encoded bodies aren't taken.", status=415)
        message = reading.read(await self._body(receive))
        reading.check_agreement(headers, message)
        return message

    async def _body(self, receive: Receive) -> bytes:
        pieces, size, large = [], 0, False
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while True:
                    piece = await receive()
                    if piece["type"] != "http.request":
                        raise _Refusal(408, "The client left.")
                    pieces.append(piece.get("body", b""))
                    size += len(pieces[-1])
                    if size > MAX_BODY:
                        raise Unacceptable("mcp_too_large", f"Bodies of up to {MAX_BODY} bytes are taken.", status=413)
                    if size > SMALL and not large:
                        large = self._demand_room()
                    if not piece.get("more_body", False):
                        return b"".join(pieces)
        except TimeoutError:
            raise _Refusal(408, "The body took too long to arrive.") from None
        finally:
            self._receiving -= large

    def _demand_room(self) -> bool:
        if self._receiving >= LARGE_AT_ONCE:
            raise _Refusal(503, "Several large requests are being received.", (b"retry-after", b"1"))
        self._receiving += 1
        return True


async def end_session(manager: StreamableHTTPSessionManager, asker: Asker, id: str) -> None:
    """Ends a session as its own client would (2025-11-25, "Session Management"): the SDK has no other way in."""
    headers = [(SESSION_HEADER, id.encode("latin-1")), (b"host", b"localhost"), (b"accept", b"application/json")]
    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "DELETE",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "user": _user(asker),
        "state": {},
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        """Nobody reads the answer."""

    await manager.handle_request(scope, receive, send)


def _user(asker: Asker) -> AuthenticatedUser:
    """By what the SDK tells whether a session is somebody's: the actor and the way it proved itself; of a key of ours
    the key. (A workload's tokens are short, and it keeps its session from one to the next.)"""
    actor = asker.actor
    lasting = actor.expires_at is None
    by = actor.key if lasting else "/".join(each.id for each in (actor, *actor.chain))
    token = AccessToken(token="", client_id=str(by), scopes=[], subject=f"{actor.kind.value}/{actor.id}")
    return AuthenticatedUser(token)


def _is_same(known: Session, exchange: Exchange) -> bool:
    """Whether the session is this asker's, on this connection; where it isn't, the SDK knows of no such session."""
    one, other = _user(known.asker).access_token, _user(exchange.asker).access_token
    same = hmac.compare_digest(one.client_id.encode(), other.client_id.encode())
    return same and one.subject == other.subject and known.connection == exchange.connection


def _inner(scope: Scope, exchange: Exchange) -> Scope:
    """What the SDK gets: without the credential, without cookies, and with who asks."""
    dropped = {b"authorization", b"cookie", b"content-length", b"transfer-encoding"}
    kept = [(key, value) for key, value in scope["headers"] if key not in dropped]
    state = {**scope.get("state", {}), STATE: exchange}
    return {**scope, "headers": kept, "state": state, "user": _user(exchange.asker)}


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def _peer_of(scope: Scope) -> Peer:
    found = scope.get("extensions", {}).get(_CERTIFICATE, {}).get("der")
    client = scope.get("client")
    return Peer(client[0] if client else "", found if isinstance(found, bytes) else None)


def _unknown(challenged: str, sentence: str) -> _Refusal:
    return _Refusal(401, sentence, (b"www-authenticate", challenged.encode("latin-1", "replace")))


def _sentence(error: InterlockError) -> str:
    sentence = error.sentence.rstrip(".")
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _too_fast(wait: int) -> _Refusal:
    return _Refusal(429, "Too many requests. Wait, and ask again.", (b"retry-after", str(wait).encode()))


def _bare(message: reading.Message | None) -> Unacceptable:
    refused = Unacceptable("mcp_no_session", "Missing session id: initialize first.")
    refused.id = message.id if message is not None else None
    return refused


def _twice(message: reading.Message) -> Unacceptable:
    refused = Unacceptable("mcp_malformed", "A request of this id isn't answered yet.")
    refused.id = message.id
    return refused


async def _answer(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    told = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *headers]
    if status in (408, 413):
        told.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})

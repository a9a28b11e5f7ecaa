"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07) on every POST of the API, and on AuthZEN's requests.

The same caller, key and request within a day get the answer that the first one got; another request under the same key
is refused (422), and so is one while the first runs (409). An answer that showed a secret isn't kept: the repeat hears
that it was done and can't be shown again. All of it is in memory: a restart forgets it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interlock.errors import InterlockError
from interlock.ports import Clock
from interlock.web.access import problems as access_problems
from interlock.web.allowed import kind_of, shows_secret
from interlock.web.callers import ByKey, caller_of
from interlock.web.control_state import Control
from interlock.web.problems import Refused, problem

HEADER = b"idempotency-key"
KEPT = timedelta(hours=24)
MAX_KEPT = 10_000  # answers; beyond that the oldest is forgotten
MAX_KEPT_PER_CALLER = 500
MAX_ANSWER = 16 * 1024  # bytes; a longer one isn't kept, and its repeat hears that it was done
MAX_KEPT_BYTES = 32 * 1024 * 1024
SECRET_MEMBERS = frozenset(
    {"token", "secret", "password", "device_code", "access_token", "refresh_token", "client_secret"}
)
PATHS = ("/api/", access_problems.REQUESTS)
UNDONE = frozenset({401, 408, 413, 429, 503})  # nothing was tried: asking again is right

_KEY = re.compile(r'"([\x21\x23-\x5b\x5d-\x7e]{1,128})"|([A-Za-z0-9_.:~-]{1,128})')  # a string of RFC 9651, or bare


@dataclass(slots=True)
class Kept:
    """What became of a request: in flight while `status` is 0. `body` is None when it can't be shown again."""

    print: bytes
    until: datetime
    status: int = 0
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes | None = None


@dataclass(slots=True)
class Answers:
    """The answers by caller and key, bounded in number and size."""

    clock: Clock
    _kept: OrderedDict[tuple[str, str], Kept] = field(default_factory=OrderedDict, init=False, repr=False)
    _bytes: int = field(default=0, init=False)

    def begin(self, who: str, key: str, fingerprint: bytes) -> Kept | None:
        """What was kept for this request, or None: it begins now. Raises `Refused` (409, 422, 429)."""
        self._forget_old()
        found = self._kept.get((who, key))
        if found is None:
            self._make_room(who)
            self._kept[(who, key)] = Kept(fingerprint, self.clock.now() + KEPT)
            return None
        if found.print != fingerprint:
            raise Refused(422, "idempotency_mismatch", "This Idempotency-Key came with another request before.")
        if not found.status:
            sentence = "The first request with this Idempotency-Key is still being worked on."
            raise Refused(409, "idempotency_in_flight", sentence)
        if found.body is None:
            sentence = "This was asked already, and its answer can't be shown again. Look at what became of it."
            raise Refused(409, "idempotency_replayed", sentence)
        return found

    def end(
        self, who: str, key: str, status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes | None
    ) -> None:
        """Keeps the answer; `body` None when it can't be shown again."""
        kept = self._kept[(who, key)]
        kept.status, kept.headers, kept.body = status, headers, body
        self._bytes += len(body or b"")
        while self._bytes > MAX_KEPT_BYTES:
            self._drop(next(each for each, of in self._kept.items() if of.body))

    def abandon(self, who: str, key: str) -> None:
        """Forgets a request of which nothing was tried."""
        if (who, key) in self._kept:
            self._drop((who, key))

    def _forget_old(self) -> None:
        now = self.clock.now()
        while self._kept:
            first = next(iter(self._kept))
            if self._kept[first].until > now:
                return
            self._drop(first)

    def _make_room(self, who: str) -> None:
        own = [each for each in self._kept if each[0] == who]
        if len(own) >= MAX_KEPT_PER_CALLER:
            self._drop_settled(own)
        if len(self._kept) >= MAX_KEPT:
            self._drop_settled(list(self._kept))

    def _drop_settled(self, among: list[tuple[str, str]]) -> None:
        for each in among:
            if self._kept[each].status:
                self._drop(each)
                return
        raise Refused(429, "too_many_in_flight", "Too many requests with Idempotency-Keys are being worked on.")

    def _drop(self, which: tuple[str, str]) -> None:
        self._bytes -= len(self._kept.pop(which).body or b"")


class Idempotency:
    """ASGI middleware; stands within `Hardening`, which has bounded the body."""

    def __init__(self, app: ASGIApp, answers: Answers) -> None:
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        sent = _keys(scope)
        if not sent or scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith(PATHS):
            await self._app(scope, receive, send)
            return
        try:
            await self._run(sent, scope, receive, send)
        except Refused as refused:
            tell = access_problems.told(problem(refused), scope["path"])
            await tell(scope, receive, send)

    async def _run(self, sent: list[bytes], scope: Scope, receive: Receive, send: Send) -> None:
        who = await _who(scope)
        if who is None:  # the route says why
            await self._app(scope, receive, send)
            return
        key = _read(sent)
        body = await _body(receive)
        kept = self._answers.begin(who, key, _print(scope, body))
        if kept is not None:
            await send({"type": "http.response.start", "status": kept.status, "headers": list(kept.headers)})
            await send({"type": "http.response.body", "body": kept.body})
            return
        watched = _Watched(send)
        try:
            await self._app(scope, _again(body, receive), watched)
        finally:
            self._settle(who, key, scope, watched)

    def _settle(self, who: str, key: str, scope: Scope, watched: _Watched) -> None:
        if watched.status in UNDONE:
            self._answers.abandon(who, key)
            return
        route = scope.get("route")
        body = watched.body if watched.whole else None
        if (isinstance(route, APIRoute) and shows_secret(route)) or _looks_secret(body):
            body = None
        # Without an answer the request broke down half-way, and may have had its effect.
        self._answers.end(who, key, watched.status or 500, watched.headers, body)


class _Watched:
    """A `send` that remembers what went through it, up to `MAX_ANSWER`."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._pieces: list[bytes] = []
        self.status = 0
        self.headers: tuple[tuple[bytes, bytes], ...] = ()
        self.whole = False

    @property
    def body(self) -> bytes:
        return b"".join(self._pieces)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = tuple((name, value) for name, value in message["headers"] if name.lower() != b"set-cookie")
        elif message["type"] == "http.response.body":
            self._pieces.append(message.get("body", b""))
            fits = sum(map(len, self._pieces)) <= MAX_ANSWER
            self.whole = fits and not message.get("more_body", False)
            if not fits:
                self._pieces.clear()
        await self._send(message)


async def _who(scope: Scope) -> str | None:
    parts = getattr(scope["app"].state, "control", None)
    if not isinstance(parts, Control):
        return None
    try:
        caller = await caller_of(Request(scope), parts)
    except InterlockError:
        return None
    who = [str(kind_of(caller)), caller.name]
    if isinstance(caller, ByKey):  # one agent acts for many: what another credential or delegator got isn't this one's
        who += [caller.actor.key, *(f"{each.kind.value}/{each.id}/{each.key}" for each in caller.actor.chain)]
    return json.dumps(who)


def _keys(scope: Scope) -> list[bytes]:
    return [value for name, value in scope.get("headers", ()) if name.lower() == HEADER]


def _read(sent: list[bytes]) -> str:
    found = _KEY.fullmatch(sent[0].decode("latin-1").strip()) if len(sent) == 1 else None
    if found is None:
        raise Refused(
            400, "idempotency_key", 'Send one Idempotency-Key: a text of up to 128 characters, as "8e03978e".'
        )
    return found.group(1) or found.group(2)


def _print(scope: Scope, body: bytes) -> bytes:
    whole = hashlib.sha256()
    for part in (scope["path"].encode(), scope.get("query_string", b""), body):
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.digest()


def _looks_secret(body: bytes | None) -> bool:
    """A second line: an answer whose members are named like secrets isn't kept, whatever its route says."""
    try:
        told = json.loads(body or b"null")
    except ValueError:
        return False
    if not isinstance(told, dict):
        return False
    inner = (each for each in told.values() if isinstance(each, dict))
    return any(not SECRET_MEMBERS.isdisjoint(each) for each in (told, *inner))


async def _body(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


def _again(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again

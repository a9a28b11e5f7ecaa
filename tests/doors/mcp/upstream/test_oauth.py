"""Tokens of our own: client credentials and token exchange, against a token service and a server that look."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import pytest
from structlog.testing import capture_logs
from tests.doors.mcp.upstream.an_upstream import (
    App,
    Receive,
    Send,
    Speaking,
    asker,
    call,
    legacy,
    links,
    modern,
    served,
)
from tests.doors.mcp.upstream.servers.everything import Everything

from interlock.doors.mcp.upstream.oauth import EXCHANGE, Tokens
from interlock.errors import UpstreamFailed
from interlock.model.mcp_settings import McpHttp, McpOAuth
from interlock.model.secret import Secret


@dataclass
class Service:
    """A token service."""

    answer: Any = None
    status: int = 200
    asked: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _lifespan(receive, send)
            return
        body = (await receive()).get("body", b"")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append((dict(parse_qsl(body.decode())), headers))
        number = len(self.asked)
        answer = self.answer or {"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": 3600}
        await _send(send, self.status, json.dumps(answer).encode())


class Guarded:
    """Lets in who has one of these tokens."""

    def __init__(self, app: App, *good: str) -> None:
        self._app, self.good = app, set(good)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        headers: Mapping[bytes, bytes] = dict(scope.get("headers", ()))
        if scope["type"] == "http" and headers.get(b"authorization", b"").decode() not in self.good:
            await _send(send, 401, b"Mrs Canary")
            return
        await self._app(scope, receive, send)


def oauth(address: str, grant: str = "client_credentials") -> McpOAuth:
    return McpOAuth(grant, f"{address}/token", "inter lock", Secret("s:cret/canary"), ("read", "write"))


@asynccontextmanager
async def both(service: Service, *good: str) -> AsyncIterator[tuple[str, McpHttp, Guarded, Speaking]]:
    """(the service's address, the server, its guard, what came to it)."""
    front = Speaking(Everything().server.streamable_http_app(), "both")
    guard = Guarded(front, *(f"Bearer {token}" for token in good))
    async with served(service) as address, served(guard) as other:
        yield address, McpHttp(f"{other}/mcp"), guard, front


async def test_client_credentials_are_fetched_once_and_sent() -> None:
    service = Service()
    async with both(service, "token-1") as (address, http, _, front), links(http, oauth=oauth(address)) as linked:

        async def one(name: str) -> None:
            async with linked.link(asker(name, presented="ilk_canary"), modern(), None) as link:
                await link.request("tools/call", call("count"))

        await asyncio.gather(*(one(name) for name in "abc"))
        await linked.listed()
    (form, headers), *more = service.asked
    assert not more
    assert form == {"grant_type": "client_credentials", "resource": http.url, "scope": "read write"}
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"inter%20lock:s%3Acret%2Fcanary"
    assert {seen["authorization"] for seen in front.headers} == {"Bearer token-1"}
    assert "canary" not in str(front.headers)


async def test_a_refused_token_is_fetched_anew_once() -> None:
    service = Service()
    async with (
        both(service, "token-1") as (address, http, guard, _),
        links(http, oauth=oauth(address)) as linked,
        linked.link(asker(), legacy(), "s1") as link,
    ):
        await link.request("tools/call", call("count"))
        guard.good = {"Bearer token-2"}
        await link.request("tools/call", call("count"))
        guard.good = set()
        before = len(service.asked)
        with pytest.raises(UpstreamFailed) as failed:
            await link.request("tools/call", call("count"))
    assert failed.value.code == "upstream_unauthorized"
    assert "anary" not in failed.value.sentence
    assert before == 2


async def test_an_exchange_begins_with_the_askers_token_and_nobody_elses() -> None:
    service = Service()
    async with (
        both(service, "token-1", "token-2", "token-3") as (address, http, _, front),
        links(http, oauth=oauth(address, "token_exchange")) as linked,
    ):
        for presented in ("aaa.bbb.one", "aaa.bbb.two", "aaa.bbb.one"):
            who = asker("same", presented=presented, authn="jwt")
            async with linked.link(who, modern(), None) as link:
                await link.request("tools/call", call("count"))
        assert linked.open_sessions == 2
        await linked.listed()
    subjects = [(form["grant_type"], form.get("subject_token")) for form, _ in service.asked]
    assert subjects == [(EXCHANGE, "aaa.bbb.one"), (EXCHANGE, "aaa.bbb.two"), ("client_credentials", None)]
    assert "aaa.bbb" not in str(front.headers)


async def test_an_exchange_needs_an_issuers_token() -> None:
    service = Service()
    async with (
        both(service) as (address, http, _, front),
        links(http, oauth=oauth(address, "token_exchange")) as linked,
    ):
        with pytest.raises(UpstreamFailed) as failed:
            async with linked.link(asker(), modern(), None):
                pass
    assert failed.value.code == "upstream_subject"
    assert not service.asked and not front.headers


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, {"error": "Mrs Canary"}),
        (200, ["Mrs Canary"]),
        (200, {"access_token": "Mrs Canary\r\nx: y", "token_type": "Bearer"}),
        (200, {"access_token": "canary", "token_type": "mac"}),
        (200, {"access_token": "c" * 100_000, "token_type": "Bearer"}),
    ],
)
async def test_a_token_service_that_gives_none(status: int, answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as lines:
        async with (
            both(Service(answer, status)) as (address, http, _, front),
            links(http, oauth=oauth(address)) as linked,
        ):
            with pytest.raises(UpstreamFailed) as failed:
                await linked.listed()
    assert failed.value.code == "upstream_token"
    assert not front.headers
    told = failed.value.sentence + str(lines) + caplog.text
    assert "Mrs Canary" not in told and "s:cret" not in told


async def test_a_token_is_fetched_anew_before_it_ends() -> None:
    now = [0.0]
    service = Service()
    async with served(service) as address:
        tokens = Tokens(oauth(address), "https://server.example/mcp", now=lambda: now[0])
        first = await tokens.token(None)
        now[0] = 3569.0
        assert await tokens.token(None) == first
        now[0] = 3571.0
        assert await tokens.token(None) != first
        await tokens.close()


async def _lifespan(receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def _send(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

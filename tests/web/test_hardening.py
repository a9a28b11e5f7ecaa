"""Headers everywhere, bounded bodies, nothing of the inside told; the agents' port sandboxed and without cookies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send
from tests.web.conftest import By, SignIn
from tests.web.in_memory import Office, content

from interlock.web import hardening
from interlock.web.control import agents_app
from interlock.web.hardening import AGENTS_HEADERS, CALLS_AT_ONCE, CONTROL_HEADERS, MAX_BODY, Hardening


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/sign-in",
        "/nope",
        "/api/nope",
        "/api/whoami",
        "/api/openapi.json",
        "/healthz",
        "/static/console.css",
        "/static/x",
    ],
)
async def test_every_answer_carries_the_headers(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    for name, value in CONTROL_HEADERS.items():
        assert answer.headers[name] == value
    assert "'unsafe" not in answer.headers["content-security-policy"]


async def test_a_body_over_the_limit_is_refused_however_it_comes(by: By) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY // 1024 + 1):
            yield b" " * 1024

    for body in (b" " * (MAX_BODY + 1), dripping()):
        answer = await by("priya-key").post(
            "/api/operator/keys", content=body, headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardening, "BODY_SECONDS", 0.01)
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("the application must not see this request")

    async def silence() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    await Hardening(app, CONTROL_HEADERS)({"type": "http", "method": "POST", "headers": []}, silence, send)
    assert sent[0]["status"] == 408


async def test_an_unforeseen_error_tells_nothing(
    office: Office, by: By, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(*_: object) -> object:
        raise RuntimeError("SSN 078-05-1120 in frame")

    monkeypatch.setattr(office.desk, "reviews", broken)
    answer = await by("priya-key").get("/api/reviews")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    said = capsys.readouterr()
    assert "078-05-1120" not in answer.text + said.out + said.err
    assert "RuntimeError" in said.out + said.err


async def test_our_own_faults_keep_their_sentences_to_themselves(office: Office, by: By) -> None:
    review = office.desk.open(content())
    office.desk.corrupt.add(review.id)
    answer = await by("priya-key").get(f"/api/reviews/{review.id}")
    assert (answer.status_code, answer.json()["code"]) == (500, "ledger_corrupt")
    assert "offset 17" not in answer.text


async def test_health_says_why_not(office: Office, browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/healthz")).json() == {"status": "ok"}
    office.unready = "the ledger can't be written"
    answer = await browser.get("/healthz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "the ledger can't be written")


async def test_the_agents_port_is_sandboxed_and_drops_cookies(sign_in: SignIn) -> None:
    client = await sign_in("priya")
    app = agents_app("0.1.0", lambda: None)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://agents.test", cookies=client.cookies) as agent:
        for path, status in (("/healthz", 200), ("/", 404), ("/api/reviews", 404), ("/api/openapi.json", 404)):
            answer = await agent.get(path)
            assert answer.status_code == status
            assert answer.headers["content-security-policy"] == AGENTS_HEADERS["Content-Security-Policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.json()


async def test_cookies_pass_in_neither_direction_where_they_must_not() -> None:
    seen: list[bytes] = []
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend(name for name, _ in scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"set-cookie", b"a=b"), (b"x", b"y")]})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "GET", "headers": [(b"Cookie", b"a=b"), (b"accept", b"*/*")]}
    await Hardening(app, AGENTS_HEADERS, cookies=False)(scope, receive, send)
    assert seen == [b"accept"]
    assert b"set-cookie" not in [name for name, _ in sent[0]["headers"]]


async def test_few_large_bodies_are_received_at_once() -> None:
    """Whoever sends one may be nobody yet: those that wait for their rest keep the next out, and not for good."""
    sent: list[Message] = []
    rest = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        length = len((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(length).encode()})

    async def slowly() -> Message:
        await rest.wait()
        return {"type": "http.request", "body": b"x" * (MAX_BODY + 1), "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    wrapped = Hardening(app, CONTROL_HEADERS, larger={"/large": MAX_BODY * 2})
    scope: Scope = {"type": "http", "method": "POST", "path": "/large", "headers": []}
    waiting = [asyncio.create_task(wrapped(scope, slowly, send)) for _ in range(hardening.LARGE_AT_ONCE)]
    await asyncio.sleep(0)
    await wrapped(scope, slowly, send)
    assert [message["status"] for message in sent if "status" in message] == [503]
    rest.set()
    await asyncio.gather(*waiting)
    await wrapped(scope, slowly, send)
    statuses = [message["status"] for message in sent if "status" in message]
    assert statuses == [503] + [200] * (hardening.LARGE_AT_ONCE + 1)
    await wrapped({**scope, "path": "/other"}, slowly, send)
    assert [message["status"] for message in sent if "status" in message][-1] == 413


CALLS = {"/channels/slack": 4 * MAX_BODY, "/channels/teams": 4 * MAX_BODY}


class Calls:
    """Services' calls to one port; keeps what came through."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.port = Hardening(self._app, CONTROL_HEADERS, calls=CALLS)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.sizes.append(len((await receive())["body"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def call(self, path: str, size: int, end: asyncio.Event | None = None) -> int:
        """The status for a body of that size, whose end comes with `end`."""
        sent: list[Message] = []
        parts = [b"x" * size, b""]

        async def receive() -> Message:
            body = parts.pop(0)
            if not parts and end is not None:
                await end.wait()
            return {"type": "http.request", "body": body, "more_body": bool(parts)}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.port({"type": "http", "method": "POST", "path": path, "headers": []}, receive, send)
        return int(sent[0]["status"])


async def test_what_services_call_takes_a_whole_message_and_no_more() -> None:
    calls = Calls()
    for path, most in CALLS.items():
        assert await calls.call(path, most) == 200
        assert await calls.call(path, most + 1) == 413
    assert await calls.call("/channels/callback/desk", MAX_BODY + 1) == 413
    assert calls.sizes == [4 * MAX_BODY, 4 * MAX_BODY]


async def test_slow_bodies_of_nobody_keep_no_click_out() -> None:
    calls, end = Calls(), asyncio.Event()
    slow = [asyncio.create_task(calls.call("/channels/slack", MAX_BODY + 1, end)) for _ in range(CALLS_AT_ONCE)]
    small = [asyncio.create_task(calls.call("/channels/slack", 1, end)) for _ in range(CALLS_AT_ONCE)]
    await asyncio.sleep(0)
    assert await calls.call("/channels/slack", MAX_BODY + 1) == 503
    assert await calls.call("/channels/slack", MAX_BODY) == 200
    assert await calls.call("/channels/teams", 2 * MAX_BODY) == 200
    end.set()
    assert set(await asyncio.gather(*slow, *small)) == {200}
    assert await calls.call("/channels/slack", MAX_BODY + 1) == 200


async def test_a_slow_call_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardening, "CALL_SECONDS", 0.01)
    assert await Calls().call("/channels/slack", 1, asyncio.Event()) == 408


async def test_the_control_port_lets_a_large_click_through_to_the_channel(browser: httpx.AsyncClient) -> None:
    for path in ("/channels/slack", "/channels/teams"):
        assert (await browser.post(path, content=b"x" * (4 * MAX_BODY))).status_code == 404  # none is set up here
        assert (await browser.post(path, content=b"x" * (4 * MAX_BODY + 1))).status_code == 413

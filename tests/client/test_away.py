"""Offline means no: the gateway away at every step, and servers that answer anything at all."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from testkit.certificates import Authority
from tests.client.a_guarded_place import Place, Relay, blocking, everything, guarded
from tests.web.access.test_howto import SECONDS

from interlock.model.review import ReviewState
from interlock_client import (
    AsyncInterlock,
    Handle,
    Interlock,
    Misconfigured,
    NotApprovedInTime,
    NotAuthenticated,
    Pending,
    Permit,
    Unavailable,
    asked,
    guard,
)
from interlock_client.errors import InterlockError
from interlock_client.settings import place_of
from interlock_client.wire import MAX_ANSWER

TOKEN = "token-canary-0815"
ID = "0192f0c1-0000-7000-8000-000000000000"
PUSH = asked("snapshots.push", resource="claims", arguments={"dataset": "claims"})


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with guarded(tmp_path) as opened:
        yield opened


def pushing(place: Place, client: Interlock, **more: Any) -> Callable[..., Any]:
    @guard("snapshots.push", resource=lambda dataset: dataset, client=client, **more)
    def push(dataset: str) -> str:
        place.ran.append(dataset)
        return dataset

    return push


# Connections of a call that people sign for: who am I, evaluation, request, looks, redeeming, report.
@pytest.mark.parametrize("step", [0, 1, 2])
@pytest.mark.parametrize("how", ["away", "cut"])
async def test_away_before_people_are_asked_it_never_runs(place: Place, step: int, how: str) -> None:
    relay = Relay(away_from=step) if how == "away" else Relay(cut=frozenset({step}))
    async with relay.before(place.url):
        push = pushing(place, Interlock(relay.url, place.line.keys["etl"]))
        with pytest.raises(Unavailable):
            await blocking(push, "claims")
        assert place.ran == []
        relay.away_from, relay.cut = 10**9, frozenset()
        running = blocking(push, "claims")  # and asked again it joins what was opened, if something was
        await place.signed()
        assert (await running, place.ran) == ("claims", ["claims"])


async def test_away_while_people_look_the_wait_goes_on(place: Place) -> None:
    relay = Relay()
    async with relay.before(place.url):
        running = blocking(pushing(place, Interlock(relay.url, place.line.keys["etl"], seconds=5)), "claims")
        async with asyncio.timeout(SECONDS):
            while relay.taken < 4:  # who am I, evaluation, request, and the look that waits
                await asyncio.sleep(0.01)
        relay.cut, relay.away_from = frozenset({3}), 4
        await place.signed()
        async with asyncio.timeout(SECONDS):
            while relay.taken < relay.away_from + 2:
                await asyncio.sleep(0.01)
        assert place.ran == []
        relay.away_from = 10**9
        assert (await running, place.ran) == ("claims", ["claims"])


async def test_away_for_the_whole_wait_leaves_a_handle(place: Place) -> None:
    relay = Relay(away_from=3)
    async with relay.before(place.url):
        push = pushing(place, Interlock(relay.url, place.line.keys["etl"]), wait=0.5)
        with pytest.raises(NotApprovedInTime) as late:
            await blocking(push, "claims")
        relay.away_from = 10**9
        await place.signed()
        assert await blocking(push.resume, late.value.handle, "claims") == "claims"  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", ["away", "cut"])
async def test_away_when_it_is_redeemed_it_never_runs(place: Place, how: str) -> None:
    relay = Relay()
    async with relay.before(place.url):
        client = Interlock(relay.url, place.line.keys["etl"], subject="agent etl")
        push: Any = pushing(place, client, wait=0)
        with pytest.raises(Pending) as held:
            await blocking(push, "claims")
        await place.signed()
        step = relay.taken + 1  # after the look
        relay.away_from, relay.cut = (step, frozenset()) if how == "away" else (10**9, frozenset({step}))
        with pytest.raises(Unavailable):
            await blocking(push.resume, held.value.handle, "claims")
        assert place.ran == []
        relay.away_from, relay.cut = 10**9, frozenset()
        if how == "away":
            assert await blocking(push.resume, held.value.handle, "claims") == "claims"
        else:  # the yes was said, and lost: used up, and nothing ran
            with pytest.raises(InterlockError):
                await blocking(push.resume, held.value.handle, "claims")
            assert place.ran == []


async def test_away_at_the_report_what_ran_has_run(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    relay = Relay(away_from=1)
    async with relay.before(place.url):
        client = Interlock(relay.url, place.line.keys["etl"], subject="agent etl")
        with caplog.at_level(logging.WARNING, "interlock_client"):
            assert await blocking(pushing(place, client), "weather") == "weather"
        assert relay.taken == 4  # told three times
    assert "wasn't told" in caplog.text
    assert await place.types() == ["action.released", "action.unknown"]


async def test_a_revoked_token_ends_the_wait(place: Place) -> None:
    tokens = [place.line.keys["etl"]]
    running = blocking(pushing(place, Interlock(place.url, lambda: tokens[0])), "claims")
    async with asyncio.timeout(SECONDS):
        while not await place.line.office.desk.reviews(frozenset({ReviewState.PENDING}), 1):
            await asyncio.sleep(0.01)
    tokens[0] = TOKEN
    await place.signed()
    with pytest.raises(NotAuthenticated) as refused:
        await running
    assert place.ran == []
    assert TOKEN not in "".join(everything(refused.value))


# -- servers that answer anything -------------------------------------------------------------------------------------


def answer(body: Any, status: str = "200 OK", kind: str = "application/json", more: str = "") -> bytes:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(sent)}\r\n{more}\r\n"
    return head.encode() + sent


@asynccontextmanager
async def saying(
    said: bytes | Callable[[asyncio.StreamWriter], Any], tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that says this to everyone, whatever they ask; and what it was asked."""
    got: list[bytes] = []

    async def serve(incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
        try:
            got.append(await incoming.readuntil(b"\r\n\r\n"))
            if isinstance(said, bytes):
                outgoing.write(said)
                await outgoing.drain()
            else:
                await said(outgoing)
        except ConnectionError:
            pass
        finally:
            outgoing.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", got
    finally:
        server.close()


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
YES = {"decision": True, "context": {"evaluation_id": ID}}
BINDING = {"binding_token": "a.b.c", "expires_at": "2099-01-01T00:00:00Z"}
JUNK: dict[str, bytes] = {
    "nothing": b"",
    "no HTTP": b"SSH-2.0-OpenSSH\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Type: appl",
    "half a body": answer(YES).replace(b"}}", b""),
    "no length and cut": b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"decision": true',
    "no JSON": answer(b"<html>yes</html>"),
    "HTML": answer(YES, kind="text/html"),
    "no object": answer([YES]),
    "a text": answer({**YES, "decision": "true"}),
    "a number": answer({**YES, "decision": 1}),
    "no decision": answer({"context": YES["context"]}),
    "twice": answer(b'{"decision": false, "decision": true, "context": {"evaluation_id": "%s"}}' % ID.encode()),
    "no id": answer({"decision": True}),
    "a strange id": answer({"decision": True, "context": {"evaluation_id": "../x"}}),
    "created": answer(YES, status="201 Created"),
    "two lengths": answer(YES, more="Content-Length: 9\r\n"),
    "zipped": answer(YES, more="Content-Encoding: gzip\r\n"),
    "deep": answer(b"[" * 100_000),
    "constants": answer(b'{"decision": NaN}'),
    "bad chunks": CHUNKED + b"zz\r\n0\r\n\r\n",
    "a vast chunk": CHUNKED + b"f" * 40 + b"\r\n{}\r\n0\r\n\r\n",
    "many heads": b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n{}",
    "redirect": answer(YES, status="307 Temporary Redirect", more="Location: https://elsewhere.test/\r\n"),
    "broken": answer(YES, status="500 Internal Server Error"),
    "busy": answer(b"busy", status="503 Service Unavailable", kind="text/plain", more="Retry-After: 7\r\n"),
    "our token": answer({**YES, "said": [{"a": TOKEN}]}),
    "a token in escapes": answer(json.dumps({**YES, "said": TOKEN}).replace("canary", "\\u0063anary").encode()),
    "huge": answer({**YES, "x": "y" * MAX_ANSWER}),
    "a strange binding": answer(
        {"decision": False, "context": {"access_request": {**BINDING, "binding_token": "a\nb"}}}
    ),
    "a strange task": answer({"decision": False, "context": {"access_request": BINDING}, "task": {"id": "../../api"}}),
}


@pytest.mark.parametrize("name", list(JUNK))
async def test_what_makes_no_sense_is_a_no(name: str) -> None:
    async with saying(JUNK[name]) as (url, got):
        for read in (_blocking, _awaited):
            with pytest.raises(Unavailable) as away:
                await read(url)
            said = "".join(everything(away.value))
            assert TOKEN not in said
            assert "yes</html>" not in said
            assert away.value.retry_after == (7 if name == "busy" else None)
        assert all(b"Authorization: Bearer " + TOKEN.encode() in each for each in got)


async def _blocking(url: str) -> object:
    return await blocking(Interlock(url, TOKEN, subject="agent etl", seconds=5).evaluate, PUSH)


async def _awaited(url: str) -> object:
    return await AsyncInterlock(url, TOKEN, subject="agent etl", seconds=5).evaluate(PUSH)


async def test_a_yes_for_another_approval_is_a_no() -> None:
    handle = Handle.of(PUSH, ID, "https://control.test/reviews/x", "")
    for approval in ({}, {"approval": {"id": ID.replace("c1", "c2")}}, {"approval": ID}):
        async with saying(answer({"decision": True, "context": {"evaluation_id": ID, **approval}})) as (url, _):
            with pytest.raises(Unavailable):
                await AsyncInterlock(url, TOKEN, subject="agent etl").redeem(handle, PUSH)


async def test_the_token_follows_no_redirect() -> None:
    async with saying(answer(YES)) as (elsewhere, got):
        leads = answer(YES, status="302 Found", more=f"Location: {elsewhere}/access/v1/evaluation\r\n")
        async with saying(leads) as (url, _):
            with pytest.raises(Unavailable) as away:
                await _blocking(url)
        assert (away.value.code, got) == ("redirected", [])


async def test_over_tls_the_gateway_must_be_who_it_says(tmp_path: Path) -> None:
    ours, other = Authority(), Authority("another")
    named, misnamed = (ours.leaf("gateway", addresses=[address]) for address in ("127.0.0.1", "127.0.0.2"))
    cases = ((named, ours, ""), (named, other, "away"), (misnamed, ours, "away"))
    for number, (leaf, trusted, code) in enumerate(cases):
        serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        serving.load_cert_chain(*leaf.write(tmp_path, f"leaf{number}"))
        trusting = ssl.create_default_context(cafile=str(trusted.write(tmp_path, f"ca{number}")))
        async with saying(answer(YES), serving) as (address, got):
            url = address.replace("http://", "https://")
            client = Interlock(url, TOKEN, subject="agent etl", tls=trusting)
            for face in ("blocking", "async"):
                other_face = AsyncInterlock(like=client)
                asking = blocking(client.evaluate, PUSH) if face == "blocking" else other_face.evaluate(PUSH)
                if not code:
                    assert isinstance(await asking, Permit)
                    continue
                with pytest.raises(Unavailable) as away:
                    await asking
                assert away.value.code == code
            assert len(got) == (0 if code else 2)  # no token is sent to a stranger


async def _drip(outgoing: asyncio.StreamWriter) -> None:
    outgoing.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    while True:
        outgoing.write(b"a: b\r\n")
        await outgoing.drain()
        await asyncio.sleep(0.05)


async def _flood(outgoing: asyncio.StreamWriter) -> None:
    outgoing.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        outgoing.write(b"x" * 65536)
        await outgoing.drain()


@pytest.mark.parametrize(("says", "code"), [(_drip, "too_slow"), (_flood, "too_large")])
async def test_slow_and_endless_answers_are_cut_off(says: Any, code: str) -> None:
    """Each byte comes in time, and the whole never: the bound is on the answer, not on a read."""
    async with saying(says) as (url, _):
        client, other = (kind(url, TOKEN, subject="agent etl", seconds=0.5) for kind in (Interlock, AsyncInterlock))
        assert isinstance(client, Interlock)
        assert isinstance(other, AsyncInterlock)
        with pytest.raises(Unavailable) as away:
            await blocking(client.evaluate, PUSH)
        assert away.value.code == code
        with pytest.raises(Unavailable) as away:
            await other.evaluate(PUSH)
        assert away.value.code == code


@pytest.mark.parametrize(
    "url",
    [
        "",
        "interlock.example.org",
        "ftp://interlock.example.org",
        "http://interlock.example.org",
        "http://127.0.0.1.example.org",
        "https://user:secret@interlock.example.org",
        "https://interlock.example.org/?a=b",
        "https://interlock.example.org/#a",
        "https://interlock.example.org/a b",
        "https://interlock.example.org\r\nX: y",
        "https://interlock.example.org:99999",
        "https://[::1",
        "https://",
    ],
)
def test_addresses_that_nothing_is_sent_to(url: str) -> None:
    with pytest.raises(Misconfigured):
        Interlock(url, TOKEN)


@pytest.mark.parametrize(
    ("url", "unsafe", "authority"),
    [
        ("https://interlock.example.org/", False, "interlock.example.org"),
        ("https://interlock.example.org:8443/gate", False, "interlock.example.org:8443"),
        ("http://localhost:8080", False, "localhost:8080"),
        ("http://[::1]:8080", False, "[::1]:8080"),
        ("http://interlock:8080", True, "interlock:8080"),
    ],
)
def test_addresses_that_are_taken(url: str, unsafe: bool, authority: str) -> None:
    place = place_of(url, unsafe)
    assert (place.authority, place.url) == (authority, url.rstrip("/"))


@pytest.mark.parametrize("token", ["", "with space", "with\nline", "\u00e4", "x" * 9000])
def test_tokens_that_are_none(token: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        Interlock("https://interlock.example.org", token)
    assert not token or token not in str(wrong.value)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLOCK_URL", "https://interlock.example.org")
    monkeypatch.setenv("INTERLOCK_TOKEN", TOKEN)
    assert Interlock().settings.bearer() == TOKEN
    monkeypatch.delenv("INTERLOCK_TOKEN")
    with pytest.raises(Misconfigured):
        Interlock()


@pytest.mark.parametrize("subject", ["", "etl", "agent ", "robot etl"])
def test_subjects_that_are_none(subject: str) -> None:
    with pytest.raises(Misconfigured):
        Interlock("https://interlock.example.org", TOKEN, subject=subject)


@pytest.mark.parametrize("kind", [Unavailable, NotAuthenticated, Misconfigured])
def test_errors_outlive_a_queue(kind: type[InterlockError]) -> None:
    error = pickle.loads(pickle.dumps(kind("A sentence.", "a_code", ID)))
    assert (type(error), str(error), error.code, error.review) == (kind, "A sentence. [a_code]", "a_code", ID)
